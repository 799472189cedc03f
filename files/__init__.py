"""The one safe reader of arrays, archives and JSON that come from elsewhere."""

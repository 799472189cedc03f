"""Regenerates each published table beside ours."""

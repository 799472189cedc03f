"""A network becomes an image: import, prune, share, encode."""

"""The page that tells what compression came to: one file that needs no other, for any browser."""

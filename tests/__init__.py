"""Tests of the Python: imports, errors, formats, command lines."""

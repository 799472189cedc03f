"""What is installed here, what will be used, and what is missing: read without running any of the work.

All but the command itself needs Python's own library alone, so that it can say that everything else is missing.
"""

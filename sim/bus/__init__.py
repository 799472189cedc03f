"""Benches of the bus front end, driven by masters that no one here wrote."""

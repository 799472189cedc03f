"""Yosys and nextpnr: measure, estimate, sweep, report."""

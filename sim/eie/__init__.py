"""Runs and benches of the EIE array on its emitted Verilog."""

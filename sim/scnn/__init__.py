"""Benches of the SCNN machine on its emitted Verilog."""

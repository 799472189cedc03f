"""Benches of the MAC machine, and matrices through its Verilog."""

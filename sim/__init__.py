"""Benches on the emitted Verilog, the simulator's launcher, and the command that runs an image."""

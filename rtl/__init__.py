"""The machines in Amaranth, their bus front ends, and the command that emits their Verilog."""

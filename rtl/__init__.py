"""The machines in Amaranth, their bus front ends, and the command that emits their Verilog."""

from cli.interrupt import leave_at_once

leave_at_once(__name__)

"""The bit-exact meaning of every machine in NumPy, and its cycle model; reads spec, never the hardware."""

from cli.interrupt import leave_at_once

leave_at_once(__name__)

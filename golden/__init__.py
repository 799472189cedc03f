"""The bit-exact meaning of every machine in NumPy, and its cycle model; reads spec, never the hardware."""

"""Dot products of block-scaled formats: one unit a format, D = the scaled sums of its blocks + C, every cycle."""

"""The MAC tile in exact integers: dot products and matrix products on raw bit patterns.

>>> import numpy as np
>>> from golden.mac import dot, to_bits, to_values
>>> a, b = to_bits("fp16", np.array([[1.0, 1.0]])), to_bits("fp16", np.array([[1.0, -(2.0**-24)]]))
>>> c = to_bits("fp32", np.array([-1 + 2.0**-24]))
>>> [hex(dot(arch, a, b, c, "fp16")[0]) for arch in ("volta", "ampere", "exact")]
['0x34000000', '0x0', '0x0']
"""
from golden.mac.convert import to_bits, to_values
from golden.mac.image import Image, Run, load, run
from golden.mac.lfsr import words
from golden.mac.product import dot, matmul, padding, sparse_dot

__all__ = ["Image", "Run", "dot", "load", "matmul", "padding", "run", "sparse_dot", "to_bits", "to_values", "words"]

"""Blocks of patterns as the 64-bit words of a stream, and back."""

import numpy as np


def bits_of(patterns, bits: int) -> np.ndarray:
    """Return an array of (N, ...) patterns as (N, all bits), each pattern's least significant bit first."""
    patterns = np.ascontiguousarray(patterns, "<u8" if bits > 32 else "<u4").reshape(len(patterns), -1)
    spread = np.unpackbits(patterns[:, :, None].view(np.uint8), axis=2, count=bits, bitorder="little")
    return spread.reshape(len(patterns), -1)


def words(blocks, bits: int) -> np.ndarray:
    """Return blocks of patterns as 64-bit words, those of a block in whole words."""
    return np.packbits(bits_of(blocks, bits), axis=1, bitorder="little").reshape(-1).view("<u8").astype(np.uint64)

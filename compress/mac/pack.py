"""Blocks of patterns as the 64-bit words of a stream, and back."""

import numpy as np


def bits_of(patterns, bits: int) -> np.ndarray:
    """Return an array of (N, ...) patterns as (N, all bits), each pattern's least significant bit first."""
    patterns = np.ascontiguousarray(patterns, "<u8" if bits > 32 else "<u4").reshape(len(patterns), -1)
    spread = np.unpackbits(patterns[:, :, None].view(np.uint8), axis=2, count=bits, bitorder="little")
    return spread.reshape(len(patterns), -1)


def words(blocks, bits: int, more=None, more_bits: int = 0) -> np.ndarray:
    """Return blocks of patterns as 64-bit words, those of a block in whole words; ``more`` are patterns after each block's."""
    spread = bits_of(blocks, bits)
    if more is not None:
        spread = np.concatenate((spread, bits_of(more, more_bits)), axis=1)
    spread = np.pad(spread, ((0, 0), (0, -spread.shape[1] % 64)))
    return np.packbits(spread, axis=1, bitorder="little").reshape(-1).view("<u8").astype(np.uint64)

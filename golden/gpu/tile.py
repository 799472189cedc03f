"""Tiles of raw patterns through one instruction, and what golden says they are."""
from typing import Protocol

import numpy as np

from golden.gpu import structured
from golden.gpu.instruction import COLUMNS, Instruction
from golden.mac import bits, sparse
from golden.mac.cases import dots, unsigned
from golden.mac.emulated import dot as emulated
from golden.mac.product import dot
from golden.mac.recording import EMULATING, WARP
from spec.mac import MacSpec
from spec.mac.number import FORMATS


class Runner(Protocol):
    """What is needed of a device; `golden.gpu.device.Device` is one."""

    arch: str

    def takes(self, instruction: Instruction) -> bool: ...

    def run(self, instruction: Instruction, a, b, c, e=None) -> np.ndarray: ...


def pack(fmt: str, patterns) -> np.ndarray:
    """Pack patterns along the last axis into 32-bit words, lowest index in the lowest bits; single bits are words already."""
    if fmt == "b1":
        return np.asarray(patterns, np.uint32)
    patterns = np.ascontiguousarray(patterns, unsigned(FORMATS[fmt]))
    if FORMATS[fmt].bits == 4:
        patterns = np.ascontiguousarray(patterns[..., ::2] | patterns[..., 1::2] << 4)
    return patterns.view("<u4").astype(np.uint32)


def run(device: Runner, instruction: Instruction, a, b, c, codes=None) -> np.ndarray:
    """Return patterns of D = A*B + C for tiles a (T, rows, K), b (T, 8, K), c (T, rows, 8).

    A of a sparse instruction is (T, rows, K / 2), and ``codes`` (T, rows, chunks) its metadata.
    """
    acc = unsigned(FORMATS[instruction.acc])
    left, right, start = pack(instruction.fmt, a), pack(instruction.fmt, b), pack(instruction.acc, c)
    words = device.run(instruction, left, right, start, *([] if codes is None else [structured.lanes(instruction, codes)]))
    return words.astype("<u4").view(acc).reshape(c.shape)


def golden(instruction: Instruction, arch: str, a, b, c, codes=None) -> np.ndarray:
    """Return the golden model's D of the same tiles on a GPU of generation ``arch``."""
    left = np.repeat(a, COLUMNS, axis=1).reshape(-1, a.shape[-1])
    right = np.tile(b, (1, a.shape[1], 1)).reshape(-1, b.shape[-1])
    if codes is not None:
        met = sparse.index(instruction.fmt, np.repeat(codes, COLUMNS, axis=1).reshape(-1, codes.shape[-1]))
        right = np.take_along_axis(right, met, axis=1)
    return rows(instruction, arch, left, right, c.reshape(-1)).reshape(c.shape)


def rows(instruction: Instruction, arch: str, a, b, c) -> np.ndarray:
    """Return the golden model's results of dot products a, b (N, K), c (N,) through the instruction.

    Of a sparse instruction a are the kept elements, and b those that they meet.
    """
    fmt, acc = instruction.fmt, instruction.acc
    if instruction.join:
        return bits.dot(instruction.join, a, b, c)
    if fmt in ("e4m3", "e5m2") and instruction.family in WARP and arch in EMULATING:
        return emulated(a, b, c, fmt, acc)
    if instruction.satfinite:
        build = MacSpec(arch=arch, formats=(fmt,), acc=acc, k=32, overflow="saturate")
        return dot(build, a, b, c, fmt)
    return dot(arch, a, b, c, fmt, acc)


def draw(instruction: Instruction, tiles: int, rng: np.random.Generator):
    """Draw tiles whose diagonal (row i, column i mod 8) holds the dot products of `golden.mac.cases.dots`."""
    fmt, acc, count, terms = instruction.fmt, instruction.acc, instruction.rows, instruction.terms
    if instruction.join:
        return tuple(rng.integers(0, 1 << 32, (tiles, *size), dtype=np.uint32)
                     for size in ((count, instruction.words), (COLUMNS, instruction.words), (count, COLUMNS)))
    a, b, c = dots(fmt, acc, tiles * count, terms, rng)
    column = b.reshape(tiles, count, terms)[:, :COLUMNS]
    return a.reshape(tiles, count, terms), column, np.repeat(c.reshape(tiles, count, 1), COLUMNS, axis=2)


def in_corner(instruction: Instruction, a, b, c):
    """Put single dot products a, b (N, K or fewer), c (N,) at row 0, column 0 of a tile each, zeros elsewhere."""
    count, terms = a.shape
    wide = np.zeros((count, instruction.rows, instruction.terms), a.dtype)
    tall = np.zeros((count, COLUMNS, instruction.terms), b.dtype)
    start = np.zeros((count, instruction.rows, COLUMNS), c.dtype)
    wide[:, 0, :terms], tall[:, 0, :terms], start[:, 0, 0] = a, b, c
    return wide, tall, start

"""Tiles of raw patterns through one instruction, and what golden says they are."""
from typing import Protocol

import numpy as np

from golden.gpu.instruction import COLUMNS, Instruction
from golden.mac.cases import dots, unsigned
from golden.mac.emulated import dot as emulated
from golden.mac.product import dot
from golden.mac.recording import EMULATING
from spec.mac import MacSpec
from spec.mac.number import FORMATS


class Runner(Protocol):
    """What is needed of a device; `golden.gpu.device.Device` is one."""

    arch: str

    def takes(self, instruction: Instruction) -> bool: ...

    def run(self, instruction: Instruction, a, b, c) -> np.ndarray: ...


def pack(fmt: str, bits) -> np.ndarray:
    """Pack patterns along the last axis into 32-bit words, lowest index in the lowest bits."""
    bits = np.ascontiguousarray(bits, unsigned(FORMATS[fmt]))
    if FORMATS[fmt].bits == 4:
        bits = np.ascontiguousarray(bits[..., ::2] | bits[..., 1::2] << 4)
    return bits.view("<u4").astype(np.uint32)


def run(device: Runner, instruction: Instruction, a, b, c) -> np.ndarray:
    """Return patterns of D = A*B + C for tiles a (T, rows, K), b (T, 8, K), c (T, rows, 8)."""
    acc = unsigned(FORMATS[instruction.acc])
    left, right, start = pack(instruction.fmt, a), pack(instruction.fmt, b), pack(instruction.acc, c)
    words = device.run(instruction, left, right, start)
    return words.astype("<u4").view(acc).reshape(c.shape)


def golden(instruction: Instruction, arch: str, a, b, c) -> np.ndarray:
    """Return the golden model's D of the same tiles on a GPU of generation ``arch``."""
    left = np.repeat(a, COLUMNS, axis=1).reshape(-1, a.shape[-1])
    right = np.tile(b, (1, a.shape[1], 1)).reshape(-1, a.shape[-1])
    return rows(instruction, arch, left, right, c.reshape(-1)).reshape(c.shape)


def rows(instruction: Instruction, arch: str, a, b, c) -> np.ndarray:
    """Return the golden model's results of dot products a, b (N, K), c (N,) through the instruction."""
    fmt, acc = instruction.fmt, instruction.acc
    if fmt in ("e4m3", "e5m2") and instruction.family == "mma.sync" and arch in EMULATING:
        return emulated(a, b, c, fmt, acc)
    if instruction.satfinite:
        build = MacSpec(arch=arch, formats=(fmt,), acc=acc, k=32, overflow="saturate")
        return dot(build, a, b, c, fmt)
    return dot(arch, a, b, c, fmt, acc)


def draw(instruction: Instruction, tiles: int, rng: np.random.Generator):
    """Draw tiles whose diagonal (row i, column i mod 8) holds the dot products of `golden.mac.cases.dots`."""
    fmt, acc, count, terms = instruction.fmt, instruction.acc, instruction.rows, instruction.terms
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

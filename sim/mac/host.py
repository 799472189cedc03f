"""A matrix product as what a host does with the machine: packets, register writes, runs, read-outs."""
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from golden.mac import padding
from sim.mac.pack import bits_of
from spec.mac import SIDE, MacSpec
from spec.mac.lns import LNS_ZERO
from spec.mac.register import PACKETS, ROWS, SLOTS


@dataclass(frozen=True, kw_only=True)
class Load:
    """A packet: its type, address and words."""

    type: int
    address: int
    words: list[int]


@dataclass(frozen=True, kw_only=True)
class Run:
    """A run, as the registers ``run``, ``a`` and ``b`` say it."""

    format: int
    accumulate: bool
    blocks: int
    steps: int
    a_stride: int


@dataclass(frozen=True, kw_only=True)
class Read:
    """A read-out of slots 0 to ``blocks`` - 1; ``at`` is where each slot's blocks of D belong."""

    blocks: int
    at: tuple[tuple[int, int], ...]


def words(blocks, bits: int) -> list[int]:
    """Return blocks of patterns as words of 64 bits."""
    return np.packbits(bits_of(blocks, bits), axis=1, bitorder="little").reshape(-1).view("<u8").tolist()


class Product:
    """D = A*B + C on one build: padded operands, the host's actions, and D from what comes back.

    Blocks of D go in groups of up to `SLOTS` block rows that share B; a stochastic build takes its blocks one
    at a time, in the order that its random numbers follow.

    Parameters
    ----------
    spec : MacSpec
    a, b, c : arrays of patterns, shapes (M, K), (K, N), (M, N)
        ``c`` may be None: zeros.
    fmt : str
    """

    def __init__(self, spec: MacSpec, a, b, c, fmt: str):
        self.spec, self.fmt, self.shape = spec, fmt, (len(a), b.shape[1])
        self.terms, self.columns = spec.terms(fmt), SIDE * spec.tiles
        rows, length, columns = self.padded = padding(spec, len(a), a.shape[1], b.shape[1], fmt)
        zero = LNS_ZERO if fmt == "lns" else 0
        self.a = _pad(a, rows, length, zero)
        self.b = _pad(b, length, columns, zero)
        self.c = None if c is None else _pad(c, rows, columns, zero)
        self.d = np.zeros((rows, columns), np.uint32)
        self.steps = length // self.terms

    @property
    def operations(self) -> int:
        """Operations of each tile."""
        return self.padded[0] // SIDE * (self.padded[2] // self.columns) * self.steps

    def actions(self) -> Iterator[Load | Run | Read]:
        """Yield what the host does, in order."""
        high, wide = self.padded[0] // SIDE, self.padded[2] // self.columns
        most = 1 if self.spec.stochastic else SLOTS
        groups = [range(first, min(first + most, high)) for first in range(0, high, most)]
        order = [(g, j) for g in groups for j in range(wide)] if self.spec.stochastic else \
            [(g, j) for j in range(wide) for g in groups]
        for group, column in order:
            yield from self._group(group, column)

    def _group(self, group, column: int):
        """Compute one block column of all tiles for a group of block rows."""
        width = ROWS // len(group)                              # steps that the A buffer holds
        if self.c is not None:
            yield Load(type=PACKETS["c"], address=0, words=self._c_blocks(self.c, group, column))
        for first in range(0, self.steps, width):
            steps = range(first, min(first + width, self.steps))
            yield Load(type=PACKETS["a"], address=0, words=self._a_blocks(group, steps))
            yield Load(type=PACKETS["b"], address=0, words=self._b_blocks(column, steps))
            yield Run(format=self.spec.code(self.fmt), accumulate=first > 0 or self.c is not None,
                      blocks=len(group), steps=len(steps), a_stride=len(steps))
        yield Read(blocks=len(group), at=tuple((row, column) for row in group))

    def take(self, at: tuple[tuple[int, int], ...], received: list[int]) -> None:
        """Put the words of a read-out into D."""
        kind = {16: "<u2", 32: "<u4"}[self.spec.acc_bits]
        blocks = np.array(received, "<u8").view(kind).reshape(len(at), self.spec.tiles, SIDE, SIDE)
        for (row, column), tiles in zip(at, blocks, strict=True):
            self.d[SIDE * row:SIDE * (row + 1), self.columns * column:self.columns * (column + 1)] = \
                tiles.swapaxes(0, 1).reshape(SIDE, -1)

    def result(self):
        """Return D without its padding."""
        return self.d[:self.shape[0], :self.shape[1]]

    def _a_blocks(self, group, steps) -> list[int]:
        blocks = np.zeros((len(group) * len(steps), SIDE, self.spec.k), np.uint32)
        part = self.a[SIDE * group.start:SIDE * group.stop, self.terms * steps.start:self.terms * steps.stop]
        blocks[:, :, :self.terms] = part.reshape(len(group), SIDE, len(steps), self.terms).swapaxes(1, 2).reshape(
            -1, SIDE, self.terms)
        return words(blocks, self.spec.operand_bits)

    def _b_blocks(self, column, steps) -> list[int]:
        tiles = self.spec.tiles
        blocks = np.zeros((len(steps), tiles, self.spec.k, SIDE), np.uint32)
        part = self.b[self.terms * steps.start:self.terms * steps.stop,
                      self.columns * column:self.columns * (column + 1)]
        blocks[:, :, :self.terms] = part.reshape(len(steps), self.terms, tiles, SIDE).swapaxes(1, 2)
        return words(blocks.reshape(-1, self.spec.k, SIDE), self.spec.operand_bits)

    def _c_blocks(self, c, group, column) -> list[int]:
        part = c[SIDE * group.start:SIDE * group.stop, self.columns * column:self.columns * (column + 1)]
        blocks = part.reshape(len(group), SIDE, self.spec.tiles, SIDE).swapaxes(1, 2)
        return words(blocks.reshape(-1, SIDE, SIDE), self.spec.acc_bits)


def _pad(x, rows: int, columns: int, zero: int):
    x = np.asarray(x).astype(np.uint32)
    return np.pad(x, ((0, rows - x.shape[0]), (0, columns - x.shape[1])), constant_values=zero)

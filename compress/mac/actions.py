"""What a host does with a MAC machine: D = A*B + C as packets, register writes, runs and read-outs."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from compress.actions import Actions, ReadRegister, ReadRegisters, Receive, Send, Wait, WriteRegister, named
from compress.mac.image import Image
from compress.mac.pack import words
from golden.mac import padding, to_bits, to_values
from spec.framing import header
from spec.mac import COUNTERS, PACKETS, ROWS, SIDE, SLOTS, MacSpec, acc_words
from spec.mac.lns import LNS_ZERO

FLOOR, OPERATION = 100_000, 1_000
"""Cycles, and cycles per operation, that no sound machine needs."""

COMMAND = ("done", "refused")


@dataclass(frozen=True, kw_only=True, eq=False)
class Result:
    """What a product gave: D (M, N) as patterns, what the hardware counters rose by, flags."""

    outputs: np.ndarray
    counters: dict[str, int]
    flags: dict[str, int]


def inputs(image: Image, values: Any) -> tuple[np.ndarray, int]:
    """Return the matrix A, or the matrices, as patterns of shape (products, M, K); no value saturates.

    Numbers are rounded to the operand format, nearest even. One vector is a matrix of one row.
    """
    given = np.atleast_2d(np.asarray(values))
    given = given[None] if given.ndim == 2 else given
    if given.ndim != 3 or given.shape[2] != len(image.b) or not given.size:
        raise ValueError(f"inputs must be a matrix of {len(image.b)} columns, as many as b has rows, "
                         f"not an array of shape {np.shape(values)}")
    return to_bits(image.fmt, given, frac=image.spec.lns_frac), 0


def outputs(image: Image, result: Result) -> np.ndarray:
    """Return the real values that a result stands for."""
    return to_values(image.spec.acc_of(image.fmt), result.outputs, frac=image.spec.lns_frac)


def load_actions(image: Image) -> Actions:
    """Do nothing: the machine holds no whole B, which goes in piece by piece with each product."""
    yield WriteRegister("flags", dict.fromkeys(("short", "long", "unknown", "range"), 1))


def run_actions(image: Image, a: np.ndarray) -> Actions:
    """Multiply a matrix of patterns by the image's B, and add its C; return a `Result`."""
    c = image.c
    if c is not None and len(c) not in (1, len(a)):
        raise ValueError(f"inputs must have {len(c)} rows as c has, not {len(a)}")
    wide = None if c is None else np.broadcast_to(c, (len(a), c.shape[1]))
    return (yield from multiply(image.spec, a, image.b, wide, image.fmt))


def multiply(spec: MacSpec, a: np.ndarray, b: np.ndarray, c: np.ndarray | None, fmt: str) -> Actions:
    """Compute D = A*B + C on matrices of patterns, C None for zeros; return a `Result`."""
    return (yield from Product(spec, a, b, c, fmt).actions())


def actions(image: Image, matrices: Iterable[np.ndarray]) -> Actions:
    """Load an image and multiply each matrix by it; return a list of `Result`."""
    yield from load_actions(image)
    found = []
    for a in matrices:
        found.append((yield from run_actions(image, a)))
    return found


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

    def actions(self) -> Actions:
        """Do the whole product; return a `Result`, whose counters are what this product added."""
        before = yield ReadRegisters(tuple(COUNTERS))
        high, wide = self.padded[0] // SIDE, self.padded[2] // self.columns
        most = 1 if self.spec.stochastic else SLOTS
        groups = [range(first, min(first + most, high)) for first in range(0, high, most)]
        order = [(g, j) for g in groups for j in range(wide)] if self.spec.stochastic else \
            [(g, j) for j in range(wide) for g in groups]
        for group, column in order:
            yield from self._group(group, column)
        after, flags = (yield ReadRegisters(tuple(COUNTERS))), (yield ReadRegister("flags"))
        counters = {name: after[name]["value"] - before[name]["value"] for name in COUNTERS}
        return Result(outputs=self.result(), counters=counters, flags=flags)

    def _group(self, group, column: int) -> Actions:
        """Compute one block column of all tiles for a group of block rows."""
        width = ROWS // len(group)                              # steps that the A buffer holds
        if self.c is not None:
            yield self._load("c", self._c_blocks(self.c, group, column))
        for first in range(0, self.steps, width):
            steps = range(first, min(first + width, self.steps))
            yield self._load("a", self._a_blocks(group, steps))
            yield self._load("b", self._b_blocks(column, steps))
            yield WriteRegister("run", {
                "format": self.spec.code(self.fmt), "accumulate": int(first > 0 or self.c is not None),
                "blocks": len(group), "steps": len(steps)})
            yield WriteRegister("a", {"stride": len(steps)})
            yield WriteRegister("b")
            yield from command("start", FLOOR + OPERATION * len(group) * len(steps))
        yield from self._read(group, column)

    def _load(self, kind: str, payload: np.ndarray) -> Send:
        return Send(packet(kind, 0, payload))

    def _read(self, group, column: int) -> Actions:
        """Read the accumulators of a group of block rows, and put them into D."""
        count = len(group) * self.spec.tiles * acc_words(self.spec)
        yield WriteRegister("run", {"blocks": len(group), "steps": 1})
        yield WriteRegister("flags", dict.fromkeys(COMMAND, 1))
        yield WriteRegister("control", {"read": 1})
        received = yield Receive(count)
        accepted((yield Wait("done", limit=FLOOR + OPERATION * count, what="the read-out")), "read-out")
        if len(received) != count:
            raise RuntimeError(f"the machine must send {count} words of D, not {len(received)}")
        kind = {16: "<u2", 32: "<u4"}[self.spec.acc_bits]
        blocks = np.array(received, "<u8").view(kind).reshape(len(group), self.spec.tiles, SIDE, SIDE)
        for row, tiles in zip(group, blocks, strict=True):
            self.d[SIDE * row:SIDE * (row + 1), self.columns * column:self.columns * (column + 1)] = \
                tiles.swapaxes(0, 1).reshape(SIDE, -1)

    def result(self):
        """Return D without its padding."""
        return self.d[:self.shape[0], :self.shape[1]]

    def _a_blocks(self, group, steps) -> np.ndarray:
        blocks = np.zeros((len(group) * len(steps), SIDE, self.spec.k), np.uint32)
        part = self.a[SIDE * group.start:SIDE * group.stop, self.terms * steps.start:self.terms * steps.stop]
        blocks[:, :, :self.terms] = part.reshape(len(group), SIDE, len(steps), self.terms).swapaxes(1, 2).reshape(
            -1, SIDE, self.terms)
        return words(blocks, self.spec.operand_bits)

    def _b_blocks(self, column, steps) -> np.ndarray:
        tiles = self.spec.tiles
        blocks = np.zeros((len(steps), tiles, self.spec.k, SIDE), np.uint32)
        part = self.b[self.terms * steps.start:self.terms * steps.stop,
                      self.columns * column:self.columns * (column + 1)]
        blocks[:, :, :self.terms] = part.reshape(len(steps), self.terms, tiles, SIDE).swapaxes(1, 2)
        return words(blocks.reshape(-1, self.spec.k, SIDE), self.spec.operand_bits)

    def _c_blocks(self, c, group, column) -> np.ndarray:
        part = c[SIDE * group.start:SIDE * group.stop, self.columns * column:self.columns * (column + 1)]
        blocks = part.reshape(len(group), SIDE, self.spec.tiles, SIDE).swapaxes(1, 2)
        return words(blocks.reshape(-1, SIDE, SIDE), self.spec.acc_bits)


def packet(kind: str, address: int, payload: np.ndarray) -> np.ndarray:
    """Return a payload with its header word ahead."""
    return np.concatenate((np.array([header(PACKETS[kind], len(payload), address)], np.uint64), payload))


def command(name: str, limit: int) -> Actions:
    """Give a command and wait for its end, at most ``limit`` cycles."""
    yield WriteRegister("flags", dict.fromkeys(COMMAND, 1))
    yield WriteRegister("control", {name: 1})
    accepted((yield Wait("done", limit=limit, what=f"the {name}")), name)


def accepted(flags: dict[str, int], what: str) -> None:
    """Raise a ``RuntimeError`` unless a command ended and nothing else went wrong."""
    if odd := {name: value for name, value in flags.items() if value and name != "done"}:
        raise RuntimeError(f"flags of the machine must be done alone after a {what}, not {named(odd)}; reset the machine")


def _pad(x, rows: int, columns: int, zero: int):
    x = np.asarray(x).astype(np.uint32)
    return np.pad(x, ((0, rows - x.shape[0]), (0, columns - x.shape[1])), constant_values=zero)

"""What a host does with a MAC machine: D = A*B + C as packets of operands, runs among them, and packets of D back."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from compress.actions import Actions, ReadRegister, ReadRegisters, Receive, Send, Wait, WriteRegister, named
from compress.mac.image import Image
from compress.mac.order import Run, runs
from compress.mac.pack import words
from golden.mac import padding, sparse, to_bits, to_values
from spec.framing import header
from spec.mac import COUNTERS, PACKETS, SIDE, MacSpec, acc_words
from spec.mac import command as run_word
from spec.mac.lns import LNS_ZERO
from spec.mac.sparse import CHUNK_BITS

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

    `compress.mac.order` says which runs there are. A and, ahead of the run that needs it, B go into the stream in turn, so that
    the tiles work while B is loaded. D of a run is received when all of A of the next run is sent, which the buffer holds while
    that waits for D to be gone: a transport that sends and receives in turn never waits for itself.

    Parameters
    ----------
    spec : MacSpec
    a, b, c : arrays of patterns, shapes (M, K), (K, N), (M, N)
        ``c`` may be None: zeros.
    fmt : str
    """

    def __init__(self, spec: MacSpec, a, b, c, fmt: str):
        self.spec, self.fmt, self.shape = spec, fmt, (len(a), b.shape[1])
        self.terms, self.length, self.columns = spec.terms(fmt), spec.length(fmt), SIDE * spec.tiles
        rows, length, columns = self.padded = padding(spec, len(a), a.shape[1], b.shape[1], fmt)
        zero = LNS_ZERO if fmt == "lns" else 0
        self.a, self.codes = _pad(a, rows, length, zero), None
        if spec.sparse:
            self.a, self.codes = sparse.compress(fmt, self.a)
        self.b = _pad(b, length, columns, zero)
        self.c = None if c is None else _pad(c, rows, columns, zero)
        self.d = np.zeros((rows, columns), np.uint32)
        self.steps = length // self.length
        self.runs = list(runs(spec, rows // SIDE, columns // self.columns, self.steps))

    @property
    def operations(self) -> int:
        """Operations of each tile."""
        return self.padded[0] // SIDE * (self.padded[2] // self.columns) * self.steps

    def actions(self) -> Actions:
        """Do the whole product; return a `Result`, whose counters are what this product added."""
        before = yield ReadRegisters(tuple(COUNTERS))
        yield WriteRegister("flags", dict.fromkeys(COMMAND, 1))
        outstanding: Run | None = None
        ahead = self._rows_of_b(0)
        for number, run in enumerate(self.runs):
            if run.load:
                yield from ahead                                # what of its B has not been sent yet
                ahead = self._rows_of_b(number + 1)
            yield from self._begin(run)
            final = number == len(self.runs) - 1
            units = run.units()
            for place, steps in enumerate(units):
                if final and place == len(units) - 1:           # before its last words the machine cannot have done all
                    yield from self._collect(outstanding)
                    yield WriteRegister("flags", dict.fromkeys(COMMAND, 1))
                yield self._send("a", self._a_blocks(run.rows, steps), run.blocks * len(steps))
                if place >= run.lag and run.release:
                    yield from islice(ahead, 1)
            if not final:
                yield from self._collect(outstanding)
            outstanding = run if run.last else None
        yield from self._collect(outstanding)                   # a run has not ended before D is sent
        accepted((yield Wait("done", limit=FLOOR + OPERATION * self.operations, what="the last run")), "run")
        after, flags = (yield ReadRegisters(tuple(COUNTERS))), (yield ReadRegister("flags"))
        counters = {name: after[name]["value"] - before[name]["value"] for name in COUNTERS}
        return Result(outputs=self.result(), counters=counters, flags=flags)

    def _begin(self, run: Run) -> Actions:
        """Send a run's C, where it has one, and its command."""
        adds = self.c is not None or not run.first
        if self.c is not None and run.first:
            yield self._send("c", self._c_blocks(self.c, run), run.blocks)
        word = run_word(format=self.spec.code(self.fmt), accumulate=int(adds), read=int(run.last), release=int(run.release),
                        blocks=run.blocks, columns=len(run.columns), steps=len(run.steps))
        yield self._send("run", np.array([word], np.uint64), 0)

    def _rows_of_b(self, number: int) -> Iterator[Send]:
        """Yield the packets of B of the next run from ``number`` on that loads any; no run has more than the buffer holds.

        When a packet of A is used up, at least as many rows are free as the next packet of B has.
        """
        for run in self.runs[number:]:
            if run.load:
                for steps in run.units():
                    yield self._send("b", self._b_blocks(run.columns, steps), run.blocks * len(steps))
                return

    def _send(self, kind: str, payload: np.ndarray, operations: int) -> Send:
        """Return a packet; the machine takes it when it has done operations that went before."""
        return Send(packet(kind, 0, payload), limit=FLOOR + OPERATION * operations)

    def _collect(self, run: Run | None) -> Actions:
        """Receive D of a run, if there is any, and put it into D."""
        if run is None:
            return
        count = run.blocks * self.spec.tiles * acc_words(self.spec)
        received = yield Receive(count, limit=FLOOR + OPERATION * run.blocks * len(run.steps))
        if len(received) != count:
            raise RuntimeError(f"the machine must send {count} words of D, not {len(received)}")
        kind = {16: "<u2", 32: "<u4"}[self.spec.acc_bits]
        blocks = np.array(received, "<u8").view(kind).reshape(
            len(run.rows), len(run.columns), self.spec.tiles, SIDE, SIDE)
        self.d[self._at(run)] = blocks.transpose(0, 3, 1, 2, 4).reshape(SIDE * len(run.rows), -1)

    def _at(self, run: Run) -> tuple[slice, slice]:
        """Return where in C and D a run's outputs are."""
        return (slice(SIDE * run.rows.start, SIDE * run.rows.stop),
                slice(self.columns * run.columns.start, self.columns * run.columns.stop))

    def result(self):
        """Return D without its padding."""
        return self.d[:self.shape[0], :self.shape[1]]

    def _a_blocks(self, rows, steps) -> np.ndarray:
        """Return blocks of A by steps, then by rows."""
        blocks = np.zeros((len(steps) * len(rows), SIDE, self.spec.k), np.uint32)
        part = self.a[SIDE * rows.start:SIDE * rows.stop, self.terms * steps.start:self.terms * steps.stop]
        blocks[:, :, :self.terms] = part.reshape(len(rows), SIDE, len(steps), self.terms).transpose(2, 0, 1, 3).reshape(
            -1, SIDE, self.terms)
        if self.codes is None:
            return words(blocks, self.spec.operand_bits)
        chunks = self.codes.shape[1] // self.steps
        codes = np.zeros((len(blocks), SIDE, self.spec.meta_bits // CHUNK_BITS), np.uint32)
        codes[:, :, :chunks] = self.codes[SIDE * rows.start:SIDE * rows.stop, chunks * steps.start:chunks * steps.stop].reshape(
            len(rows), SIDE, len(steps), chunks).transpose(2, 0, 1, 3).reshape(-1, SIDE, chunks)
        return words(blocks, self.spec.operand_bits, codes, CHUNK_BITS)

    def _b_blocks(self, columns, steps) -> np.ndarray:
        """Return blocks of B by steps, then by columns, then by tiles."""
        tiles = self.spec.tiles
        blocks = np.zeros((len(steps), len(columns), tiles, self.spec.depth, SIDE), np.uint32)
        part = self.b[self.length * steps.start:self.length * steps.stop,
                      self.columns * columns.start:self.columns * columns.stop]
        blocks[:, :, :, :self.length] = part.reshape(
            len(steps), self.length, len(columns), tiles, SIDE).transpose(0, 2, 3, 1, 4)
        return words(blocks.reshape(-1, self.spec.depth, SIDE), self.spec.operand_bits)

    def _c_blocks(self, c, run: Run) -> np.ndarray:
        """Return blocks of C by rows, then by columns, then by tiles."""
        part = c[self._at(run)].reshape(len(run.rows), SIDE, len(run.columns), self.spec.tiles, SIDE)
        return words(part.transpose(0, 2, 3, 1, 4).reshape(-1, SIDE, SIDE), self.spec.acc_bits)


def packet(kind: str, address: int, payload: np.ndarray) -> np.ndarray:
    """Return a payload with its header word ahead."""
    return np.concatenate((np.array([header(PACKETS[kind], len(payload), address)], np.uint64), payload))


def accepted(flags: dict[str, int], what: str) -> None:
    """Raise a ``RuntimeError`` unless a command ended and nothing else went wrong."""
    if odd := {name: value for name, value in flags.items() if value and name != "done"}:
        raise RuntimeError(f"flags of the machine must be done alone after a {what}, not {named(odd)}; reset the machine")


def _pad(x, rows: int, columns: int, zero: int):
    x = np.asarray(x).astype(np.uint32)
    return np.pad(x, ((0, rows - x.shape[0]), (0, columns - x.shape[1])), constant_values=zero)

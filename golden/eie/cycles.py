"""The cycle model: how long a layer takes in the array and what for, as docs/eie/pipeline.md says."""

from dataclasses import dataclass, fields

import numpy as np

from golden.eie.element import DROPPED, Elements, Queues
from golden.eie.layer import Layer
from golden.eie.words import Words
from spec.eie import EieSpec, ceil_log2

LOOKUP = 10
"""Cycles from a broadcast's arrival to its first codebook look-up, by which it may go out ahead of the last CODE."""


@dataclass(frozen=True, kw_only=True)
class Counters:
    """What the array counts in a layer; docs/eie/pipeline.md defines each. Layers may be added up."""

    cycles: int = 0
    broadcasts: int = 0
    useful_macs: int = 0
    padding: int = 0
    empty: int = 0
    stall_queue: int = 0
    stall_scan: int = 0
    stall_barrier: int = 0
    preload: int = 0
    drain: int = 0
    writeback: int = 0

    def __add__(self, other: "Counters") -> "Counters":
        return Counters(**{f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(self)})


def detection_levels(pes: int) -> int:
    """Return K, the levels of the detection tree above its leaves, each of which serves four children."""
    return max(0, (ceil_log2(pes) - 1) // 2)


def layer(spec: EieSpec, layer: Layer, live: np.ndarray, *, codebook_loaded: bool) -> Counters:
    """Return the counters of one layer, from start to last output written.

    Parameters
    ----------
    spec : EieSpec
    layer : Layer
        Encoded for ``spec.pes``; its codebook, bias and rows matter only in whether there is a bias.
    live : numpy.ndarray
        Columns whose activation is not zero, in ascending physical order.
    codebook_loaded : bool
        Whether the PEs hold the layer's codebook already.
    """
    live = np.asarray(live, np.int64)
    return _Control(spec, layer, Words(spec, layer, live)).run(live, codebook_loaded)


class _Control:
    """The central control unit and what it sees of the rest; cycle 0 is t0."""

    def __init__(self, spec: EieSpec, layer: Layer, words: Words):
        self.spec, self.layer, self.words = spec, layer, words
        self.elements, self.queues = Elements(spec), Queues(spec, words.length)
        self.idle = self.stall_queue = self.stall_scan = self.stall_barrier = 0

    def run(self, live: np.ndarray, codebook_loaded: bool) -> Counters:
        spec, layer, delay = self.spec, self.layer, self.spec.broadcast_latency
        biases = 0 if layer.bias is None else layer.out_slots
        preload = biases + (0 if codebook_loaded else 1 << spec.codebook_bits)
        early = 0 if biases else min(preload, LOOKUP)
        cycle = max(1 + preload - early, delay + 4 + 3 * detection_levels(spec.pes))
        rows = spec.batch_slots or layer.in_slots
        columns, row = iter(self.words), live // spec.pes
        for first in range(0, layer.in_slots, rows):
            past = min(first + rows, layer.in_slots)
            batch = slice(*np.searchsorted(row, [first, past]))
            last = self._consume(cycle, live[batch], range(first, past), columns)
            drained = max(last + 1, self.idle + delay, preload if past == layer.in_slots else 0)
            if past < layer.in_slots:
                self.stall_barrier += drained - last
                cycle = drained + 1
        writeback = layer.out_slots + delay + 8
        return Counters(
            cycles=drained + writeback + 1, broadcasts=len(live), useful_macs=self.words.useful_macs,
            padding=self.words.padding, empty=self.words.empty, stall_queue=self.stall_queue,
            stall_scan=self.stall_scan, stall_barrier=self.stall_barrier, preload=preload,
            drain=drained - last, writeback=writeback)

    def _consume(self, cycle: int, live: np.ndarray, rows: range, columns) -> int:
        """Consume the tokens of some rows from ``cycle`` on; return the last's cycle, and note ``idle``."""
        spec, delay = self.spec, self.spec.broadcast_latency
        row, pe = live // spec.pes, live % spec.pes
        vacant = np.maximum(np.diff(row, prepend=rows.start - 1) - 1, 0)    # empty rows before a non-zero's
        ends = np.append(row[1:] != row[:-1], True)[:len(row)]
        gaps = (ends & (pe != spec.pes - 1)).astype(int) if spec.scan_gap else np.zeros(len(row), int)
        last = cycle - 1
        for before, gap in zip(vacant.tolist(), gaps.tolist(), strict=True):
            cycle += before
            last = self.queues.free(cycle)
            length, takes = next(columns)
            take = self.elements.take(last + delay, length, takes)
            self.queues.record(last, take, length)
            self.stall_queue += last - cycle
            self.stall_scan += before + gap
            cycle = last + 1 + gap
        if len(row):        # a column leaves the pointer read if it is dropped there, else S4
            dropped = last + delay + DROPPED if (length == 0).any() else 0
            self.idle = max(dropped, int(self.elements.done.max()) + 1)
        after = rows.stop - 1 - int(row[-1]) if len(row) else len(rows)
        self.stall_scan += after
        return cycle + after - 1 if after else last

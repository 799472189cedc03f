"""The cycle model against a clock that steps through docs/eie/pipeline.md, and against hand counts."""
from collections import deque
from dataclasses import asdict

import numpy as np
import pytest

from golden.eie import cycles
from spec.eie import EieSpec
from tests.golden_eie import encode


class ClockedPe:
    """One PE, a cycle at a time: every name is the page's."""

    def __init__(self, spec, fragments):
        self.spec, self.fragments = spec, fragments
        self.level, self.peak, self.queue, self.changes = 0, 0, deque(), deque()
        self.f = self.s1 = self.s2 = self.s3 = None
        self.busy = self.padding = self.empty = 0

    def idle(self):
        return self.level == 0 and not (self.f or self.s1 or self.s2 or self.s3)

    def arrive(self, now, column):
        entries, words = self.fragments[column], []
        size, skip = self.spec.word_entries, self.spec.skip_padding
        for at, real in entries:
            if not words or at // size != words[-1]["at"]:
                words.append({"at": at // size, "mask": [], "empty": False})
            if real or not skip:
                words[-1]["mask"].append(real)
        self.changes.append((now + 1, 1, None))
        if not entries:
            self.empty += 1
            if self.spec.skip_empty:
                self.changes.append((now + 5, -1, None))
                return
            words = [{"at": 0, "mask": [], "empty": True}]
        self.changes.append((now + 4, 0, deque(words)))

    def cycle(self, now):
        for change in [c for c in self.changes if c[0] == now]:
            self.changes.remove(change)
            self.level += change[1]
            if change[2]:
                self.queue.append(change[2])
        self.peak = max(self.peak, self.level)

    def edge(self, now):
        """Everything that happens in cycle ``now``, seen in the next one."""
        nothing_held = not (self.f or self.s1 or self.s2 or self.s3)
        if self.s3:
            if self.s3["mask"]:
                real = self.s3["mask"].pop(0)
                self.busy, self.padding = self.busy + real, self.padding + (not real)
            if not self.s3["mask"]:
                self.s3 = None
        if self.s2 and not self.s2["mask"] and not self.s2["empty"]:    # padding alone
            waited, self.s2["waited"] = self.s2.get("waited"), True
            if waited or not self.s3:
                self.s2 = None
        elif self.s2 and not self.s3:
            self.s3, self.s2 = self.s2, None
        if self.s1 and not self.s2:
            self.s2, self.s1 = self.s1, None
        if self.f and not self.s1:
            self.s1 = self.f.popleft()
        free = not self.f if self.spec.overlap_columns else nothing_held
        if free and self.queue:
            self.f = self.queue.popleft()
            self.changes.append((now + 2, -1, None))


def clock(spec, layer, live, codebook_loaded):
    """Counters of a layer by stepping through its cycles."""
    codes, bases = np.asarray(layer.entries) & (1 << spec.codebook_bits) - 1, layer.bases()
    pes = [ClockedPe(spec, {int(j): [(at, bool(codes[base + at])) for at in range(*pointers[j:j + 2])]
                            for j in live}) for base, pointers in zip(bases, layer.pointers, strict=False)]
    tokens = []                                             # (column or None, last of its row, row)
    for row in range(layer.in_slots):
        mine = [int(j) for j in live if j // spec.pes == row] or [None]
        tokens += [(j, j == mine[-1], row) for j in mine]
    delay, levels = spec.broadcast_latency, sum(spec.pes > size for size in (4, 16, 64))
    preload = (not codebook_loaded) * 2**spec.codebook_bits + (layer.bias is not None) * layer.out_slots
    count = dict.fromkeys(asdict(cycles.Counters()), 0) | {"preload": preload, "broadcasts": len(live)}
    stops, idles, flying = [False] * (delay + 1), [True] * (delay + 1), []
    gap = barrier = False
    sent, consumed = None, -1
    begin = max(1 + preload, delay + 4 + levels)
    now = 0
    while True:
        for pe in pes:
            pe.cycle(now)
        stops.append(any(pe.level >= spec.queue_depth - 2 * delay for pe in pes))
        idles.append(all(pe.idle() for pe in pes))
        stop, idle = stops[-1 - delay], idles[-1 - delay]
        if now >= begin:
            drained = idle and now > consumed and (sent is None or now >= sent + 2 * delay + 1)
            count["stall_scan"] += gap
            if barrier or not tokens:
                count["stall_barrier"] += barrier
                count["drain"] += not barrier
                if drained and not tokens:
                    break
                barrier = barrier and not drained
                gap = False
            elif gap:
                gap = False
            elif tokens[0][0] is not None and stop:
                count["stall_queue"] += 1
            else:
                column, last, row = tokens.pop(0)
                consumed = now
                if column is None:
                    count["stall_scan"] += 1
                else:
                    flying.append((now + delay, column))
                    sent = now
                    gap = spec.scan_gap and last and column % spec.pes != spec.pes - 1
                barrier = bool(spec.batch_slots and last and tokens and (row + 1) % spec.batch_slots == 0)
        for arrival in [x for x in flying if x[0] == now]:
            flying.remove(arrival)
            for pe in pes:
                pe.arrive(now, arrival[1])
        for pe in pes:
            pe.edge(now)
        now += 1
    assert max(pe.peak for pe in pes) <= spec.queue_depth
    count |= {name: sum(getattr(pe, name) for pe in pes) for name in ("busy", "padding", "empty")}
    count["writeback"] = layer.out_slots + delay + 8
    return cycles.Counters(**count | {"cycles": now + count["writeback"] + 1})


def machines(rng):
    """Random machines, each corner of every choice often."""
    latency = int(rng.choice([0, 1, 2, 5]))
    choices = {"pes": [1, 2, 3, 4, 5, 16, 17, 70], "index_bits": [1, 2, 4, 8], "codebook_bits": [1, 4, 8],
               "word_bits": [32, 64, 512], "batch_slots": [0, 0, 1, 3]}
    flags = ("skip_empty", "skip_padding", "overlap_columns", "scan_gap")
    return EieSpec(entries=65536, slots=1024, broadcast_latency=latency,
                   queue_depth=2 * latency + int(rng.choice([1, 2, 3, 8, 40])),
                   **{name: int(rng.choice(values)) for name, values in choices.items()},
                   **{name: bool(rng.integers(2)) for name in flags})


def case(rng):
    """A random layer on a random machine: spec, layer, live columns."""
    spec = machines(rng)
    out_slots, columns = int(rng.integers(1, 40)), int(rng.integers(1, 80))
    density, share = rng.choice([0.02, 0.2, 0.9]), rng.choice([0.1, 0.5, 1.0])
    matrix = [np.flatnonzero(rng.random(out_slots * spec.pes) < density * rng.choice([0, 1, 1]))
              for _ in range(columns)]
    return spec, encode(spec, matrix, out_slots, bias=bool(rng.integers(2))), \
        np.flatnonzero(rng.random(columns) < share)


@pytest.mark.parametrize("seed", range(60))
def test_every_counter_is_the_clocks(seed):
    rng = np.random.default_rng(seed)
    (spec, layer, live), loaded = case(rng), bool(rng.integers(2))
    count = cycles.layer(spec, layer, live, codebook_loaded=loaded)
    assert count == clock(spec, layer, live, loaded), str(spec)

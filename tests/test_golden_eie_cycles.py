"""The cycle model against a clock that steps through docs/eie/pipeline.md, and against hand counts."""
from collections import deque
from dataclasses import asdict, replace

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
        self.f = self.s1 = self.s2 = self.s3 = self.s4 = None
        self.useful_macs = self.padding = self.empty = 0

    def idle(self):
        return self.level == 0 and not (self.f or self.s1 or self.s2 or self.s3 or self.s4)

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
        nothing_held = not (self.f or self.s1 or self.s2 or self.s3 or self.s4)
        if self.s4:
            if self.s4["mask"]:
                real = self.s4["mask"].pop(0)
                self.useful_macs, self.padding = self.useful_macs + real, self.padding + (not real)
            if not self.s4["mask"]:
                self.s4 = None
        if self.s3 and not self.s4:
            self.s4, self.s3 = self.s3, None
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
    begin = max(1, 1 + preload - (10 if layer.bias is None else 0), delay + 4 + 3 * levels)
    now = 0
    while True:
        for pe in pes:
            pe.cycle(now)
        stops.append(any(pe.level >= spec.queue_depth - 2 * delay for pe in pes))
        idles.append(all(pe.idle() for pe in pes))
        stop, idle = stops[-1 - delay], idles[-1 - delay]
        if now >= begin:
            drained = idle and now > consumed and (barrier or now >= preload) and (sent is None or now >= sent + 2 * delay + 1)
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
    count |= {name: sum(getattr(pe, name) for pe in pes) for name in ("useful_macs", "padding", "empty")}
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


ONE = EieSpec(pes=1, broadcast_latency=0, queue_depth=8, slots=64, columns=64, entries=1024)


@pytest.mark.parametrize(("changes", "columns", "loaded", "expected"), [
    # one entry: token at 4, F takes it at 8, S4 has it at 13, drain seen at 14, output written at 23
    ({}, [{0}], True, {"cycles": 24, "broadcasts": 1, "useful_macs": 1, "drain": 10, "writeback": 9}),
    # the codebook's 16 commands end at 16; the token may overtake 10 of them, and is consumed at 7
    ({}, [{0}], False, {"cycles": 27, "broadcasts": 1, "useful_macs": 1, "preload": 16, "drain": 10, "writeback": 9}),
    # nothing live: one empty token at 4, or 7 and the drain not seen before the last command
    ({}, [None], True, {"cycles": 15, "stall_scan": 1, "drain": 1, "writeback": 9}),
    ({}, [None], False, {"cycles": 26, "stall_scan": 1, "preload": 16, "drain": 9, "writeback": 9}),
    # an empty column is counted out 5 cycles after it came at 4, or takes S4 at 13
    ({}, [set()], True, {"cycles": 19, "broadcasts": 1, "empty": 1, "drain": 5, "writeback": 9}),
    ({"skip_empty": False}, [set()], True, {"cycles": 24, "broadcasts": 1, "empty": 1, "drain": 10, "writeback": 9}),
    # S4 at 13 to 15 and 16 to 18 without a bubble; or the second fragment taken at 16, in S4 at 21 to 23
    ({}, [{0, 1, 2}] * 2, True, {"cycles": 31, "broadcasts": 2, "useful_macs": 6, "drain": 14, "writeback": 11}),
    ({"overlap_columns": False}, [{0, 1, 2}] * 2, True,
     {"cycles": 36, "broadcasts": 2, "useful_macs": 6, "drain": 19, "writeback": 11}),
    # slot 20 needs a padding entry, which costs S4 a cycle or none
    ({}, [{20}], True, {"cycles": 44, "broadcasts": 1, "useful_macs": 1, "drain": 10, "writeback": 29}),
    ({"skip_padding": False}, [{20}], True,
     {"cycles": 45, "broadcasts": 1, "useful_macs": 1, "padding": 1, "drain": 11, "writeback": 29}),
    # a queue of one: the column of cycle 4 is taken at 8 and counted out at 10, when the next may go
    ({"queue_depth": 1}, [{0}] * 2, True,
     {"cycles": 30, "broadcasts": 2, "useful_macs": 2, "stall_queue": 5, "drain": 10, "writeback": 9}),
    # two registers out and back, two tree levels of three: token at 12, arrives at 14, S4 at 23, idle seen at 26
    ({"pes": 64, "broadcast_latency": 2}, [{0}], True,
     {"cycles": 38, "broadcasts": 1, "useful_macs": 1, "empty": 63, "drain": 14, "writeback": 11}),
    # PE 0 of row 0 at 4, a gap at 5, PE 1 of row 1 at 6 and no gap
    ({"pes": 2, "scan_gap": True}, [{0}, None, None, {0}], True,
     {"cycles": 26, "broadcasts": 2, "useful_macs": 2, "empty": 2, "stall_scan": 1, "drain": 10, "writeback": 9}),
    # rows of one activation with a barrier: tokens at 4 and 15, drains seen at 14 and 25
    ({"batch_slots": 1}, [{0}] * 2, True,
     {"cycles": 35, "broadcasts": 2, "useful_macs": 2, "stall_barrier": 10, "drain": 10, "writeback": 9}),
])
def test_tiny_layers_take_the_cycles_counted_by_hand(changes, columns, loaded, expected):
    spec = replace(ONE, **changes)
    out_slots = 1 + max((row for rows in columns for row in rows or ()), default=0) // spec.pes
    layer = encode(spec, [rows or set() for rows in columns], out_slots)
    live = np.array([column for column, rows in enumerate(columns) if rows is not None], int)
    count = asdict(cycles.layer(spec, layer, live, codebook_loaded=loaded))
    assert {name: value for name, value in count.items() if value} == expected


@pytest.mark.parametrize(("slots", "drain"), [
    ({0, 15}, 12),              # S4 at 13 and 15: S3 had the words before and after at 12 and 14
    ({0, 1, 16}, 12),           # 13, 14 and 15: the word between left S2 at 12, while the first was in S3
    ({0, 1, 2, 17}, 13),        # 13 to 15 and 16
])
def test_a_word_of_padding_alone_costs_a_cycle_only_behind_a_single_entry(slots, drain):
    spec = replace(ONE, word_bits=32, index_bits=1, codebook_bits=4)        # 4 entries per word; a padding entry is 2 rows
    layer = encode(spec, [slots], max(slots) + 1)
    assert [entry & 15 for entry in layer.entries] == [1] * (len(slots) - 1) + [0] * 7 + [1]
    assert cycles.layer(spec, layer, np.array([0]), codebook_loaded=True).drain == drain


@pytest.mark.parametrize("seed", range(20))
def test_no_cycle_is_lost_in_the_accounts(seed):
    rng = np.random.default_rng(seed)
    spec, layer, live = case(rng)
    count, rows = cycles.layer(spec, layer, live, codebook_loaded=True), layer.in_slots
    assert count.useful_macs == sum(int((layer.entries[base + p[j]:base + p[j + 1]] & 2**spec.codebook_bits - 1 != 0).sum())
                             for base, p in zip(layer.bases()[:-1], layer.pointers, strict=True) for j in live)
    assert count.broadcasts == len(live) and count.cycles * spec.pes >= count.useful_macs
    start = max(count.preload + 1, spec.broadcast_latency + 4 + 3 * cycles.detection_levels(spec.pes))
    spent = count.broadcasts + count.stall_queue + count.stall_scan + count.stall_barrier + count.drain + count.writeback
    hidden = spec.scan_gap * -(-rows // (spec.batch_slots or rows))         # a gap may pass within a barrier or the drain
    assert 0 <= start + spent - count.cycles <= hidden


@pytest.mark.parametrize(("pes", "levels"), [(1, 0), (4, 0), (5, 1), (16, 1), (17, 2), (64, 2), (65, 3), (256, 3)])
def test_the_tree_has_four_children_a_node(pes, levels):
    assert cycles.detection_levels(pes) == levels


def test_counters_of_layers_add_up():
    total = sum([cycles.Counters(cycles=2, useful_macs=3), cycles.Counters(cycles=5, empty=1)], cycles.Counters())
    assert total == cycles.Counters(cycles=7, useful_macs=3, empty=1)

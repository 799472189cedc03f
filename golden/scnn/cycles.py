"""How long the SCNN array takes: the times of ``docs/scnn/pipeline.md``, block by block.

The loop takes one pair of a layer per step, for all PEs together, and each PE has its own time: a block is ready when its last
word has arrived, a pair takes W x A cycles, buffers give their slots back. The crossbars of `golden.scnn.crossbar` say
how many cycles a pair is stopped.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from golden.scnn.crossbar import Crossbars
from golden.scnn.drains import Drains, completion
from golden.scnn.port import Lane, Port
from golden.scnn.program import Program
from golden.scnn.supplies import Supplies
from spec.scnn import SLOT_COUNTERS, ScnnSpec
from spec.scnn.shape import LANE, MAX_SLOTS

FIRST_TAKE = 6              # cycles from the start of a layer to a lane's first take


@dataclass(kw_only=True, eq=False)
class Load:
    """What the time of one layer depends on.

    Parameters
    ----------
    programs : tuple of Program
        One for each PE.
    weights, live_weights : numpy.ndarray
        (passes, pairs, sets): entries of each weight block, and those not placeholders.
    acts, live_acts : numpy.ndarray
        (passes or 1, pairs, parts, pes): entries of each part of an activation block, and those not placeholders.
    """

    programs: tuple[Program, ...]
    weights: np.ndarray
    live_weights: np.ndarray
    acts: np.ndarray
    live_acts: np.ndarray


@dataclass(kw_only=True)
class Counters:
    """Hardware counters of one layer, from its start to the next one's, or to the end of the run."""

    cycles: int = 0
    slots: dict[str, int] = field(default_factory=lambda: dict.fromkeys(SLOT_COUNTERS, 0))
    entries: int = 0
    port_wait: int = 0


Intervals = list[tuple[int, int]]
"""First cycle and the one after the last, in order and apart."""


class Timeline:
    """An array in time; layers are added one after another.

    Parameters
    ----------
    spec : ScnnSpec
    limited : bool
        Whether weights come through the port of the specification; without it they are always at the lanes.
    turns : numpy.ndarray, optional
        For each transfer of the port the lane that it is for, -1 for none. Without it each lane has a port of its own.
    """

    def __init__(self, spec: ScnnSpec, *, limited: bool = True, turns: np.ndarray | None = None) -> None:
        self.spec = spec
        self.drains = Drains(spec)
        self.start = 0
        self.counters: list[Counters] = []
        shared = None if turns is None else turns.tolist()
        ports = [Port(spec, start=0, lanes=shared) if limited else None
                 for _ in range(1 if shared is not None else spec.weight_lanes)]
        self._lanes = [Lane(spec, port=ports[number % len(ports)], start=0) for number in range(spec.weight_lanes)]
        self._counted = np.zeros(spec.pes, np.int64)        # first cycle of each PE that is in no counter yet
        self._waits = 0

    def layer(self, load: Load, crossbar: Crossbars | None = None) -> None:
        """Run one more layer; without crossbars no queue ever stops the issue."""
        spec, head = self.spec, load.programs[0].supply
        own = Counters()
        self.counters.append(own)
        begin = self.start + spec.broadcast_latency
        self._rest(begin)
        sets = np.array([program.supply["set"] for program in load.programs])
        places = [np.flatnonzero(sets == place) for place in range(load.programs[0].lane["sets"])]
        supplies = Supplies(spec, load.programs, begin, self.drains, len(self.drains.drained))
        slots = min(MAX_SLOTS, spec.weight_words >> head["weight_slot_log2"])
        released: list[np.ndarray] = []
        self._begin(load, places, released, slots)
        idle: list[Intervals] = [[] for _ in range(spec.pes)]
        end = np.full(spec.pes, begin - 1, np.int64)
        for number in range(head["passes"]):
            acts = load.acts[min(number, len(load.acts) - 1)]
            live_acts = load.live_acts[min(number, len(load.acts) - 1)]
            free = self.drains.drained[-2] + 1 if len(self.drains.drained) > 1 else np.zeros(spec.pes, np.int64)
            for pair in range(head["pairs"]):
                counts = load.weights[number, pair]
                weights = self._weights(len(places))
                ready = supplies.pair(number, pair, acts[pair], released)
                w = -(-counts[sets] // spec.f)
                a = (-(-acts[pair] // spec.i)).sum(axis=0)
                first = np.maximum(np.maximum(end + 1, weights[sets]), ready)
                if not pair:
                    self._held(own, np.maximum(first, free), first)
                    first = np.maximum(first, free)
                rest = np.maximum(end + 1, weights[sets])
                own.slots["weight_wait"] += int((rest - end - 1).sum()) * spec.products
                for pe in np.flatnonzero(ready > rest).tolist():
                    idle[pe].append((int(rest[pe]), int(ready[pe])))
                issues = np.maximum(1, w * a)
                stops = crossbar.pair(number, pair, first) if crossbar else np.zeros(spec.pes, np.int64)
                own.slots["crossbar"] += int(stops.sum()) * spec.products
                self._issued(own, w, a, counts[sets], load.live_weights[number, pair][sets], acts[pair], live_acts[pair])
                end = first + issues + stops - 1
                released.append(end)
            self.drains.append(load.programs, crossbar.complete(end) if crossbar else end + completion(spec))
        self._waited(own, idle, supplies.gates, "redistribution" if head["gather"] else "act_wait")
        own.entries = int(load.weights.sum())
        self._counted = end + 1
        last, self.start = self.start, int(np.maximum(end, supplies.over).max()) + 3 + spec.broadcast_latency
        own.cycles = self.start - last
        waits = sum(lane.wait for lane in self._lanes)
        own.port_wait, self._waits = waits - self._waits, waits

    def finish(self) -> list[Counters]:
        """Wait for the last drains and return the counters of all layers; their cycles add up to those of the run."""
        last = self.counters[-1]
        end = int(self.drains.drained[-1].max()) + 2 + self.spec.broadcast_latency
        last.cycles += end + 1 - self.start
        self.start = end + 1
        self._rest(end + 1)
        return self.counters

    def _rest(self, until: int) -> None:
        """Count cycles in which a PE has no pair left, up to ``until - 1``."""
        owner = self.counters[-2] if len(self.counters) > 1 and until != self.start else self.counters[-1]
        for pe in range(self.spec.pes):
            for cause, cycles in self.drains.causes(pe, int(self._counted[pe]), until).items():
                owner.slots[cause] += cycles * self.spec.products
        self._counted[:] = until

    def _begin(self, load: Load, places: list[np.ndarray], released: list[np.ndarray], slots: int) -> None:
        """Tell the lanes what they take in a layer; ``released`` gets the cycles in which PEs release its pairs."""
        head, first = load.programs[0].lane, self.start + FIRST_TAKE
        latency, many = self.spec.broadcast_latency, len(self._lanes)

        def credit(lane: int):
            def first_of(pair: int, place: int) -> int:
                if pair < slots:
                    return first
                if pair - slots >= len(released):
                    raise ValueError("weights must come in an order in which no lane waits for what another gets later; "
                                     "build the image again")
                return int(released[pair - slots][places[lane + place * many]].max()) + latency + 2
            return first_of

        for number, lane in enumerate(self._lanes):
            lane.layer(load.weights[:, :, number::many], kc=head["kc"] if head["bias"] else 0, first=first,
                       credit=credit(number))

    def _weights(self, sets: int) -> np.ndarray:
        """Return the cycle from which the next block of each set is ready."""
        late = LANE + self.spec.broadcast_latency + 1
        return np.array([self._lanes[number % len(self._lanes)].block() + late for number in range(sets)])

    def _held(self, own: Counters, first: np.ndarray, could: np.ndarray) -> None:
        """Count the cycles in which everything but the accumulator buffer was there."""
        for pe in np.flatnonzero(first > could).tolist():
            for cause, cycles in self.drains.causes(pe, int(could[pe]), int(first[pe]), "drain").items():
                own.slots[cause] += cycles * self.spec.products

    def _waited(self, own: Counters, waits: list[Intervals], gates: list[Intervals], cause: str) -> None:
        """Count the cycles in which activations were not ready: those of a gate have the drain's cause."""
        for pe, (mine, shut) in enumerate(zip(waits, gates, strict=True)):
            own.slots[cause] += sum(end - first for first, end in mine) * self.spec.products
            for first, end in _overlap(mine, shut):
                own.slots[cause] -= (end - first) * self.spec.products
                for other, cycles in self.drains.causes(pe, first, end, "drain").items():
                    own.slots[other] += cycles * self.spec.products

    def _issued(self, own: Counters, w, a, entries, live, acts, live_acts) -> None:
        """Count the slots of a pair's issue cycles."""
        f, i, given = self.spec.f, self.spec.i, acts.sum(axis=0)
        work = (w > 0) & (a > 0)
        products = live * live_acts.sum(axis=0)
        slots = own.slots
        slots["products"] += int(products.sum())
        slots["placeholder"] += int((entries * given - products).sum())
        slots["act_tail"] += int(((a * i - given) * w * f)[work].sum()) + int((a == 0).sum()) * f * i
        slots["weight_tail"] += int((given * (w * f - entries))[work].sum()) + int(((a > 0) & (w == 0)).sum()) * f * i


def _overlap(left: Intervals, right: Intervals) -> Intervals:
    """Return what two lists of intervals, each in order and apart, have in common."""
    found, at = [], 0
    for first, end in left:
        while at < len(right) and right[at][1] <= first:
            at += 1
        here = at
        while here < len(right) and right[here][0] < end:
            found.append((max(first, right[here][0]), min(end, right[here][1])))
            here += 1
    return found


def run(spec: ScnnSpec, loads: Sequence[Load], *, limited: bool = True, turns: np.ndarray | None = None) -> list[Counters]:
    """Return the counters of layers that run one after another, without stops by the crossbar.

    ``limited`` and ``turns`` are those of `Timeline`.
    """
    timeline = Timeline(spec, limited=limited, turns=turns)
    for load in loads:
        timeline.layer(load)
    return timeline.finish()

"""The queues and the arbiter of each PE, cycle by cycle: how long a full queue stops the issue, and when a pass is complete."""

import copy
from collections import deque
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from golden.scnn.drains import COMPLETE
from spec.scnn import ScnnSpec, locate, parity
from spec.scnn.shape import HEAD, PUSH, RESERVE

Vector = Sequence[tuple[int, int]]
"""The live products of an issue cycle: multiplier and bank."""


class Queues:
    """The two queues of each multiplier of one PE.

    Parameters
    ----------
    spec : ScnnSpec
    taken : callable, optional
        Takes a cycle and returns the banks that the side port takes in it.
    """

    def __init__(self, spec: ScnnSpec, taken: Callable[[int], Sequence[int]] | None = None) -> None:
        self._spec, self.taken = spec, taken
        self._limit = spec.queue_depth - spec.stop_margin
        self._level = [0] * (2 * spec.products)
        self._queues: list[deque[tuple[int, int]]] = [deque() for _ in self._level]     # bank, cycle of the push
        self._head = [0] * len(self._level)             # cycle from which each queue's head may be chosen
        self._reserve: deque[tuple[int, Vector]] = deque()
        self._push: deque[tuple[int, Vector]] = deque()
        self._held = 0
        self._over = False
        self.now = 0

    def pair(self, first: int, vectors: Sequence[Vector]) -> int:
        """Issue the vectors of a pair from cycle ``first`` on; return for how many cycles the issue was stopped."""
        self._idle(first)
        stops = 0
        for vector in vectors:
            while self._over:
                self._cycle(None)
                stops += 1
            self._cycle(vector)
        return stops

    def empty(self, after: int) -> int:
        """Return the first cycle from ``after`` on in which no queue has a head, if nothing more is issued."""
        ahead = copy.copy(self)
        ahead._level, ahead._head = self._level.copy(), self._head.copy()
        ahead._queues = [queue.copy() for queue in self._queues]
        ahead._reserve, ahead._push = self._reserve.copy(), self._push.copy()
        while ahead.now < after or ahead._held or ahead._push:
            ahead._cycle(None)
        return ahead.now

    def _idle(self, until: int) -> None:
        while self.now < until and (self._held or self._push):
            self._cycle(None)
        if self.now < until:
            self.now, self._over = until, False

    def _cycle(self, vector: Vector | None) -> None:
        now, level = self.now, self._level
        if vector:
            self._reserve.append((now + RESERVE, vector))
            self._push.append((now + PUSH, vector))
        over = max(level) > self._limit
        self._arbitrate(now)
        if self._reserve and self._reserve[0][0] == now:
            for multiplier, bank in self._reserve.popleft()[1]:
                level[2 * multiplier + parity(bank)] += 1
        if self._push and self._push[0][0] == now:
            for multiplier, bank in self._push.popleft()[1]:
                queue = 2 * multiplier + parity(bank)
                if not self._queues[queue]:
                    self._head[queue] = now + HEAD
                self._queues[queue].append((bank, now))
                self._held += 1
        self._over, self.now = over, now + 1

    def _arbitrate(self, now: int) -> None:
        if not self._held:
            return
        chosen: dict[int, tuple[int, int]] = {}
        busy = self.taken(now) if self.taken else ()
        products = self._spec.products
        for queue, own in enumerate(self._queues):
            if own and self._head[queue] <= now:
                bank = own[0][0]
                rank = (queue // 2 - bank // 2) % products
                if bank not in busy and (bank not in chosen or rank < chosen[bank][0]):
                    chosen[bank] = rank, queue
        for _, queue in chosen.values():
            self._queues[queue].popleft()
            self._level[queue] -= 1
            self._held -= 1
            if self._queues[queue]:
                self._head[queue] = max(self._queues[queue][0][1] + HEAD, now + 1)


class Crossbars:
    """The crossbars of an array in one layer, for `golden.scnn.cycles.Timeline.layer`.

    Parameters
    ----------
    spec : ScnnSpec
    offsets : mapping
        For pass, pair and PE the offsets of weight lanes and of activation lanes, vector by vector, -1 where not live.
    queues : list of Queues
        One a PE; they outlive the layer.
    """

    def __init__(self, spec: ScnnSpec, offsets: Mapping[tuple[int, int, int], tuple[np.ndarray, np.ndarray]],
                 queues: list[Queues]) -> None:
        self._spec, self._offsets, self._queues = spec, offsets, queues
        self._bank = [locate(spec, address)[0] for address in range(spec.accumulators)]

    def pair(self, number: int, pair: int, first: np.ndarray) -> np.ndarray:
        """Return for how many cycles each PE is stopped in a pair that it begins in ``first``."""
        return np.array([queues.pair(int(first[pe]), self._vectors(number, pair, pe))
                         for pe, queues in enumerate(self._queues)])

    def complete(self, end: np.ndarray) -> np.ndarray:
        """Return when each PE, whose last issue was in ``end``, has completed the pass."""
        return np.array([queues.empty(int(end[pe]) + COMPLETE) for pe, queues in enumerate(self._queues)])

    def _vectors(self, number: int, pair: int, pe: int) -> list[Vector]:
        weights, acts = self._offsets[number, pair, pe]
        if not len(weights) or not len(acts):
            return [()]
        total, i = self._spec.accumulators, self._spec.i
        return [[(f * i + lane, self._bank[(wo + ao) % total]) for f, wo in enumerate(vector) if wo >= 0
                 for lane, ao in enumerate(given) if ao >= 0] for given in acts.tolist() for vector in weights.tolist()]


def lanes(offsets: np.ndarray, live: np.ndarray, width: int) -> np.ndarray:
    """Return offsets as vectors of ``width`` lanes, -1 where a lane is not live."""
    count = -(-len(offsets) // width)
    padded = np.full(count * width, -1, np.int64)
    padded[:len(offsets)] = np.where(live, offsets, -1)
    return padded.reshape(count, width)

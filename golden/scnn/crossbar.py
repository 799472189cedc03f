"""The queues and the arbiter of each PE, cycle by cycle: how long a full queue stops the issue, and when a pass is complete."""

import copy
from collections import deque
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from golden.scnn.drains import COMPLETE
from spec.scnn import ScnnSpec, locate, parity
from spec.scnn.shape import HEAD, LINE, LINE_DEPTH, LINE_MARGIN, LINE_SEEN, LINES, PUSH, RESERVE

Vector = Sequence[tuple[int, int]]
"""The live products of an issue cycle: multiplier and bank."""


class Lines:
    """The queues between the two stages of a PE's crossbar: of each four multipliers, parity and line of banks.

    A product that leaves its multiplier's queue stays here until its bank takes it.
    """

    def __init__(self, spec: ScnnSpec) -> None:
        self._fours, self._of_a_line = spec.products // LINES, spec.banks // 2 // LINES
        count = 2 * self._fours * LINES
        self._queues: list[deque[tuple[int, int]]] = [deque() for _ in range(count)]      # bank, cycle of the push
        self._head = [0] * count
        self._level, self._full = [0] * count, [False] * count
        self._coming: list[int] = []            # what was chosen for lines in the cycle before, and what left them
        self._left: list[int] = []

    def __copy__(self) -> "Lines":
        other = object.__new__(Lines)
        other.__dict__ |= {name: value.copy() if isinstance(value, list) else value for name, value in vars(self).items()}
        other._queues = [queue.copy() for queue in self._queues]
        return other

    def take(self, now: int, heads: Sequence[tuple[int, int]], busy: Sequence[int]) -> tuple[list[int], int]:
        """Return the queues of multipliers whose head goes to a line in cycle ``now``, and how many products banks take.

        ``heads`` are queues (2 x multiplier + parity) and the banks of their heads; ``busy`` are banks that take none.
        """
        first: dict[int, tuple[int, int, int]] = {}
        for queue, bank in heads:
            multiplier, (top, low) = queue // 2, divmod(bank // 2, self._of_a_line)
            line = top ^ low % LINES
            to = (multiplier // LINES * 2 + parity(bank)) * LINES + line
            rank = (multiplier - line) % LINES
            if not self._full[to] and (to not in first or rank < first[to][0]):
                first[to] = rank, queue, bank
        second: dict[int, tuple[int, int]] = {}
        for queue, own in enumerate(self._queues):
            if own and self._head[queue] <= now:
                bank = own[0][0]
                rank = (queue // (2 * LINES) - bank // 2 % self._of_a_line) % self._fours
                if bank not in busy and (bank not in second or rank < second[bank][0]):
                    second[bank] = rank, queue
        self._full = [level > LINE_DEPTH - LINE_MARGIN for level in self._level]
        for queue in self._left:
            self._level[queue] -= 1
        for to in self._coming:
            self._level[to] += 1
        self._left, self._coming = [queue for _, queue in second.values()], list(first)
        for queue in self._left:
            own = self._queues[queue]
            own.popleft()
            if own:
                self._head[queue] = max(own[0][1] + HEAD, now + 1)
        for to, (_, _, bank) in first.items():
            if not self._queues[to]:
                self._head[to] = now + LINE + HEAD
            self._queues[to].append((bank, now + LINE))
        return [queue for _, queue, _ in first.values()], len(second)


class Queues:
    """The two queues of each multiplier of one PE, and with two stages the lines after them.

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
        self._lines = Lines(spec) if spec.crossbar_stages == 2 else None
        self._held = self._seen = 0             # products, and the cycle in which all that left a line is seen to be gone
        self._over = [False] * spec.crossbar_stages     # whether issues of the next cycles are stopped
        self.now = 0

    def pair(self, first: int, vectors: Sequence[Vector]) -> int:
        """Issue the vectors of a pair from cycle ``first`` on; return for how many cycles the issue was stopped."""
        self._idle(first)
        stops = 0
        for vector in vectors:
            while self._over[0]:
                self._cycle(None)
                stops += 1
            self._cycle(vector)
        return stops

    def empty(self, after: int) -> int:
        """Return the first cycle from ``after`` on in which no queue has a head, if nothing more is issued."""
        ahead = copy.copy(self)
        ahead._level, ahead._head = self._level.copy(), self._head.copy()
        ahead._queues = [queue.copy() for queue in self._queues]
        ahead._reserve, ahead._push, ahead._lines = self._reserve.copy(), self._push.copy(), copy.copy(self._lines)
        while ahead.now < after or ahead._held or ahead._push:
            ahead._cycle(None)
        return max(ahead.now, ahead._seen)

    def _idle(self, until: int) -> None:
        while self.now < until and (self._held or self._push):
            self._cycle(None)
        if self.now < until:
            self.now, self._over = until, [False] * len(self._over)

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
        self._over, self.now = [*self._over[1:], over], now + 1

    def _arbitrate(self, now: int) -> None:
        if not self._held:
            return
        heads = [(queue, own[0][0]) for queue, own in enumerate(self._queues) if own and self._head[queue] <= now]
        busy = self.taken(now) if self.taken else ()
        popped, served = self._lines.take(now, heads, busy) if self._lines else self._choose(heads, busy)
        self._held -= served
        if self._lines and served:
            self._seen = now + 1 + LINE_SEEN
        for queue in popped:
            self._queues[queue].popleft()
            self._level[queue] -= 1
            if self._queues[queue]:
                self._head[queue] = max(self._queues[queue][0][1] + HEAD, now + 1)

    def _choose(self, heads: Sequence[tuple[int, int]], busy: Sequence[int]) -> tuple[list[int], int]:
        """Return the queues whose heads the banks take, and how many."""
        chosen: dict[int, tuple[int, int]] = {}
        for queue, bank in heads:
            rank = (queue // 2 - bank // 2) % self._spec.products
            if bank not in busy and (bank not in chosen or rank < chosen[bank][0]):
                chosen[bank] = rank, queue
        return [queue for _, queue in chosen.values()], len(chosen)


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
        return np.array([queues.empty(int(end[pe]) + COMPLETE) + self._spec.far for pe, queues in enumerate(self._queues)])

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

"""When a weight lane can take its items: the beats of the weight stream and the lane's buffer."""

from collections.abc import Callable, Iterator

import numpy as np

from spec.scnn import ScnnSpec

BUFFER_WORDS = 4            # words of F items that a lane's buffer holds

Credit = Callable[[int, int], int]
"""For a pair of a layer and a set of a lane, counted from its first one: the first cycle in which the block may be begun."""


class Port:
    """The beats of the weight stream, which all lanes share.

    Parameters
    ----------
    spec : ScnnSpec
    start : int
        First cycle in which a beat may be taken.
    present : numpy.ndarray, optional
        (beats, lanes): whether the word of a lane is in a beat; if not given, a word of its one lane is in every beat.
    """

    def __init__(self, spec: ScnnSpec, *, start: int, present: np.ndarray | None = None) -> None:
        self._beat, self._start, self._present = spec.beat_words, start, present
        self._taken: list[int] = []                 # cycle in which each beat was taken
        self._numbers = None if present is None else [np.flatnonzero(own) for own in present.T]
        self._before = None if present is None else np.cumsum(present, axis=0) - present
        self._lanes: list[Lane] = []

    def join(self, lane: "Lane") -> int:
        """Add a lane and return its number."""
        self._lanes.append(lane)
        return len(self._lanes) - 1

    def arrived(self, lane: int, word: int) -> int:
        """Return the cycle in which a word of a lane was taken."""
        wanted = word if self._numbers is None else int(self._numbers[lane][word])
        while len(self._taken) <= wanted:
            beat = len(self._taken)
            cycle = self._taken[-1] + self._beat if beat else self._start + self._beat - 1
            for number, other in enumerate(self._lanes):
                if self._present is None:
                    cycle = max(cycle, other.room(beat))
                elif self._present[beat, number] and self._before is not None:
                    cycle = max(cycle, other.room(int(self._before[beat, number])))
            self._taken.append(cycle)
        return self._taken[wanted]


class Lane:
    """One weight lane: what it takes in a layer is said at once, and followed take by take as far as somebody asks.

    Parameters
    ----------
    spec : ScnnSpec
    port : Port, optional
        Brings the items; without it they are always there.
    start : int
        First cycle in which anything may be taken.

    Attributes
    ----------
    wait : int
        Cycles in which a take waited for its items alone.
    """

    def __init__(self, spec: ScnnSpec, *, port: Port | None, start: int) -> None:
        self._f, self._bias_items, self._port, self._taken = spec.f, spec.bias_items, port, 0
        self._number = port.join(self) if port else 0
        self._reached: list[int] = [start]          # cycle in which each multiple of F items had been taken out
        self._ends: list[int] = []                  # cycle of the last take of each block of the layer
        self._given = 0                             # blocks of the layer that were asked for
        self._takes: Iterator[None] = iter(())
        self.last, self.wait = start - 1, 0

    def room(self, word: int) -> int:
        """Return the first cycle in which the buffer has room for a word."""
        behind = word - BUFFER_WORDS + 1
        while 0 < behind >= len(self._reached):
            next(self._takes)
        return self._reached[behind] + 1 if behind > 0 else 0

    def layer(self, counts: np.ndarray, *, kc: int, first: int, credit: Credit) -> None:
        """Begin a layer.

        Parameters
        ----------
        counts : numpy.ndarray
            (passes, pairs, sets of this lane): entries of each block.
        kc : int
            Biases of each set ahead of each pass.
        first : int
            First cycle in which anything of the layer may be taken.
        credit : callable
        """
        for _ in self._takes:
            pass
        self._ends, self._given = [], 0
        self._takes = self._follow(counts, kc, first, credit)

    def block(self) -> int:
        """Return the cycle of the last take of the layer's next block."""
        while len(self._ends) <= self._given:
            next(self._takes)
        self._given += 1
        return self._ends[self._given - 1]

    def _follow(self, counts: np.ndarray, kc: int, first: int, credit: Credit) -> Iterator[None]:
        """Take what the layer has for this lane, a take a step."""
        f = self._f
        for number, own in enumerate(counts.tolist()):
            for _ in range(kc * counts.shape[2]):
                self.take(self._bias_items, first)
                yield
            for pair, blocks in enumerate(own):
                for place, count in enumerate(blocks):
                    earliest = max(first, credit(number * len(own) + pair, place))
                    if self._port:
                        self.take(1 + min(f, count), earliest)
                        for rest in range(count - f, 0, -f):
                            yield
                            self.take(min(f, rest), self.last + 1)
                    else:
                        self.last = max(earliest, self.last + 1) + max(1, -(-count // f)) - 1
                    self._ends.append(self.last)
                    yield

    def take(self, items: int, earliest: int) -> int:
        """Return the cycle in which ``items`` more are taken, not before ``earliest``; count what the port delays."""
        could = max(earliest, self.last + 1)
        cycle = could
        if self._port:
            cycle = max(could, self._port.arrived(self._number, (self._taken + items - 1) // self._f) + 1)
            self._taken += items
            while len(self._reached) * self._f <= self._taken:
                self._reached.append(cycle)
            self.wait += cycle - could
        self.last = cycle
        return cycle

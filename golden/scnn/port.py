"""When a weight lane can take its items: the beats of the weight stream and the lane's buffer."""

import numpy as np

from spec.scnn import ScnnSpec

BUFFER_WORDS = 4            # words of F items that a lane's buffer holds


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
    """One weight lane.

    Parameters
    ----------
    spec : ScnnSpec
    port : Port, optional
        Brings the items; without it they are always there.
    start : int
        First cycle in which anything may be taken.

    Notes
    -----
    A lane may hold up a beat by items that are followed only later here; the beat then counts as taken.
    """

    def __init__(self, spec: ScnnSpec, *, port: Port | None, start: int) -> None:
        self._f, self._port, self._taken = spec.f, port, 0
        self._number = port.join(self) if port else 0
        self._reached: list[int] = [start]          # cycle in which each multiple of F items had been taken out
        self.last, self.wait = start - 1, 0

    def room(self, word: int) -> int:
        """Return the first cycle in which the buffer has room for a word, as far as is known."""
        behind = word - BUFFER_WORDS + 1
        return self._reached[behind] + 1 if 0 < behind < len(self._reached) else 0

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

    def block(self, count: int, earliest: int) -> int:
        """Return the cycle of the last take of a block of ``count`` entries."""
        f = self._f
        if not self._port:
            self.last = max(earliest, self.last + 1) + max(1, -(-count // f)) - 1
            return self.last
        self.take(1 + min(f, count), earliest)
        for rest in range(count - f, 0, -f):
            self.take(min(f, rest), self.last + 1)
        return self.last

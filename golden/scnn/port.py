"""When a weight lane can take its items: the beats of the weight stream and the lane's buffer."""

from spec.scnn import ScnnSpec

BUFFER_WORDS = 4            # words of F items that a lane's buffer holds


class Lane:
    """One weight lane.

    Parameters
    ----------
    spec : ScnnSpec
    limited : bool
        Whether items arrive through the port of the specification; without it they are always there.
    start : int
        First cycle in which a beat may be taken.

    Notes
    -----
    Lanes share their beats; here each lane sees the beats as if no other lane held them up, which is exact for one lane.
    """

    def __init__(self, spec: ScnnSpec, *, limited: bool, start: int) -> None:
        self._f, self._beat, self._limited = spec.f, spec.beat_words, limited
        self._beats: list[int] = []                 # cycle in which each beat was taken
        self._start, self._taken = start, 0
        self._reached: list[int] = [start]          # cycle in which each multiple of F items had been taken out
        self.last, self.wait = start - 1, 0

    def take(self, items: int, earliest: int) -> int:
        """Return the cycle in which ``items`` more are taken, not before ``earliest``; count what the port delays."""
        could = max(earliest, self.last + 1)
        cycle = could
        if self._limited:
            cycle = max(could, self._arrived((self._taken + items - 1) // self._f) + 1)
            self._taken += items
            while len(self._reached) * self._f <= self._taken:
                self._reached.append(cycle)
            self.wait += cycle - could
        self.last = cycle
        return cycle

    def block(self, count: int, earliest: int) -> int:
        """Return the cycle of the last take of a block of ``count`` entries."""
        f = self._f
        if not self._limited:
            self.last = max(earliest, self.last + 1) + max(1, -(-count // f)) - 1
            return self.last
        self.take(1 + min(f, count), earliest)
        for rest in range(count - f, 0, -f):
            self.take(min(f, rest), self.last + 1)
        return self.last

    def _arrived(self, word: int) -> int:
        while len(self._beats) <= word:
            beat = len(self._beats)
            cycle = self._beats[-1] + self._beat if beat else self._start + self._beat - 1
            if beat >= BUFFER_WORDS:
                cycle = max(cycle, self._reached[beat - BUFFER_WORDS + 1] + 1)
            self._beats.append(cycle)
        return self._beats[word]

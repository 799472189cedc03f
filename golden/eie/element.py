"""When the processing elements take, read and finish what is broadcast to them: recurrences, not a clock.

Nothing in a PE depends on another PE, so the cycle in which a word leaves a stage follows from those of
the word before it. One pass over the broadcasts, all PEs at once, is exact, however many cycles it spans.
"""

import numpy as np

from spec.eie import EieSpec

QUEUED = 4
"""Cycles from a column's arrival to the first in which F may take it."""

DROPPED = 5
"""Cycles from the arrival of a column that is dropped as empty to the first in which ``level`` is lower."""

COUNTED = 2
"""Cycles from the take of a column to the first in which ``level`` is lower."""

NEVER = np.int64(1) << 60
"""A cycle after every other; negative, one before every other."""


class Elements:
    """The PEs between the arrival of a broadcast and S4.

    Attributes
    ----------
    taken : numpy.ndarray
        (pes,) last cycle in which F sent a word: a fragment may be taken in that cycle.
    done : numpy.ndarray
        (pes,) last cycle in which S4 held a word; F and S1 to S3 were empty by then, since no column ends in padding.
    """

    def __init__(self, spec: EieSpec):
        self.spec = spec
        self.taken, self._s1, self._s2, self._s3, self.done = (
            np.full(spec.pes, -NEVER) for _ in range(5))

    def take(self, arrival: int, length: np.ndarray, takes: np.ndarray) -> np.ndarray:
        """Pass on a column that arrived in a cycle; return when F took it, where ``length`` is not 0."""
        take = np.maximum(arrival + QUEUED, self.taken if self.spec.overlap_columns else self.done + 1)
        sent = take
        for word in range(length.max()):
            here = length > word
            sent = np.maximum(sent + 1, self._s1)
            leaves1 = np.maximum(sent + 1, self._s2)
            enters = takes[word] > 0
            leaves2 = np.maximum(leaves1 + 1, np.where(enters, self._s3, np.minimum(self._s3, leaves1 + 2)))
            leaves3 = np.maximum(leaves2 + 1, self.done)
            np.copyto(self._s3, leaves3, where=here & enters)
            np.copyto(self.done, leaves3 + takes[word], where=here & enters)
            np.copyto(self._s2, leaves2, where=here)
            np.copyto(self._s1, leaves1, where=here)
            np.copyto(self.taken, sent, where=here)
        return take


class Queues:
    """How full the queues are, which is what stops the broadcast.

    ``level`` counts a column from its arrival to its take by F, or to the pointer read that drops it. A level
    is below a limit once the take that makes it so has happened: one look a PE, no counting.
    """

    def __init__(self, spec: EieSpec, length: np.ndarray):
        pes, self._limit = spec.pes, spec.queue_depth - 2 * spec.broadcast_latency
        self._delay, self._pes = spec.broadcast_latency, pes
        kept = np.zeros((len(length) + 1, pes), np.int64)
        np.cumsum(length > 0, axis=0, out=kept[1:])
        self._place = kept * pes + np.arange(pes)       # of a PE's next take in a table with a row a take
        self._takes = np.full((len(length) + self._limit + 3) * pes, NEVER)
        self._takes[:self._limit * pes] = -NEVER        # the level is below the limit before the first take
        self._sent: list[int] = []
        self._counted = self._read = 0      # broadcasts that count in level; of those, past the pointer read

    def record(self, cycle: int, take: np.ndarray, length: np.ndarray) -> None:
        """Note that the next column was broadcast in a cycle and when F takes it."""
        place = self._place[len(self._sent)] + self._limit * self._pes
        kept = length > 0
        self._takes[place[kept]] = take[kept] + COUNTED
        self._sent.append(cycle)

    def free(self, cycle: int) -> int:
        """Return the first cycle from ``cycle`` on in which the control unit sees no stop."""
        sent, delay = self._sent, self._delay
        seen = cycle - delay
        while True:
            while self._counted < len(sent) and sent[self._counted] + delay + 1 <= seen:
                self._counted += 1
            while self._read < len(sent) and sent[self._read] + delay + DROPPED <= seen:
                self._read += 1
            fresh = self._counted - self._read          # in the pointer read, kept or not
            below = int(self._takes.take(self._place[self._read] + fresh * self._pes).max())
            if below <= seen:
                return seen + delay
            changes = [sent[self._counted] + delay + 1] if self._counted < len(sent) else []
            changes += [sent[self._read] + delay + DROPPED] if self._read < len(sent) else []
            seen = min([below, *changes])

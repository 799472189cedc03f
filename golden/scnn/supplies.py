"""When activation blocks are ready in the PEs: look-ups, gates, reads and the buses of blocks of PEs."""

import numpy as np

from golden.scnn.drains import Drains
from golden.scnn.program import Part, Program
from spec.scnn import ScnnSpec
from spec.scnn.shape import MAX_SLOTS, SUPPLY

FIRST_LOOKUP, FETCH, SEGMENT, DIVISION, READ, AHEAD, OVER = 7, 4, 1, 4, 3, 5, 2
"""Cycles from the arrival of START to the first look-up, of the fetch of a part's record, more with a segment's ahead of it
and for a division by the gate besides one cycle per bit, from look-up to read; how many parts are looked up ahead; and cycles
from when the last part has begun or passed to when the next layer may begin."""


class Supplies:
    """The supplies of all PEs in one layer.

    Parameters
    ----------
    spec : ScnnSpec
    programs : tuple of Program
    begin : int
        Cycle in which the PEs get the layer's START.
    drains : Drains
    first_pass : int
        Number of the layer's first pass.

    Attributes
    ----------
    gates : list of list of tuple
        For each PE from which cycle on, and until which, its look-up waited for a gate.
    """

    def __init__(self, spec: ScnnSpec, programs: tuple[Program, ...], begin: int, drains: Drains, first_pass: int) -> None:
        self._spec, self._programs, self._drains, self._first_pass = spec, programs, drains, first_pass
        head = programs[0].supply
        self._slots = min(MAX_SLOTS, spec.act_words >> head["act_slot_log2"])
        self._level, self._division = head["level"], DIVISION + spec.blocks.bit_length() - 1
        self._wait = spec.across(self._level)
        where = [spec.position(pe, self._level) for pe in range(spec.pes)]
        blocks = max(block for block, _ in where) + 1
        self._tile = np.array([block for block, _ in where])
        self._pe = np.zeros((blocks, spec.pes // blocks), np.int64)
        for pe, (block, place) in enumerate(where):
            self._pe[block, place] = pe
        self._segments = [(segment.pairs, len(segment.parts)) for segment in programs[0].segments]
        self._edges = np.cumsum([0, *(pairs for pairs, _ in self._segments)])
        self._visit = np.full(spec.pes, begin + FIRST_LOOKUP - 1, np.int64)
        self._begun = np.full((AHEAD, spec.pes), -1, np.int64)      # when the last parts left each PE's queue, oldest first
        self._free = np.full(spec.pes, -1, np.int64)                # last cycle in which each PE was at the part before
        self._arrived = np.full(spec.pes, -1, np.int64)             # arrival of its last word
        self._local: bool | None = None                             # whether each PE sent it to itself
        self._record = 0, 0, 0                                      # pass, segment and part fetched last
        self.gates: list[list[tuple[int, int]]] = [[] for _ in range(spec.pes)]

    @property
    def over(self) -> np.ndarray:
        """Cycles from which each PE has no part of the layer left to look up, to begin or to pass."""
        return self._begun[-1] + OVER

    def pair(self, number: int, pair: int, counts: np.ndarray, released: list[np.ndarray]) -> np.ndarray:
        """Return the cycles from which each PE has the next block."""
        segment = int(np.searchsorted(self._edges, pair, "right")) - 1
        own = pair - int(self._edges[segment])
        for at in range(self._segments[segment][1]):
            self._part(number, segment, at, own, counts[at], released if at == 0 else None)
        return self._arrived + 1

    def _part(self, number: int, segment: int, at: int, own: int, counts: np.ndarray, released) -> None:
        part = self._programs[0].segments[segment].parts[at]
        if self._record != (number, segment, at):
            self._visit = self._visit + FETCH
            if self._record[:2] != (number, segment):
                self._visit = self._visit + SEGMENT + (self._division if part.gate and part.advance and number else 0)
            self._record = number, segment, at
        local = bool(part.local or not self._level)
        users = np.arange(self._spec.pes) if local else self._pe[:, part.source]
        look = np.maximum(self._visit, self._begun[0]) + 1
        opens = self._gate(part, part.advance * number + own)
        if opens is not None:
            for pe, first, last in zip(users.tolist(), (self._visit[users] + 1).tolist(), opens[users].tolist(), strict=True):
                if first <= last:
                    self.gates[pe].append((first, last + 1))
            look[users] = np.maximum(look[users], opens[users] + 1)
        self._visit = look
        ready = np.maximum(look + READ, self._free + 1)
        begin = self._turn(local, users, ready)
        if released is not None and len(released) >= self._slots:
            given = released[len(released) - self._slots]
            begin = np.maximum(begin, given + 1 if local else given[self._pe].max(axis=1) + 1 + self._wait)
        last = begin + np.maximum(1, -(-counts[users] // self._spec.i)) - 1
        spread = slice(None) if local else self._tile
        self._arrived = (last + SUPPLY + (0 if local else self._wait))[spread]
        taken = np.maximum(ready, self._arrived)
        self._free = taken.copy()
        taken[users], self._free[users] = begin, last
        self._begun = np.vstack((self._begun[1:], taken))
        self._local = local

    def _turn(self, local: bool, users: np.ndarray, ready: np.ndarray) -> np.ndarray:
        """Return from when on each sender may read a part, if buffers have room for it."""
        if self._local is None or local and self._local:
            return ready[users]
        if local:
            return np.maximum(ready, self._arrived + 1)
        if self._local:
            return np.maximum(ready[users], self._arrived[self._pe].max(axis=1) + 1 + self._wait)
        return ready[users]

    def _gate(self, part: Part, channel: int) -> np.ndarray | None:
        """Return the cycle in which each PE drained the pass that a part waits for."""
        if not part.gate:
            return None
        wanted = self._first_pass - part.back + channel // part.gate
        return self._drains.drained[wanted] if 0 <= wanted < len(self._drains.drained) else None

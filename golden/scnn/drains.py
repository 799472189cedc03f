"""When the passes of an array are drained, and what a PE that waits at some time waits for."""

import numpy as np

from golden.scnn.program import Program, duration
from spec.scnn import ScnnSpec
from spec.scnn.program import CAUSES, KINDS
from spec.scnn.shape import HEAD, LINE, LINE_SEEN, POST, PUSH, RECORD, STEP

COMPLETE = PUSH + HEAD + 1
"""Cycles from the last issue of a pass to the first in which it may be complete."""

_KIND = {value: name for name, value in KINDS.items()}
_CAUSE = {value: name for name, value in CAUSES.items()}


def completion(spec: ScnnSpec) -> int:
    """Return the cycles from the last issue of a pass to its completion if nothing waits in the crossbar."""
    return COMPLETE + spec.far + (LINE + HEAD + LINE_SEEN) * (spec.crossbar_stages - 1)


class Drains:
    """The drains of all passes so far.

    Parameters
    ----------
    spec : ScnnSpec

    Attributes
    ----------
    drained : list of numpy.ndarray
        For each pass the cycle in which each PE had drained it.
    edges : list of numpy.ndarray
        For each pass (steps + 1, pes): where each step begins, and the end.
    programs : list of tuple of Program
        For each pass those of the PEs.
    """

    def __init__(self, spec: ScnnSpec) -> None:
        self._spec = spec
        self.drained: list[np.ndarray] = []
        self._ready: list[np.ndarray] = []
        self.edges: list[np.ndarray] = []
        self.programs: list[tuple[Program, ...]] = []
        self._causes: list[list[str]] = []

    def append(self, programs: tuple[Program, ...], complete: np.ndarray) -> None:
        """Drain the next pass, which the PEs completed in given cycles."""
        before = self.drained[-1] + 1 if self.drained else np.zeros_like(complete)
        ready = np.maximum(complete, before)
        head = programs[0].drain
        start = ready + 1
        if head["exchange"]:
            place = np.array([self._spec.position(pe, head["level"])[1] for pe in range(self._spec.pes)])
            latest = np.zeros(place.max() + 1, np.int64)
            np.maximum.at(latest, place, ready)
            start = latest[place] + 2 + 2 * self._spec.broadcast_latency
        edges = [start]
        for number in range(max(len(program.steps) for program in programs)):
            own = [program.steps[number:number + 1] for program in programs]
            edges.append(edges[-1] + np.array([duration(steps[0], _KIND, STEP, POST) if steps else 0 for steps in own]))
        longest = max(programs, key=lambda program: len(program.steps))
        self._ready.append(ready)
        self.programs.append(programs)
        self.edges.append(np.array(edges))
        self._causes.append([_CAUSE[step["cause"]] for step in longest.steps])
        self.drained.append(edges[-1])

    def causes(self, pe: int, first: int, end: int, nothing: str = "barrier") -> dict[str, int]:
        """Return how many of the cycles ``first`` to ``end - 1`` a PE waited for what; ``nothing`` if all was drained."""
        found: dict[str, int] = {}
        number = len(self.drained)
        while number and self.drained[number - 1][pe] >= first:
            number -= 1
        at = first
        while at < end:
            if number == len(self.drained):
                found[nothing] = found.get(nothing, 0) + end - at
                break
            edges = self.edges[number][:, pe].tolist()
            ends = [min(edge + RECORD, edges[-1]) for edge in edges[1:]]
            marks = [(int(self._ready[number][pe]) + 1, "drain"), (edges[0], "barrier"),
                     *zip(ends, self._causes[number], strict=True), (edges[-1] + 1, "drain")]
            for mark, cause in marks:
                if at < min(mark, end):
                    found[cause] = found.get(cause, 0) + min(mark, end) - at
                    at = min(mark, end)
            number += 1
        return found

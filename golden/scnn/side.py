"""Which banks the side port of each PE takes, cycle by cycle: the operations of drain steps and what neighbours send."""

import numpy as np

from golden.scnn.drains import Drains
from golden.scnn.model import addresses, reached
from golden.scnn.program import Program
from spec.scnn import ScnnSpec, locate
from spec.scnn.program import KINDS
from spec.scnn.shape import LINK, STEP


class Side:
    """The side ports of an array.

    Parameters
    ----------
    spec : ScnnSpec
    drains : Drains
        Passes in time.
    """

    def __init__(self, spec: ScnnSpec, drains: Drains) -> None:
        self._spec, self._drains = spec, drains
        self._bank = np.array([locate(spec, address)[0] for address in range(spec.accumulators)])
        self._banks: dict[tuple[int, int, int, bool], np.ndarray] = {}

    def taken(self, pe: int, cycle: int) -> list[int]:
        """Return the banks that a PE's side port takes in a cycle."""
        found = []
        for number in range(len(self._drains.drained) - 1, max(-1, len(self._drains.drained) - 5), -1):
            edges, programs = self._drains.edges[number], self._drains.programs[number]
            if not edges[0][pe] <= cycle < edges[-1][pe] + LINK:
                continue
            for at in range(len(edges) - 1):
                begin, end = int(edges[at][pe]) + STEP, int(edges[at + 1][pe])
                if cycle < begin or at >= len(programs[pe].steps):
                    continue
                step = programs[pe].steps[at]
                sends = step["kind"] == KINDS["send"]
                if cycle < end and (operation := self._operation(step, cycle - begin, sends)) is not None:
                    found += self._of(number, programs[pe], pe, at, False, operation)
                if sends and cycle >= begin + LINK and not (cycle - begin - LINK) % 2:
                    found += self._added(number, programs, pe, at, (cycle - begin - LINK) // 2)
        return found

    def _operation(self, step: dict[str, int], since: int, sends: bool) -> int | None:
        """Return which operation of a step takes place so many cycles after the first one."""
        if sends:
            return since // 2 if since % 2 == 0 else None
        row = step["nx"] * step["wy"] * step["wx"]
        if step["kind"] == KINDS["post"] and step["gap"] and row:
            line, within = divmod(since, row + 1)
            return line * row + within if within < row else None
        return since

    def _added(self, number: int, programs: tuple[Program, ...], pe: int, at: int, operation: int) -> list[int]:
        """Return the bank of an addition that a neighbour's operation brings."""
        found = []
        for other, program in enumerate(programs):
            if at < len(program.steps) and program.steps[at]["kind"] == KINDS["send"]:
                if reached(self._spec, other, program.steps[at]) == pe:
                    found += self._of(number, program, other, at, True, operation)
        return found

    def _of(self, number: int, program: Program, pe: int, at: int, sent: bool, operation: int) -> list[int]:
        key = number, pe, at, sent
        if key not in self._banks:
            step = program.steps[at]
            flat = addresses(step, program.drain["stride"]).ravel() + (step["delta"] if sent else 0)
            self._banks[key] = self._bank[flat % self._spec.accumulators]
        banks = self._banks[key]
        return [int(banks[operation])] if operation < len(banks) else []

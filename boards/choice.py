"""The machine that is built for a board when none is asked for: the largest that its estimate lets fit."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from boards.catalogue import Board
from spec import machines
from synth.estimate import FIGURES, estimate, measured

LADDERS: Mapping[str, tuple[str, tuple[int, ...]]] = {
    "eie": ("pes", (256, 128, 64, 32, 16, 8, 4, 2, 1)), "mac": ("fold", (1, 2, 4, 16)),
    "scnn": ("pes", (16, 12, 8, 6, 4, 2, 1))}
"""The parameter of each machine that sets its size, the largest machine first."""

MOST: Mapping[tuple[str, str], int] = {("eie", "ecp5"): 32, ("scnn", "ecp5"): 1}
"""The largest of a machine, by machine and family, whose bitstream reached its clock here; a larger one must be asked for."""

LINK = {"ecp5": {"comb": 1500, "ff": 800, "dsp": 0, "bram": 6}, "gowin": {"comb": 1500, "ff": 800, "dsp": 0, "bram": 6},
        "ice40": {"comb": 950, "ff": 700, "dsp": 0, "bram": 6}, "xc7": {"comb": 1200, "ff": 800, "dsp": 0, "bram": 6}}
"""What the link and the board's top take, by family."""

FULL = {"comb": 0.85, "ff": 0.85, "dsp": 1.0, "bram": 1.0}
"""How full a part may be by the estimate: a fuller one is rarely routed at its clock. An iCE40 may be full."""


def fits(board: Board, design: str, spec: Any) -> bool:
    """Tell whether a machine fits a board by its estimate, the link included."""
    part = board.part
    guess, own = estimate(design, asdict(spec), part), LINK[part.family]
    full = dict.fromkeys(FULL, 1.0) if part.family == "ice40" else FULL
    return all(guess[figure] + own[figure] <= full[figure] * part.has[figure]
               for figure in FIGURES if part.has[figure] or guess[figure])


def largest(board: Board, design: str) -> Any:
    """Return the specification of the largest machine that fits a board, `MOST` at most.

    Raises
    ------
    ValueError
        If the machine has no place on the board, or its size cannot be estimated there: give the size.
    """
    base = {"name": "default", **board.design.get(design, {})}
    family = board.part.family
    preset = machines.specification(design).preset
    if design not in LADDERS or LADDERS[design][0] in base:
        return preset(**base)
    name, steps = LADDERS[design]
    if not measured(design, family):
        raise ValueError(f"--{name} must be given on {board.name}, not left to an estimate: no {design} was measured on "
                         f"{family}; give --{name} {steps[-1]} or another")
    most = MOST.get((design, family), max(steps))
    for step in (step for step in steps if step <= most):
        spec = preset(**{**base, name: step})
        if fits(board, design, spec):
            return spec
    raise ValueError(f"--design must be a machine that fits {board.name}, not {design}: its smallest does not, by the estimate"
                     f"; give --{name} to try")

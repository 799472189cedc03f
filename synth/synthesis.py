"""Map one design to the cells of a family with Yosys, hierarchy kept where it pays."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sim.cache import fetch, key
from synth import carry, harness, hierarchy, script, tool
from synth.design import Design, late_cells, technology
from synth.part import Part

MADE = ("net.json", "netlist.v", "cells.json", "sizes.json", "run.json", "synth.log", "synth.ys")
CONFUSED = re.compile(r"Assert `.*' failed|multiple conflicting drivers")
"""What Yosys 0.70 says when ABC9 brings back two wires under one name."""


@dataclass(frozen=True, kw_only=True)
class Netlist:
    """A mapped design: its folder, mapped and word-level cells of each module, what was kept, the log."""

    folder: Path
    cells: dict[str, Any]
    survey: dict[str, Any]
    kept: list[str]
    top: str
    seconds: float
    cpu_seconds: float
    command: str
    log: str


def synthesise(design: Design, part: Part, *, keep: list[str] | None = None,
               options: tuple[str, ...] = ()) -> Netlist:
    """Return the netlist of a design in the harness; a repeated request is answered from the cache.

    Parameters
    ----------
    keep : list of str, optional
        Modules to keep as modules besides the top; chosen by ``synth.hierarchy`` when not given.
    options : tuple of str
        More options of the family's synthesis command.
    """
    options = (*part.mapping, *options)
    tech, maps = technology(part.family), late_cells(part.family)
    files, late = [name for name, _ in tech], [name for name, _ in maps]
    order = [*files, "design.v"]
    name = key("synth 6", json.dumps(tool.identity("yosys")), design.verilog, design.top, json.dumps(keep),
               script.synthesis(part.family, order, keep=(), collision_free=design.collision_free, late=late,
                                options=options, delay=design.delay),
               *(text for _, text in [*tech, *maps]), *filter(None, [design.around]))

    def build(work: Path) -> list[Path]:
        for file, text in [*tech, *maps]:
            (work / file).write_text(text)
        (work / "design.v").write_text(design.verilog)
        (work / "survey.ys").write_text(script.survey(order, design.top))
        _yosys(work, "survey", part, design)
        survey = json.loads((work / "sizes.json").read_text())
        found = harness.ports(json.loads((work / "ports.json").read_text()), design.top)
        (work / "harness.v").write_text(design.around or harness.wrap(design.top, found))
        kept = hierarchy.keep(survey, design.top) if keep is None else keep
        outcome = _map(work, part, design, lambda purge: script.synthesis(
            part.family, [*order, "harness.v"], keep=[design.top, *kept],
            collision_free=design.collision_free, late=late, options=options, purge=purge,
            complete=not design.around, delay=design.delay))
        carry.trim(work / "net.json")
        (work / "run.json").write_text(json.dumps({"seconds": outcome.seconds,
                                                   "cpu_seconds": outcome.cpu_seconds, "command": outcome.command,
                                                   "kept": kept}))
        return [work / name for name in (*MADE, "survey.ys", "harness.v", "design.v", *files, *late)]

    folder = fetch(name, build)
    run = json.loads((folder / "run.json").read_text())
    return Netlist(folder=folder, cells=json.loads((folder / "cells.json").read_text()),
                   survey=json.loads((folder / "sizes.json").read_text()), kept=run["kept"],
                   top=design.top, seconds=run["seconds"], cpu_seconds=run["cpu_seconds"], command=run["command"],
                   log=(folder / "synth.log").read_text(errors="replace"))


def _map(work: Path, part: Part, design: Design, text: Callable[[bool], str]) -> tool.Outcome:
    r"""Run the script ``text(False)``; where ABC9 takes one wire for another, try again with fewer and with other names.

    ``\a[3]`` may be a wire beside bit 3 of ``a``, and ABC9 does not tell them apart. ``text(True)`` drops names.
    """
    (work / "synth.ys").write_text(text(False))
    outcome = _run(work, "synth", part, design)
    if CONFUSED.search(outcome.log):
        (work / "synth.ys").write_text(text(True))
        outcome = _run(work, "synth", part, design)
    if CONFUSED.search(outcome.log):
        (work / "design.v").write_text(without_brackets(design.verilog))
        (work / "synth.ys").write_text(text(False))
        outcome = _run(work, "synth", part, design)
    return _checked(outcome, work, "synth", design)


def without_brackets(verilog: str) -> str:
    """Return Verilog whose escaped names have < and > for brackets."""
    return re.sub(r"\\\S+", lambda name: name[0].translate(str.maketrans("[]", "<>")), verilog)


def _yosys(work: Path, step: str, part: Part, design: Design) -> tool.Outcome:
    return _checked(_run(work, step, part, design), work, step, design)


def _run(work: Path, step: str, part: Part, design: Design) -> tool.Outcome:
    """Run a script; the log is the file that Yosys writes, for what it prints stops at its first call of ABC."""
    outcome = tool.run("yosys", ["-Q", "-q", "-l", f"{step}.log", "-s", f"{step}.ys"], folder=work, log=f"{step}.out",
                       title=f"yosys: {design.name} for {part.family}")
    log = work / f"{step}.log"
    return replace(outcome, log=log.read_text(errors="replace") if log.exists() else outcome.log)


def _checked(outcome: tool.Outcome, work: Path, step: str, design: Design) -> tool.Outcome:
    if outcome.code:
        kept = tool.keep_failed(work, f"yosys-{design.name}")
        raise tool.fail("yosys", outcome, folder=kept, log=f"{step}.log")
    return outcome

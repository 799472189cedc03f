"""A piece of Verilog to be measured: its text, its top module, and what is known of its memories."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from files.array import open_regular

ROOT = Path(__file__).parents[1]
TECH = {"plain": ROOT / "rtl" / "tech", **{name: ROOT / "synth" / "tech" / name for name in ("ecp5", "ice40")}}
NAME = re.compile(r"[A-Za-z_][\w$]*")
MODULE = re.compile(rf"\bmodule\s+\\?({NAME.pattern})")
COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Design:
    """Verilog text and the module of it that is measured.

    Parameters
    ----------
    name : str
        Names results and folders.
    verilog : str
        The emitted text, without the technology cells or with the plain ones.
    top : str
        Module to measure; a unit of a machine, or the machine itself.
    kind : str
        Name of the machine in the registry, where it is a whole one.
    spec : dict
        Numbers of the machine, for the estimate beside the result; empty for loose Verilog.
    around : str
        Verilog of a module ``harness`` that calls ``top`` and reaches the pins, in place of our own harness.
    collision_free : bool
        No memory is read and written at one address in one cycle: proved by the machine's benches.
    plan : callable, optional
        The machine's own plan of where cells go (`synth.floorplan.Plan`).
    delay : int, optional
        Picoseconds that mapped logic may take from register to register, as ABC9 counts them: what is faster than that is made
        smaller. By default all logic is as fast as it can be.
    """

    name: str
    verilog: str
    top: str
    kind: str = ""
    spec: dict[str, Any] = field(default_factory=dict)
    around: str = ""
    collision_free: bool = True
    plan: Callable[[dict[str, Any], list[list[tuple[int, int, str]]]], dict[str, str]] | None = None
    delay: int = 0

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """What is stored of the design beside a result."""
        return {"name": self.name, "top": self.top, "kind": self.kind, "spec": self.spec}


def technology(family: str) -> list[tuple[str, str]]:
    """Return the technology cells of a family as (file name, text), explicit ones before plain ones.

    Read in this order, with later definitions of one module ignored, the family's own cells win.
    """
    folders = ([TECH[family]] if family in TECH else []) + [TECH["plain"]]
    return [(f"{folder.name}_{path.name}", path.read_text())
            for folder in folders for path in sorted(folder.glob("*.v"))]


def late_cells(family: str) -> list[tuple[str, str]]:
    """Return the cells of a family that are put in when all logic is mapped, as (file name, text)."""
    folder = ROOT / "synth" / "tech" / f"{family}_map"
    return [(f"map_{path.name}", path.read_text()) for path in sorted(folder.glob("*.v"))]


def from_file(path: Path, top: str) -> Design:
    """Return the design in one Verilog file, or say why it is none."""
    if not NAME.fullmatch(top):
        raise ValueError(f"--top must be the name of a module of {path.name}, not {top!r}; name one")
    try:
        with open_regular(path, "--verilog") as file:
            text = file.read().decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"--verilog must be text in UTF-8, not {str(path)!r} ({error.reason} at byte {error.start}); "
                         f"save it as text") from error
    modules = MODULE.findall(COMMENT.sub(" ", text))
    if top not in modules:
        raise ValueError(f"--top must be a module of {path.name}, not {top!r}; it has {', '.join(modules[:9]) or 'none'}")
    return Design(name=f"{path.stem}-{top}", verilog=text, top=top)

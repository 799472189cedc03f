"""Place and route one netlist with one seed, and read what nextpnr says of it."""

import json
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sim.cache import fetch, key
from synth import floorplan, tool
from synth.harness import INSTANCE, NAME, RESET
from synth.part import Part

TOOLS = {"ecp5": "nextpnr-ecp5", "ice40": "nextpnr-ice40", "gowin": "nextpnr-himbaechel"}
CELLS: dict[str, dict[str, tuple[str, ...]]] = {
    "ecp5": {"comb": ("TRELLIS_COMB",), "ff": ("TRELLIS_FF",), "dsp": ("MULT18X18D",), "bram": ("DP16KD",)},
    "ice40": {"comb": ("ICESTORM_LC",), "ff": (), "dsp": ("ICESTORM_DSP",), "bram": ("ICESTORM_RAM",)},
    "gowin": {"comb": ("LUT4", "ALU"), "ff": ("DFF",), "dsp": ("MULT18X18", "MULT9X9", "MULT36X36"),
              "bram": ("BSRAM",)},
}
"""Names of the counted cells in nextpnr's report; an iCE40 logic cell is a look-up table and a flip-flop."""

BOX_MARGIN = 24
"""Tiles by which a wire of ``router2`` may leave the box around its net's ends; nextpnr's own 3 are few for a crossbar."""

USED = re.compile(r"^Info:\s+(\w+):\s*(\d+)/\s*(\d+)", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Placed:
    """One seed's result: cells used, the clock reached, its slowest path, units with placed block RAM, the tool's log."""

    seed: int
    used: dict[str, int]
    fmax: float
    path: list[dict[str, Any]]
    seconds: float
    command: str
    log: str
    units: int = 0


def arguments(part: Part, *, seed: int, clock: float, extra: tuple[str, ...] = ()) -> list[str]:
    """Return nextpnr's command line for the netlist ``net.json`` of the folder it runs in."""
    common = ["--json", "net.json", "--report", "placed.json", "--seed", str(seed), "--freq", f"{clock:g}",
              "--timing-allow-fail"]
    own = {
        "ecp5": [f"--{part.device}", "--package", part.package, "--speed", part.grade,
                 "--lpf-allow-unconstrained"],
        "ice40": [f"--{part.device}", "--package", part.package, "--pcf-allow-unconstrained"],
        "gowin": ["--device", part.device, "--vopt", f"family={part.package}", "--vopt", "cst=pins.cst"],
    }
    return [*own[part.family], *common, *extra]


def place(netlist: Path, part: Part, *, seed: int, clock: float | None = None,
          extra: tuple[str, ...] = (), planned: bool = True, plan: floorplan.Plan | None = None) -> Placed:
    """Place and route the netlist in the file ``netlist``; a repeated request is answered from the cache.

    With ``planned``, block RAM is put where the machine's ``plan`` or ``synth.floorplan`` says. Wires of the router ``router2``
    may leave the box of their net by :data:`BOX_MARGIN`.
    """
    program = TOOLS[part.family]
    options = arguments(part, seed=seed, clock=clock or part.clock, extra=extra)
    text, units = netlist.read_text(), 0
    if planned:
        text, units = floorplan.located(text, part, plan)
    if part.family == "ecp5":
        text = _with_wide_reset(text)
    if "router2" in options:
        text = _with_settings(text, {f"router2/bbMargin/{axis}": str(BOX_MARGIN) for axis in "xy"})
    pins = _pins(part)
    name = key("place", json.dumps(tool.identity(program)), *options, pins, text)

    def build(work: Path) -> list[Path]:
        outcome = _run(work, text, pins, part, options, f"{program}: place and route {part.name}, seed {seed}")
        (work / "run.json").write_text(json.dumps({"seconds": outcome.seconds, "command": outcome.command}))
        return [work / name for name in ("placed.json", "place.log", "run.json")]

    return replace(_read(fetch(name, build), part, seed), units=units)


def _with_wide_reset(text: str) -> str:
    """Return a netlist whose harness brings the reset over a net like that of the clock; nextpnr does so for clocks alone."""
    netlist = json.loads(text)
    modules = netlist["modules"]
    cells = modules[NAME]["cells"]
    reset = cells.get(INSTANCE, {}).get("connections", {}).get(RESET, [])
    if len(reset) != 1 or not isinstance(reset[0], int):
        return text
    wide = 1 + max(bit for module in modules.values() for kind in ("cells", "netnames") for one in module[kind].values()
                   for bits in (one["connections"].values() if kind == "cells" else [one["bits"]]) for bit in bits
                   if isinstance(bit, int))
    cells["wide_reset"] = {"type": "DCCA", "parameters": {}, "attributes": {}, "hide_name": 0,
                           "port_directions": {"CLKI": "input", "CE": "input", "CLKO": "output"},
                           "connections": {"CLKI": reset, "CE": ["1"], "CLKO": [wide]}}
    cells[INSTANCE]["connections"][RESET] = [wide]
    modules[NAME]["netnames"]["wide_reset"] = {"bits": [wide], "attributes": {}, "hide_name": 0}
    return json.dumps(netlist)


def _with_settings(text: str, settings: dict[str, str]) -> str:
    """Return a netlist with settings of nextpnr that its command line does not have."""
    netlist = json.loads(text)
    netlist["modules"][NAME].setdefault("settings", {}).update(settings)
    return json.dumps(netlist)


def pack(netlist: Path, part: Part) -> tuple[dict[str, int], str]:
    """Return the cells that place and route would use, without doing it, and the command: seconds, and no clock."""
    program = TOOLS[part.family]
    options = [*arguments(part, seed=1, clock=part.clock), "--pack-only"]
    text, pins = netlist.read_text(), _pins(part)
    name = key("pack", json.dumps(tool.identity(program)), *options, pins, text)

    def build(work: Path) -> list[Path]:
        outcome = _run(work, text, pins, part, options, f"{program}: pack for {part.name}")
        (work / "run.json").write_text(json.dumps({"command": outcome.command}))
        return [work / name for name in ("place.log", "run.json")]

    folder = fetch(name, build)
    found = {cell: int(used) for cell, used, _ in USED.findall((folder / "place.log").read_text(errors="replace"))}
    used = {figure: sum(found.get(cell, 0) for cell in cells) for figure, cells in CELLS[part.family].items()}
    return used, json.loads((folder / "run.json").read_text())["command"]


def _pins(part: Part) -> str:
    return "".join(f'IO_LOC "{name}" {pin};\n' for name, pin in part.pins.items())


def _run(work: Path, text: str, pins: str, part: Part, options: list[str], title: str) -> tool.Outcome:
    program = TOOLS[part.family]
    (work / "net.json").write_text(text)
    if pins:
        (work / "pins.cst").write_text(pins)
    outcome = tool.run(program, options, folder=work, log="place.log", title=title)
    if outcome.code:
        folder = tool.keep_failed(work, program)
        if over := [f"{used} of {has} {cell}" for cell, used, has in USED.findall(outcome.log) if int(used) > int(has)]:
            raise tool.ToolError(f"{part.name} must hold the design and its harness, which take {', '.join(over)}: take a "
                                 f"larger part or a smaller machine; the log is {folder / 'place.log'}")
        raise tool.fail(program, outcome, folder=folder, log="place.log")
    return outcome


def _read(folder: Path, part: Part, seed: int) -> Placed:
    report = json.loads((folder / "placed.json").read_text())
    run = json.loads((folder / "run.json").read_text())
    log = (folder / "place.log").read_text(errors="replace")
    use = report["utilization"]
    used = {name: sum(use.get(cell, {}).get("used", 0) for cell in cells)
            for name, cells in CELLS[part.family].items()}
    clocks = {name: domain["achieved"] for name, domain in report["fmax"].items()}
    if not clocks:
        raise tool.ToolError(f"{TOOLS[part.family]} must report a clock, and it reports none; "
                             f"the design has no path between two registers")
    slowest = min(clocks, key=lambda name: clocks[name])
    edge = f"posedge {slowest}"
    path: list[dict[str, Any]] = next((entry["path"] for entry in report["critical_paths"]
                 if entry["from"] == entry["to"] == edge), [])
    return Placed(seed=seed, used=used, fmax=round(clocks[slowest], 2), path=path, seconds=run["seconds"],
                  command=run["command"], log=log)

"""From a machine to a board's bitstream, with open tools alone."""

import json
import resource
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from boards import about as texts
from boards import programs
from boards.catalogue import Board
from boards.top import Clocking, prepare
from cli import command
from rtl.generated import GeneratedMachine
from rtl.link.shell import Shell, emit
from synth import floorplan
from synth.design import Design
from synth.part import Part
from synth.place import CELLS, TOOLS
from synth.result import checked
from synth.tool import ToolError

SHELL = "nz_shell"
HOURS = 3600.0
PLACE_LIMIT, PACK_LIMIT = 4 * HOURS, 300.0
"""Seconds after which place and route, and the packer, are ended: gowin_pack has been seen not to end at all."""

SUFFIX = {"ecp5": "bit", "ice40": "bin", "gowin": "fs"}


@dataclass(frozen=True, kw_only=True)
class Sources:
    """What a bitstream is made of: Verilog of the shell and of the board's top, constraints of its pins, what it will say."""

    board: Board
    clocks: Clocking
    machine: GeneratedMachine
    about: texts.About
    shell: str
    top: str
    pins: str

    def write(self, folder: Path) -> None:
        """Write the texts, for whoever builds with tools of his own."""
        for name, text in (("shell.v", self.shell), ("top.v", self.top), (self.pins_file, self.pins)):
            command.write_text(folder / name, text)

    @property
    def pins_file(self) -> str:
        """Name of the constraint file, as its tools expect it."""
        return {"ecp5": "pins.lpf", "ice40": "pins.pcf", "gowin": "pins.cst", "xc7": "pins.xdc"}[self.board.part.family]


def sources_of(board: Board, machine: GeneratedMachine, clocks: Clocking, *, boot: bytes = b"", image: str = "") -> Sources:
    """Return all texts that make a board with a machine; ``boot`` is what it loads by itself (`boards.embed`)."""
    said = texts.of(board, machine, clocks, image=image)
    shell = Shell(machine.name, said.text(), boot=boot, slots=board.slots, divisor=clocks.divisor)
    top, pins = prepare(board, clocks, SHELL)
    text = emit(shell, machine.verilog, module=SHELL)
    return Sources(board=board, clocks=clocks, machine=machine, about=said, shell=text, top=top, pins=pins)


def build(sources: Sources, folder: Path, *, seeds: Sequence[int] = (1, 2, 3), allow_slow: bool = False,
          extra: Sequence[str] = ()) -> dict[str, Any]:
    """Write a bitstream and its figures into a folder, ``board.SUFFIX`` and ``board.json``; return the figures.

    Parameters
    ----------
    seeds : sequence of int
        Placements to try, until one reaches the clock.
    allow_slow : bool
        Keep the best of them though none does.
    extra : sequence of str
        More options of nextpnr.

    Raises
    ------
    ValueError
        If no placement reaches the clock; nothing is written but the texts.
    synth.tool.ToolError
        If a tool fails.
    """
    part, needed = sources.board.part, float(sources.clocks.clock_hz) / 1e6
    sources.write(folder)
    design = Design(name=f"{sources.machine.name}-{sources.board.name}", verilog=sources.shell, top=SHELL,
                    kind=sources.machine.manifest["design"], spec=sources.machine.manifest["spec"], around=sources.top)
    netlist = checked(design, part)
    text, units = floorplan.located((netlist.folder / "net.json").read_text(), part)
    command.write_text(folder / "net.json", text)
    tried = {}
    for seed in seeds:
        tried[seed] = _place(part, sources.pins_file, folder, seed, needed, extra)
        if tried[seed]["mhz"] >= needed:
            break
    best = max(tried, key=lambda seed: tried[seed]["mhz"])
    if tried[best]["mhz"] < needed and not allow_slow:
        raise ValueError(f"--clock must be one that the placed board reaches, not {needed:g} MHz: the best of seeds "
                         f"{', '.join(map(str, tried))} reached {tried[best]['mhz']:g} MHz; ask for less, for more --seeds, "
                         "or for the bitstream all the same with --allow-slow")
    if best != list(tried)[-1]:
        _place(part, sources.pins_file, folder, best, needed, extra)
    packed, made = _pack(part, folder)
    figures = {
        "board": sources.board.name, "design": sources.about.design, "machine": sources.machine.name,
        "spec": sources.about.spec, "part": part.name, "file": made.name, "bytes": made.stat().st_size,
        "clock_mhz": needed, "reached_mhz": tried[best]["mhz"],
        "met": tried[best]["mhz"] >= needed, "seed": best, "tried_mhz": {str(seed): one["mhz"] for seed, one in tried.items()},
        "used": tried[best]["used"], "has": part.has, "floorplan": units, "baud": sources.clocks.baud,
        "divisor": sources.clocks.divisor, "image": sources.about.image,
        "seconds": {"yosys": round(netlist.seconds, 1), "nextpnr": [round(one["seconds"], 1) for one in tried.values()],
                    "pack": round(packed.seconds, 1)},
        "megabytes": max(packed.megabytes, *(one["megabytes"] for one in tried.values()),
                         resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024),
        "commands": [netlist.command, tried[best]["command"], packed.command]}
    command.write_report(folder / "board.json", figures)
    return figures


def _place(part: Part, pins: str, folder: Path, seed: int, clock: float, extra: Sequence[str]) -> dict[str, Any]:
    """Place and route; return the slowest clock, the cells used, and what it took."""
    name = TOOLS[part.family]
    options = {
        "ecp5": [f"--{part.device}", "--package", part.package, "--speed", part.grade, "--lpf", pins,
                 "--textcfg", "placed.config"],
        "ice40": [f"--{part.device}", "--package", part.package, "--pcf", pins, "--asc", "placed.asc"],
        "gowin": ["--device", part.device, "--vopt", f"family={part.package}", "--vopt", f"cst={pins}",
                  "--write", "placed.net"],
    }[part.family]
    arguments = [*options, "--json", "net.json", "--report", "placed.json", "--seed", str(seed), "--freq", f"{clock:g}",
                 "--timing-allow-fail", *extra]
    with command.progress(f"{name}: place and route for {part.name}, seed {seed}"):
        done = programs.run(programs.find(name), arguments, folder=folder, limit=PLACE_LIMIT)
    programs.checked(done, name, limit=PLACE_LIMIT, log=folder / f"place{seed}.log")
    report = json.loads((folder / "placed.json").read_text())
    clocks = {one: domain["achieved"] for one, domain in report["fmax"].items()}
    if not clocks:
        raise ToolError(f"{name} must report a clock, and it reports none; its log is {folder / f'place{seed}.log'}")
    used = {figure: sum(report["utilization"].get(cell, {}).get("used", 0) for cell in cells)
            for figure, cells in CELLS[part.family].items()}
    return {"mhz": round(min(clocks.values()), 2), "used": used, "seconds": done.seconds, "megabytes": done.megabytes,
            "command": done.command}


def _pack(part: Part, folder: Path) -> tuple[programs.Done, Path]:
    """Make the bitstream's file, whole or not at all."""
    made = folder / f"board.{SUFFIX[part.family]}"
    made.unlink(missing_ok=True)
    name, arguments = {
        "ecp5": ("ecppack", ["--compress", "--input", "placed.config", "--bit", "packed"]),
        "ice40": ("icepack", ["placed.asc", "packed"]),
        "gowin": ("gowin_pack", ["-d", part.package, "-o", "packed.fs", "placed.net"]),
    }[part.family]
    with command.progress(f"{name}: packing the bitstream"):
        done = programs.run(programs.find(name), arguments, folder=folder, limit=PACK_LIMIT)
    programs.checked(done, name, limit=PACK_LIMIT, log=folder / "pack.log")
    raw = folder / ("packed.fs" if part.family == "gowin" else "packed")
    if not raw.is_file() or not raw.stat().st_size:
        raise ToolError(f"{name} must write a bitstream, and it wrote none; its log is {folder / 'pack.log'}")
    raw.replace(made)
    return done, made

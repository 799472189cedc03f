"""Area, clock and netlist checks of a machine, a unit of one, or any Verilog, on an FPGA."""

import dataclasses
import shlex
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from cli import command, paths
from cli import design as designs
from rtl import machine
from rtl.generated import GeneratedMachine
from spec import machines
from synth import estimate, fit, report, tool
from synth import part as parts
from synth.design import Design, from_file
from synth.place import TOOLS
from synth.result import measure
from synth.show import show
from synth.verification import verify as check_netlist


def from_built(built: GeneratedMachine, *, unit: str = "", spec: Any = None) -> Design:
    """Return a generated machine, or one module of it, as a design to measure."""
    if unit and f"module {unit}(" not in built.verilog and f"module \\{unit} " not in built.verilog:
        names = [line.split()[1].split("(")[0] for line in built.verilog.splitlines() if line.startswith("module ")]
        raise ValueError(f"unit must be a module of {built.name}, not {unit!r}; it has {', '.join(names)}")
    numbers = dataclasses.asdict(spec) if dataclasses.is_dataclass(spec) and not isinstance(spec, type) else {}
    kind = built.manifest.get("design", "")
    own = machines.part(kind, "synth") if kind else None
    places = getattr(own, "places", None)
    return Design(name=f"{built.name}-{unit}" if unit else built.name, verilog=built.verilog, top=unit or built.name,
                  kind="" if unit else kind, spec=numbers, plan=partial(places, spec) if places and numbers else None,
                  delay=getattr(own, "MAPPED_DELAY", 0))


def _apply(spec: Any, *, verilog: Path | None, top: str, unit: str, seeds: int) -> None:
    """Refuse options that do not apply: of a machine with a file, of a file with a machine, of placements without one."""
    if top and not verilog:
        raise ValueError(f"--top must come with --verilog, not alone; {top!r} of a machine is its --unit")
    if verilog:
        numbers = [field.name for field in dataclasses.fields(spec)]
        command.refuse(["design", "preset", *numbers, "unit", "verify", "record"], "a machine, not with --verilog")
    if unit:
        command.refuse(["verify", "record"], "a whole machine, not with --unit")
    if not seeds:
        command.refuse(["clock", "extra", "jobs", "floorplan"], "--seeds above 0, since nothing is placed")


def run(design: str, spec: Any, *,
        board: Annotated[str, typer.Option(help="Board, such as ulx3s-85f or icebreaker.")] = "",
        part: Annotated[str, typer.Option(help="Chip, such as lfe5u-85f-6 (the default) or ice40up5k.")] = "",
        unit: Annotated[str, typer.Option(help="Module of the machine to measure alone.")] = "",
        verilog: Annotated[Path | None, typer.Option(help="Verilog file to measure instead, with --top.")] = None,
        top: Annotated[str, typer.Option(help="Module of that file.")] = "",
        seeds: Annotated[int, typer.Option(min=0, max=99, help="Placements; the clock is their median. 0: area only.")] = 5,
        jobs: Annotated[int, typer.Option(min=1, help="Placements at once.")] = 1,
        clock: Annotated[float, typer.Option(min=0, max=10_000, help="MHz to work towards; the part's own when 0.")] = 0.0,
        verify: Annotated[bool, typer.Option(help="Run the machine's vectors on the netlist too.")] = False,
        options: Annotated[str, typer.Option(help="More options of Yosys's synthesis command.")] = "",
        extra: Annotated[str, typer.Option(help="More options of nextpnr.")] = "",
        floorplan: Annotated[bool, typer.Option(help="Put block RAM in place: as planned, or side by side (ECP5).")] = True,
        record: Annotated[bool, typer.Option(help="Add the result to those that estimates are fitted to.")] = False,
        out: Annotated[Path | None, typer.Option("-o", "--out",
                                                 help="Folder to write; build/synth/NAME-PART if not given.")] = None,
        json_: Annotated[Path | None, typer.Option("--json", help="Where else to write the result.")] = None) -> None:
    """Measure area and clock of a machine on an FPGA with Yosys and nextpnr.

    For example: python -m synth.run --pes 16 --preset ecp5 --board ulx3s-85f
    """
    paths.check(inputs={"--verilog": verilog}, outputs={"--json": json_}, folders={"--out": out})
    _apply(spec, verilog=verilog, top=top, unit=unit, seeds=seeds)
    target = parts.target_of(board, part)
    if verilog:
        chosen = from_file(verilog, top)
    else:
        with command.progress(f"Writing the Verilog of {design}"):
            chosen = from_built(machine.generate(design, spec), unit=unit, spec=spec)
    folder = out or Path("build") / "synth" / f"{chosen.name}-{target.name}"
    result, page = folder / "result.json", folder / "report.html"
    paths.check(inputs={"--verilog": verilog}, outputs={"the result": result, "the report": page, "--json": json_})
    print(tool.describe("yosys", *([TOOLS[target.family]] if target.routed else [])))
    verified = check_netlist(chosen, target, spec, options=tuple(options.split())) if verify else ""
    data = measure(chosen, target, seeds=seeds, clock=clock or None, jobs=jobs, extra=tuple(extra.split()),
                   options=tuple(options.split()), planned=floorplan)
    if guess := estimate.beside(data, target):
        data["estimate"] = guess
    if verify:
        data["verified"] = verified
    data["repeat"] = [" ".join(["python -m synth.run", *map(shlex.quote, sys.argv[1:])])]
    command.write_report(result, data)
    report.write(data, target, page)
    if record:
        fit.record(data)
    if json_:
        command.write_report(json_, data)
    show(data, target)
    if verify:
        print(f"netlist: {verified}")
    print(f"wrote {result} and {page}")


def application(arguments: Sequence[str] | None = None) -> typer.Typer:
    """Return the application for the machine that the command line names."""
    return designs.application(run, "Measure a machine on an FPGA.", machines, arguments)


if __name__ == "__main__":
    command.main(application)

"""Measure a design: `python -m synth.run --verilog FILE.v --top MODULE --part lfe5u-85f-6 --seeds 1`."""

from pathlib import Path
from statistics import median
from typing import Annotated, Any

import typer

from spec.command import application, main, write_json
from synth import part as parts
from synth import path, tool
from synth.design import Design, from_file
from synth.harness import NAME
from synth.part import Part
from synth.place import TOOLS, Placed, place
from synth.synthesis import Netlist, synthesise

app = application("Area and clock of a design on an FPGA, with open tools.")


def measure(design: Design, target: Part, *, seeds: int, clock: float | None = None,
            extra: tuple[str, ...] = (), options: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return the result of a design on a part as data for JSON."""
    netlist = synthesise(design, target, options=options)
    placed = [place(netlist.folder / "net.json", target, seed=seed, clock=clock, extra=extra)
              for seed in range(1, seeds + 1)]
    return result(design, target, netlist, placed)


def result(design: Design, target: Part, netlist: Netlist, placed: list[Placed]) -> dict[str, Any]:
    """Return one result out of a netlist and its placements; area is that of the median seed."""
    around = harness_area(netlist)
    ranked = sorted(placed, key=lambda one: one.fmax)
    middle = ranked[(len(ranked) - 1) // 2]
    return {
        "design": design.manifest, "part": target.name, "tools": tool.identity("yosys", TOOLS[target.family]),
        **{name: used - around.get(name, 0) for name, used in middle.used.items()}, "harness": around,
        "fmax_mhz": {"median": round(median(one.fmax for one in placed), 2), "best": ranked[-1].fmax,
                     "worst": ranked[0].fmax, "seeds": {one.seed: one.fmax for one in placed}},
        "critical_path": {**path.total(middle.path), "seed": middle.seed, "blocks": path.blocks(middle.path)},
        "seconds": {"yosys": round(netlist.seconds, 1), "nextpnr": [round(one.seconds, 1) for one in placed]},
        "commands": [netlist.command, *(one.command for one in placed)],
        "kept_modules": netlist.kept,
    }


def harness_area(netlist: Netlist) -> dict[str, int]:
    """Return what the registers around the design cost, which is not the design's."""
    own = netlist.cells["modules"][f"\\{NAME}"]["num_cells_by_type"]
    return {"comb": sum(count for kind, count in own.items() if "LUT" in kind),
            "ff": sum(count for kind, count in own.items() if "FF" in kind)}


@app.command()
def command(
    verilog: Annotated[Path, typer.Option(help="Verilog file to measure.")],
    top: Annotated[str, typer.Option(help="Module of that file.")],
    part: Annotated[str, typer.Option(help="Chip; see docs/synth.md.")] = "lfe5u-85f-6",
    seeds: Annotated[int, typer.Option(min=1, help="Placements; the clock is their median.")] = 5,
    clock: Annotated[float, typer.Option(help="Clock in MHz to work towards; the part's own when 0.")] = 0.0,
    options: Annotated[str, typer.Option(help="More options of the Yosys synthesis command.")] = "",
    extra: Annotated[str, typer.Option(help="More options of nextpnr.")] = "",
    json: Annotated[Path | None, typer.Option(help="Where to write the result.")] = None,
) -> None:
    """Measure a design, for example: python -m synth.run --verilog eie.v --top pe --seeds 1."""
    target = parts.part(part)
    data = measure(from_file(verilog, top), target, seeds=seeds, clock=clock or None,
                   extra=tuple(extra.split()), options=tuple(options.split()))
    goal = json or Path("build") / "synth" / f"{data['design']['name']}-{target.name}" / "result.json"
    write_json(goal, data)
    show(data, target)
    print(f"wrote {goal}")


def show(data: dict[str, Any], target: Part) -> None:
    """Print a result."""
    for name, has in target.has.items():
        print(f"{name:5} {data[name]:7} of {has:7} {100 * data[name] / max(has, 1):5.1f} %")
    fmax = data["fmax_mhz"]
    print(f"fmax  {fmax['median']:.1f} MHz median, {fmax['best']:.1f} best, {fmax['worst']:.1f} worst "
          f"of {len(fmax['seeds'])} seeds")
    way = data["critical_path"]
    print(f"critical path (seed {way['seed']}): {way['ns']:.2f} ns = logic {way['logic_ns']:.2f} + "
          f"routing {way['routing_ns']:.2f}, {way['steps']} logic steps")
    for one in way["blocks"]:
        print(f"  {one['block']:24} logic {one['logic_ns']:6.2f}  routing {one['routing_ns']:6.2f}  "
              f"{one['cells'][0]} .. {one['cells'][-1]}")


if __name__ == "__main__":
    main(app)

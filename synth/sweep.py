"""Measure many machines at once: every combination of options, over Dask, resumable."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from cli import design as designs
from cli import paths
from cli.command import main, refuse, write_json
from rtl import machine
from spec import machines
from synth import grid, pareto, pool, tool
from synth import part as parts
from synth.design import technology
from synth.place import TOOLS
from synth.result import measure
from synth.run import from_built

OBJECTIVES = {"cycles": "cycles", "microseconds": "microseconds of one inference", "period": "nanoseconds per cycle"}
AREAS = ("comb", "ff", "dsp", "bram")


def one(point: grid.Point) -> dict[str, Any]:
    """Measure one point, in a worker."""
    spec = point.spec()
    built = machine.generate(point.design, spec)
    data = measure(from_built(built, spec=spec), parts.named(point.part), seeds=point.seeds)
    return {key: data[key] for key in (*AREAS, "seconds", "design") if key in data} | {
        "fmax_mhz": data.get("fmax_mhz")}


def identity(point: grid.Point) -> str:
    """Return what a point's result depends on: its machine's text, the part, the cells, the tools."""
    target = parts.named(point.part)
    built = machine.generate(point.design, point.spec())
    programs = ("yosys", TOOLS[target.family]) if target.routed else ("yosys",)
    return json.dumps([built.verilog, technology(target.family), point.part, point.seeds, tool.identity(*programs)])


def cycles(points: list[grid.Point], image: Path | None, inputs: Path | None) -> list[int | None]:
    """Return the cycles of an image on each point's machine."""
    if image is None:
        return [None] * len(points)
    from synth.cycles import count

    return [count(point.design, image, inputs, point.spec()) for point in points]


def rows(points: list[grid.Point], found: list[dict[str, Any]], counts: list[int | None]) -> list[dict[str, Any]]:
    """Return a table's row for each point: its options, its figures, its cycles and time on the image."""
    table = []
    for point, data, count in zip(points, found, counts, strict=True):
        options = {name: grid.text(value) for name, value in point.options}
        row: dict[str, Any] = {"name": point.name, **options, "part": point.part}
        if "error" in data:
            table.append(row | {"error": data["error"]})
            continue
        row |= {figure: data[figure] for figure in AREAS}
        if clock := data["fmax_mhz"]:
            row |= {"fmax_mhz": clock["median"], "fmax_worst": clock["worst"], "period": round(1000 / clock["median"], 3)}
        if count is not None:
            row["cycles"] = count
            if clock:
                row["microseconds"] = round(row["cycles"] / clock["median"], 3)
        table.append(row)
    return table


def command(
    context: typer.Context,
    design: str,
    *,
    board: Annotated[str, typer.Option(help="Board, such as ulx3s-85f.")] = "",
    part: Annotated[str, typer.Option(help="Chip, such as lfe5u-85f-6 (the default).")] = "",
    seeds: Annotated[int, typer.Option(min=0, max=99, help="Placements of each machine. 0: area only.")] = 1,
    image: Annotated[Path | None, typer.Option(help="Image to count cycles of; {pes} stands for the PEs.")] = None,
    inputs: Annotated[Path | None, typer.Option("--input", help="Its inputs, .npy; the first one is taken.")] = None,
    objective: Annotated[str, typer.Option(help=f"What the plot sets against area: {', '.join(OBJECTIVES)}.")] = "",
    area: Annotated[str, typer.Option(help=f"The plot's area: {', '.join(AREAS)}.")] = "comb",
    scheduler: Annotated[str, typer.Option(help="Dask scheduler to use, tcp://host:port.")] = "",
    jobqueue: Annotated[str, typer.Option(help="Batch system to start workers on: slurm.")] = "",
    workers: Annotated[int, typer.Option(min=1, help="Workers to start, where none run yet.")] = 2,
    out: Annotated[Path, typer.Option("-o", "--out",
                                      help="Folder for sweep.csv, sweep.json and pareto.png.")] = Path("build/sweep"),
) -> None:
    """Measure every combination of the machine's options, each a list with commas; see python -m rtl.build --help for them.

    An option that is on or off takes on, off or on,off; names that belong together are joined: --formats fp16+bf16,fp16.

    For example: python -m synth.sweep --pes 4,8,16 --queue-depth 8,16 --preset ecp5 --board ulx3s-85f
    """
    goal = objective or ("microseconds" if image else "period")
    if goal not in OBJECTIVES:
        raise ValueError(f"--objective must be one of {', '.join(OBJECTIVES)}, not {goal!r}")
    if goal != "period" and not image:
        raise ValueError(f"--objective {goal} must come with an --image to count cycles of; make one with compress.build")
    if area not in AREAS:
        raise ValueError(f"--area must be one of {', '.join(AREAS)}, not {area!r}")
    target = parts.target_of(board, part)
    if goal != "cycles" and not (target.routed and seeds):
        raise ValueError(f"--objective {goal} must have a clock, from a part that is routed and --seeds above 0, "
                         f"not {target.name} and {seeds}; take --objective cycles")
    if not image:
        refuse(["inputs"], "--image")
    if scheduler:
        refuse(["workers"], "no --scheduler, whose workers are its own")
    paths.check(inputs={"--input": inputs}, folders={"--out": out})
    paths.check(outputs={name: out / name for name in ("sweep.csv", "sweep.json", "pareto.png")})
    points = grid.points(design, _axes(design, context.args), part=target.name, seeds=seeds)
    counts = cycles(points, image, inputs)              # what is wrong with the image is said before the hours
    names = [identity(point) for point in points]
    with pool.client(scheduler=scheduler, jobqueue=jobqueue, workers=min(workers, len(points))) as workers_:
        found = pool.work(workers_, list(zip(names, points, strict=True)), one,
                          title=f"measuring {len(points)} machines on {target.name}")
    table = rows(points, [found[name] for name in names], counts)
    whole = [row for row in table if "error" not in row]
    pareto.table(table, out / "sweep.csv")
    write_json(out / "sweep.json", table)
    if whole:
        pareto.plot(whole, out / "pareto.png", across=area, up=goal, title=f"{design} on {target.name}")
    for row in table:
        print(row["name"] + ":", row.get("error") or f"{row['comb']} LUT, {row.get('fmax_mhz', '-')} MHz, "
              f"{row.get('cycles', '-')} cycles")
    print(f"wrote {out / 'sweep.csv'}, sweep.json" + (" and pareto.png" if whole else ""))
    if len(whole) < len(table):
        raise ValueError(f"every machine must be measured, and {len(table) - len(whole)} of {len(table)} were not; "
                         f"see {out / 'sweep.csv'}; a second run takes up what is missing")


def _axes(design: str, arguments: list[str]) -> dict[str, list[Any]]:
    """Return the options that are the machine's own, each with its values."""
    machine, axes = machines.part(design, "spec"), dict[str, list[Any]]()
    words = iter(arguments)
    for word in words:
        name, equals, value = word.partition("=")
        if not name.startswith("--"):
            raise ValueError(f"options of the machine must begin with --, not {word!r}")
        plain = name.removeprefix("--").replace("-", "_")
        if plain.startswith("no_") and not equals:
            plain, value = plain.removeprefix("no_"), "off"
        else:
            value = value if equals else next(words, "")
        texts = [part.strip() for part in value.split(",") if part.strip()]
        if not texts:
            raise ValueError(f"{name} must have values with commas between, not {value!r}")
        axes[plain] = designs.values(machine, plain, texts)
    return axes


def application(arguments: Sequence[str] | None = None) -> typer.Typer:
    """Return the application for the machine that the command line names."""
    return designs.application(command, "Measure every combination of a machine's options on a part.", machines, arguments,
                               loose=True)


if __name__ == "__main__":
    main(application)

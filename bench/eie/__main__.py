"""EIE's Table IV by the generated Verilog: nine layers, or a user's image, every output and counter against golden."""

import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Annotated

import typer

from bench.eie import own, run
from bench.eie.case import benchmark
from bench.eie.deep import REGISTRY, cores, generated, in_parallel
from bench.eie.run import Row
from bench.eie.table import load, report, table, wrong
from cli import command, paths
from cli import design as designs
from cli.table import show
from compress.eie.order import PRESET_ORDERS
from golden.eie.patterns import TABLE
from sim.session import prepare
from spec.eie import EieSpec


def main(
    names: Annotated[list[str] | None, typer.Argument(help=f"Layers: {', '.join(TABLE)}; all if none is named.")] = None,
    *,
    spec: EieSpec,
    preset: str | None = None,
    seeds: Annotated[str, typer.Option(help="Seeds of the patterns; the table shows each layer's median.")] = "1",
    order: Annotated[str | None, typer.Option(help="Rows to PEs: balanced or modulo; modulo for preset paper.")] = None,
    image: Annotated[Path | None, typer.Option(help="A user's image from compress.build, not the nine layers.")] = None,
    input: Annotated[Path | None, typer.Option(help="With --image: input .npy; random positive numbers without.")] = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="Simulations at a time; one a core if not given.")] = None,
    json: Annotated[Path | None, typer.Option(help="Write the table, and every counter, to a file, run by run.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Keep the runs in --json that the same Verilog made.")] = False,
) -> None:
    """Run EIE's nine layers on the generated Verilog and set cycles beside its Table IV.

    Example: python -m bench.eie --seeds 1,2,3 --json eie.json

    Every preset has memories that hold each of the layers.

    Exit code 1 means that an output or a counter was not the golden model's.
    """
    start = time.monotonic()
    if input is not None and image is None:
        raise ValueError("--input must come with --image, not alone; the nine layers draw their own")
    if image is not None:
        numbers = [one.name for one in fields(EieSpec)]
        command.refuse(["names", "preset", *numbers, "order", "jobs", "resume"], "the nine layers, not with --image")
    if input is not None:
        command.refuse(["seeds"], "a random input, not with --input")
    paths.check(inputs={"--image": image, "--input": input}, outputs={"--json": json})
    if image is not None:
        rows, spec = _own(image, input, _numbers(seeds)[0])
        facts = {"image": image.name}
    else:
        order = order or PRESET_ORDERS.get(preset or "default", "balanced")
        names = [benchmark(name) and name for name in names or TABLE]
        facts = {"preset": preset or "default", "order": order, "seeds": _numbers(seeds)}
        if resume and json is None:
            raise ValueError("--resume must come with --json, not alone; it names the file with the runs to keep")
        kept = load(json, spec, order) if resume and json is not None and json.exists() else []
        rows = []
        for rows in _nine(names, _numbers(seeds), spec, order, jobs or cores(), kept):
            if json:
                command.write_report(json, report(rows, spec, **facts, seconds=time.monotonic() - start))
    data = report(rows, spec, **facts, seconds=time.monotonic() - start)
    show(*table(data))
    print(f"{data['seconds']:.0f} s in all; geomean of cycles over limit {data['geomean_over_limit']:.4f}; "
          f"{wrong(data)} outputs or counters differ from golden")
    if json:
        command.write_report(json, data)
        print(f"wrote {json}")
    sys.exit(1 if wrong(data) else 0)


def application(arguments: Sequence[str] | None = None) -> typer.Typer:
    """Return the application, with the parameters of the machine as options."""
    return designs.application(main, __doc__ or "", REGISTRY, arguments)


def _nine(names: list[str], seeds: list[int], spec: EieSpec, order: str, jobs: int, kept: list[Row]) -> Iterator[list[Row]]:
    """Yield, after each run, all rows so far in the order of the table; first seeds first, long runs ahead of short ones."""
    wanted = [(name, seed) for name in names for seed in seeds]
    found = {(row.layer, row.seed): row for row in kept if (row.layer, row.seed) in wanted}
    if found:
        print(f"kept {len(found)} of {len(wanted)} runs, made by the same Verilog")
        yield [found[key] for key in wanted if key in found]
    todo = sorted((key for key in wanted if key not in found), key=lambda key: (seeds.index(key[1]), -_load(key[0])))
    if not todo:
        return
    with command.progress(f"verilator: building the simulation of {spec.pes} PEs"):
        prepare(generated(spec))
    work = [{"name": name, "spec": spec, "seed": seed, "order": order} for name, seed in todo]
    with command.progress(f"simulating {len(work)} runs", total=len(work)) as bar:
        for row in in_parallel(run.simulate, work, processes=jobs):
            found[row.layer, row.seed] = row
            bar.advance(1)
            yield [found[key] for key in wanted if key in found]


def _load(name: str) -> float:
    layer = benchmark(name)
    return layer.inputs * (64 + layer.outputs * layer.weight_density / 4)


def _own(image: Path, given: Path | None, seed: int) -> tuple[list[Row], EieSpec]:
    spec = own.spec_of(image)
    with command.progress(f"verilator: building the simulation of {spec.pes} PEs"):
        prepare(generated(spec))
    with command.progress(f"simulating {image.name}"):
        return own.simulate(path=image, given=given, seed=seed), spec


def _numbers(text: str) -> list[int]:
    if not all(part.isdecimal() for part in text.split(",")):
        raise ValueError(f"seeds must be whole numbers with commas, not {text!r}; write 1,2,3")
    return [int(part) for part in text.split(",")]


if __name__ == "__main__":
    command.main(application)

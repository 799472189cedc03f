"""Build a bitstream: a machine, the host link and a board's pins, with open tools alone.

Example: python -m boards.build --board ulx3s-85f --design eie --pes 32 --preset ecp5
"""

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from boards import about, bitstream, catalogue, choice, tried
from boards.embed import embedded
from boards.top import clocking
from cli import command, paths
from cli import design as designs
from rtl import machine
from rtl.build import asked, image_of
from rtl.image import design_and_spec
from spec import machines

HELP = "Build a board's bitstream."


def run(design: str, spec: Any, preset: str | None, *,
        board: Annotated[str, typer.Option(help="Board; python -m boards.list shows them.", show_default=False)],
        image: Annotated[Path | None, typer.Option(help="Image whose machine to build.")] = None,
        embed: Annotated[bool, typer.Option("--embed", help="Put the image into the bitstream.")] = False,
        clock: Annotated[float, typer.Option(help="MHz of the machine; when 0 what it is known to reach on the board.")] = 0.0,
        baud: Annotated[int, typer.Option(help="Rate of the serial line; the fastest that is safe when 0.")] = 0,
        seeds: Annotated[int, typer.Option(min=1, max=99, help="Placements to try until the clock is reached.")] = 3,
        first_seed: Annotated[int, typer.Option(min=1, help="The first of them.")] = 1,
        allow_slow: Annotated[bool, typer.Option("--allow-slow", help="Keep a bitstream that misses its clock.")] = False,
        plan_only: Annotated[bool, typer.Option("--plan", help="Write Verilog and constraints alone.")] = False,
        extra: Annotated[str, typer.Option(help="More options of nextpnr.")] = "",
        record: Annotated[bool, typer.Option("--record", help="Write the figures into what boards.list shows.")] = False,
        out: Annotated[Path | None, typer.Option("-o", "--out",
                                                 help="Folder to write; build/boards/BOARD if not given.")] = None,
        json_: Annotated[Path | None, typer.Option("--json", help="Where else to write the figures.")] = None) -> None:
    """Build a bitstream: the machine, the host link and a board's pins.

    For example: python -m boards.build --board ulx3s-85f --design eie --pes 32 --preset ecp5

    Without options of the machine it is the image's, or the largest that fits by the estimate and is known to reach its clock.
    """
    chosen = catalogue.named(board)
    folder = out or Path("build") / "boards" / chosen.name
    paths.check(inputs={"--image": image}, outputs={"--json": json_}, folders={"--out": folder})
    clocks = clocking(chosen, design, clock_hz=clock * 1e6, baud=baud)
    boot, digest = b"", ""
    if image is not None:
        _, _, boot, digest = embedded(image, design, spec)
    elif embed:
        raise ValueError("--embed must come with --image, the image to put in; give one")
    elif preset is None and spec == machines.specification(design).preset("default"):
        spec = choice.largest(chosen, design)
    about.carried(design, spec)
    with command.progress(f"Writing the Verilog of {design}"):
        sources = bitstream.sources_of(chosen, machine.generate(design, spec), clocks, boot=boot if embed else b"",
                                       image=digest if embed else "")
    if plan_only or chosen.planned:
        sources.write(folder)
        print(f"wrote shell.v, top.v and {sources.pins_file} of {sources.machine.name} in {folder}; no bitstream"
              + ("" if plan_only else f": {chosen.notes}"))
        return
    figures = bitstream.build(sources, folder, seeds=range(first_seed, first_seed + seeds), allow_slow=allow_slow,
                              extra=extra.split())
    figures["repeat"] = " ".join(["python -m boards.build", *map(shlex.quote, asked(sys.argv[1:]))])
    tell(figures)
    if record:
        tried.record(figures)
    print(f"wrote {folder / figures['file']} and {folder / 'board.json'}")
    if json_:
        command.write_report(json_, figures)


def tell(figures: dict[str, Any]) -> None:
    """Print what was built."""
    print(f"{figures['machine']} on {figures['board']}: {figures['bytes']:,} bytes; {figures['reached_mhz']:g} MHz reached, "
          f"{figures['clock_mhz']:g} MHz required{'' if figures['met'] else ': MISSED'} (seed {figures['seed']})")
    print("  " + ", ".join(f"{figure} {figures['used'][figure]:,} of {has:,}" for figure, has in figures["has"].items()
                           if figures["used"].get(figure)))
    seconds = figures["seconds"]
    print(f"  yosys {seconds['yosys']:g} s, nextpnr {' + '.join(f'{one:g}' for one in seconds['nextpnr'])} s, "
          f"pack {seconds['pack']:g} s; at most {figures['megabytes']:,} MB")


def application(arguments: Sequence[str] | None = None) -> typer.Typer:
    """Return the application for the machine that the command line names, or the image that it names."""
    given = sys.argv[1:] if arguments is None else arguments
    path = image_of(given)
    design, base = design_and_spec(path) if path else (None, None)
    return designs.application(run, HELP, machines, given, design=design, base=base)


if __name__ == "__main__":
    command.main(application)

"""Build a bitstream: a machine, the host link and a board's pins, with open tools alone.

Example: python -m boards.build --board ulx3s-85f --design eie --pes 32 --preset ecp5
"""

import inspect
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from boards import bitstream, catalogue, choice
from boards.embed import embedded
from boards.top import clocking
from cli import command
from rtl import machine

HELP = "Build a board's bitstream."


def run(design: str, spec: Any, *,
        board: Annotated[str, typer.Option(help="Board; python -m boards.list shows them.", show_default=False)],
        image: Annotated[Path | None, typer.Option(help="Image whose machine to build.")] = None,
        embed: Annotated[bool, typer.Option("--embed", help="Put the image into the bitstream.")] = False,
        clock: Annotated[float, typer.Option(help="MHz of the machine; the board's own choice when 0.")] = 0.0,
        baud: Annotated[int, typer.Option(help="Rate of the serial line; the fastest that is safe when 0.")] = 0,
        seeds: Annotated[int, typer.Option(min=1, max=99, help="Placements to try until the clock is reached.")] = 3,
        seed: Annotated[int, typer.Option(min=1, help="The first of them.")] = 1,
        allow_slow: Annotated[bool, typer.Option("--allow-slow", help="Keep a bitstream that misses its clock.")] = False,
        plan_only: Annotated[bool, typer.Option("--plan", help="Write Verilog and constraints alone.")] = False,
        out: Annotated[Path | None, typer.Option(help="Folder to write; build/boards/BOARD if not given.")] = None,
        json_: Annotated[Path | None, typer.Option("--json", help="Where else to write the figures.")] = None) -> None:
    """Build a bitstream: the machine, the host link and a board's pins.

    For example: python -m boards.build --board ulx3s-85f --design eie --pes 32 --preset ecp5

    Without options of the machine it is the image's, or the largest that fits by the estimate.
    """
    chosen = catalogue.named(board)
    clocks = clocking(chosen, clock_hz=clock * 1e6, baud=baud)
    boot, digest = b"", ""
    if image is not None:
        asked = _asked(design)
        design, spec, boot, digest = embedded(image, design if asked else "", spec if asked else None)
    elif embed:
        raise ValueError("--embed must come with --image, the image to put in; give one")
    elif not _asked(design):
        spec = choice.largest(chosen, design)
    folder = out or Path("build") / "boards" / chosen.name
    with command.progress(f"Writing the Verilog of {design}"):
        planned = bitstream.plan(chosen, machine.generate(design, spec), clocks, boot=boot if embed else b"",
                                 image=digest if embed else "")
    if plan_only or chosen.planned:
        planned.write(folder)
        print(f"wrote shell.v, top.v and {planned.pins_file} of {planned.machine.name} in {folder}; no bitstream"
              + ("" if plan_only else f": {chosen.notes}"))
        return
    figures = bitstream.build(planned, folder, seeds=range(seed, seed + seeds), allow_slow=allow_slow)
    tell(figures)
    print(f"wrote {folder / figures['file']} and {folder / 'board.json'}")
    if json_:
        command.write_json(json_, figures)


def tell(figures: dict[str, Any]) -> None:
    """Print what was built."""
    print(f"{figures['machine']} on {figures['board']}: {figures['bytes']:,} bytes; {figures['reached_mhz']:g} MHz reached, "
          f"{figures['clock_mhz']:g} MHz required{'' if figures['met'] else ': MISSED'} (seed {figures['seed']})")
    print("  " + ", ".join(f"{figure} {figures['used'][figure]:,} of {has:,}" for figure, has in figures["has"].items()
                           if figures["used"].get(figure)))
    seconds = figures["seconds"]
    print(f"  yosys {seconds['yosys']:g} s, nextpnr {' + '.join(f'{one:g}' for one in seconds['nextpnr'])} s, "
          f"pack {seconds['pack']:g} s; at most {figures['megabytes']:,} MB")


def _asked(design: str) -> bool:
    """Tell whether the command line names an option of the machine."""
    parameters = inspect.signature(machine._options(design).make_spec, eval_str=True).parameters
    flags = set()
    for name, parameter in parameters.items():
        shown = f"--{name.rstrip('_').replace('_', '-')}"
        flags |= {shown, f"--no-{shown[2:]}"}
        for extra in getattr(parameter.annotation, "__metadata__", ()):
            flags |= set(getattr(extra, "param_decls", None) or ())
    return any(argument.partition("=")[0] in flags for argument in sys.argv[1:])


if __name__ == "__main__":
    command.main(lambda: machine.application(run, HELP))

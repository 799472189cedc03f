"""Run a job on the generated Verilog of a machine in a simulator, and check every value against golden.

Example: python -m sim.run digits.npz --input digits_inputs.npy --labels digits_labels.npy
"""
import sys
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path

import typer

from cli import command
from cli import design as designs
from files.archive import open_archive
from files.document import parse_json
from spec import machines
from spec.image import HEADER

HEADER_BYTES = 1 << 20


def application(arguments: Sequence[str] | None = None) -> typer.Typer:
    """Return an application whose one command is that of the machine the arguments are for.

    A machine's ``sim.NAME.run`` has ``run`` for an image and may have ``operands`` for a job without one, which takes the
    machine's parameters as options.
    """
    given = sys.argv[1:] if arguments is None else arguments
    design = design_named(given)
    commands = machines.part(design, "sim", "run")
    run = commands.run if _images(given) or not hasattr(commands, "operands") else commands.operands
    return designs.application(run, __doc__.partition("\n")[0], machines, given, design=design)


def design_named(arguments: Sequence[str]) -> str:
    """Return the machine of a command line: the one asked for, else that of the first image named, else the first of all."""
    if (named := designs.asked(arguments)) is not None:
        machines.part(named, "spec")        # refuses one that there is not
        return named
    images = _images(arguments)
    return _of_image(Path(images[0])) if images else machines.MACHINES[0]


def _images(arguments: Sequence[str]) -> list[str]:
    """Return the arguments that are images: by their name, or whatever it is by what is in the file; no option's value."""
    return [argument for before, argument in pairwise(["", *arguments])
            if not argument.startswith("-") and (argument.endswith(".npz") or _named(Path(argument)) is not None)
            and (not before.startswith("-") or "=" in before or before in _switches())]


@cache
def _switches() -> frozenset[str]:
    """Return the options of all machines that take no value."""
    found = {"-v", "--verbose", "--help"}
    for design in machines.MACHINES:
        app = designs.application(machines.part(design, "sim", "run").run, "", machines, [], design=design)
        found |= {name for one in typer.main.get_command(app).params if getattr(one, "is_flag", False) for name in one.opts}
    return frozenset(found)


def _of_image(path: Path) -> str:
    """Return the machine that an image names; one that cannot be read is left to the first machine's loader, which says why."""
    return _named(path) or machines.MACHINES[0]


def _named(path: Path) -> str | None:
    """Return the machine that a file names, or None if it is no image of ours."""
    try:
        with open_archive(path, "image") as archive:
            named = parse_json(archive.read(HEADER, HEADER_BYTES).tobytes(), "header")["machine"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return named if named in machines.MACHINES else None


if __name__ == "__main__":
    command.main(application)

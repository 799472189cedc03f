"""Build an image: `python -m compress.build --example digits -o digits.npz`."""

import sys
from collections.abc import Sequence

import typer

from cli import command
from cli import design as designs
from spec import machines


def application(arguments: Sequence[str] | None = None) -> typer.Typer:
    """Return the application for the machine that the command line names: ``run`` of its ``compress.NAME.build``."""
    given = sys.argv[1:] if arguments is None else arguments
    design = designs.asked(given) or machines.MACHINES[0]
    try:
        run = machines.part(design, "compress", "build").run
    except ModuleNotFoundError as error:
        if error.name != f"compress.{design}.build":
            raise
        raise ValueError(f"design must be a machine that images are built for from files, not {design!r}; "
                         f"choose another") from error
    return designs.application(run, "Build an image for a machine.", machines, given, design=design)


if __name__ == "__main__":
    command.main(application)

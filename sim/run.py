"""Run a job on the generated Verilog of a machine in a simulator, and check every value against golden.

Example: python -m sim.run digits.npz --input digits_inputs.npy --labels digits_labels.npy
"""
import importlib
import inspect
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from cli import command
from files.archive import open_archive
from files.document import parse_json
from spec import machines
from spec.image import HEADER

HEADER_BYTES = 1 << 20


def application(arguments: Sequence[str] | None = None) -> typer.Typer:
    """Return an application whose one command is that of the machine the arguments are for."""
    design = machine(sys.argv[1:] if arguments is None else arguments)
    run = importlib.import_module(f"sim.{design}.run").run
    signature = inspect.signature(run, eval_str=True)
    choice = Annotated[str, typer.Option(
        help=f"Machine: {', '.join(machines.MACHINES)}; unasked, that of the image. The other options are those of {design}.")]
    chosen = inspect.Parameter("design", inspect.Parameter.KEYWORD_ONLY, default=design, annotation=choice)

    def call(**options: Any) -> None:
        del options["design"]
        run(**options)

    shown = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in signature.parameters.values()]
    call.__signature__ = signature.replace(parameters=[*shown, chosen])    # type: ignore[attr-defined]
    call.__doc__ = run.__doc__
    app = command.application(__doc__.partition("\n")[0])
    app.command()(call)
    return app


def machine(arguments: Sequence[str]) -> str:
    """Return the machine of a command line: the one asked for, else that of the first image named, else the first of all."""
    for number, argument in enumerate(arguments):
        name = argument.removeprefix("--design=")
        if argument == "--design":
            name = arguments[number + 1] if number + 1 < len(arguments) else ""
        if name != argument or argument == "--design":
            if name not in machines.MACHINES:
                raise ValueError(f"design must be one of {', '.join(machines.MACHINES)}, not {name!r}; choose one")
            return name
    images = [argument for argument in arguments if argument.endswith(".npz")]
    return _of_image(Path(images[0])) if images else machines.MACHINES[0]


def _of_image(path: Path) -> str:
    """Return the machine that an image names; one that cannot be read is left to the first machine's loader, which says why."""
    try:
        with open_archive(path, "image") as archive:
            named = parse_json(archive.read(HEADER, HEADER_BYTES).tobytes(), "header")["machine"]
    except (OSError, ValueError, KeyError, TypeError):
        return machines.MACHINES[0]
    return named if named in machines.MACHINES else machines.MACHINES[0]


if __name__ == "__main__":
    command.main(application)

"""The machines by name, and commands that take the options of the machine they are asked for.

A machine is a folder of ``rtl/`` with ``generate(spec) -> GeneratedMachine`` in its ``__init__.py`` and, in its
``options.py``, ``make_spec(...)``, whose annotated parameters are its options on a command line.
"""

import importlib
import inspect
import sys
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import typer

from cli import command
from rtl.generated import GeneratedMachine
from spec import machines


def generate(design: str, spec: Any) -> GeneratedMachine:
    """Return the Verilog and manifest of a machine."""
    return machines.part(design, "rtl").generate(spec)


def make_spec(design: str, **options: Any) -> Any:
    """Return the specification of a machine from the options of its command line."""
    return _options(design).make_spec(**options)


def application(run: Callable[..., None], help: str, arguments: Sequence[str] | None = None) -> typer.Typer:
    """Return an application whose one command has the options of ``run`` and of the machine asked for.

    Parameters
    ----------
    run : callable
        Takes ``design`` and ``spec`` and, annotated for Typer, options of its own; its docstring is the
        command's help.
    help : str
        One sentence.
    arguments : sequence of str, optional
        Those of the process when not given; read here only for ``--design``.
    """
    design = _asked(sys.argv[1:] if arguments is None else arguments)
    offered = inspect.signature(_options(design).make_spec, eval_str=True).parameters
    own = inspect.signature(run, eval_str=True).parameters
    choice = Annotated[str, typer.Option(
        help=f"Machine: {', '.join(machines.MACHINES)}. Those below are the options of {design}.")]
    kind = inspect.Parameter.KEYWORD_ONLY
    chosen = inspect.Parameter("design", kind, default=machines.MACHINES[0], annotation=choice)
    shown = [parameter.replace(kind=kind)
             for name, parameter in (own | offered).items() if name not in ("design", "spec")]

    def call(**options: Any) -> None:
        name = options.pop("design")
        spec = make_spec(name, **{option: options.pop(option) for option in offered})
        run(name, spec, **options)

    call.__signature__ = inspect.Signature([chosen, *shown])        # type: ignore[attr-defined]
    call.__doc__ = run.__doc__
    app = command.application(help)
    app.command()(call)
    return app


def _asked(arguments: Sequence[str]) -> str:
    """Return the machine that a command line asks for; the last word counts."""
    design = machines.MACHINES[0]
    for number, argument in enumerate(arguments):
        if argument == "--design" and number + 1 < len(arguments):
            design = arguments[number + 1]
        elif argument.startswith("--design="):
            design = argument.removeprefix("--design=")
    return design


def _options(design: str) -> Any:
    machines.part(design, "rtl")
    return importlib.import_module(f"rtl.{design}.options")

"""nonzero: accelerators that spend a multiplier only on a pair of non-zeros, as one import and one command.

``nonzero.Eie(spec)``, ``nonzero.Mac(spec)`` and ``nonzero.Scnn(spec)`` are components for an Amaranth design,
``nonzero.preset`` makes a specification;
``nonzero build --pes 64`` is ``python -m rtl.build --pes 64``. What is named here is imported when it is first used.
"""

import importlib
import runpy
import sys
from typing import Any

from cli.interrupt import begin
from spec import VERSION as __version__
from spec.machines import MACHINES, part

Eie: Any                                                # all come from __getattr__
Mac: Any
Scnn: Any
__all__ = ["COMMANDS", "Eie", "Mac", "Scnn", "__version__", "main", "preset"]

COMPONENTS = {name.capitalize(): f"rtl.{name}.machine" for name in MACHINES}
"""Name of a machine's component -> its module."""

COMMANDS = {
    "build": ("rtl.build", "write the Verilog of a machine"),
    "compress": ("compress.build", "turn a network into an image"),
    "check": ("compress.check", "say what of an ONNX network can be mapped"),
    "run": ("sim.run", "run an image on the generated Verilog in a simulator"),
    "firmware": ("compress.firmware", "write an image as a C header for a program without files"),
    "synth": ("synth.run", "area and clock on an FPGA"),
    "estimate": ("synth.estimate", "area and clock without tools"),
    "sweep": ("synth.sweep", "many machines, the best of them"),
    "baseline": ("synth.baseline", "compare area and clock with the recorded figures"),
    "bench-eie": ("bench.eie", "the layers of the EIE paper"),
    "bench-mac": ("bench.mac", "the MAC tile against recordings of tensor cores"),
    "bench-scnn": ("bench.scnn", "the networks of the SCNN paper"),
    "boards list": ("boards.list", "FPGA boards: what fits on each, what was tried"),
    "boards build": ("boards.build", "a board's bitstream, with open tools alone"),
    "boards flash": ("boards.flash", "put a bitstream into a board"),
    "boards run": ("boards.run", "run an image on a board, or on a virtual one"),
    "doctor": ("doctor", "what is installed, what will be used, what is missing"),
}
"""Command, of one word or two -> the module that ``python -m`` runs, and what it does."""


def __getattr__(name: str) -> Any:
    """Import a machine's component when it is asked for: ``Eie``, ``Mac``, ``Scnn`` and those registered since."""
    if name not in COMPONENTS:
        raise AttributeError(f"module 'nonzero' has no attribute {name!r}")
    return importlib.import_module(COMPONENTS[name]).Machine


def preset(name: str = "default", *, design: str = MACHINES[0], **changes: Any) -> Any:
    """Return the specification of a machine: a preset of it with changes.

    Parameters
    ----------
    name : str
        Name of the preset.
    design : str
        Name of the machine.
    **changes
        Parameters that differ from the preset's.
    """
    return part(design, "spec").preset(name, **changes)


def usage() -> str:
    """Return the help text of the command ``nonzero``."""
    wide = max(map(len, COMMANDS))
    lines = "".join(f"  {name:<{wide}}  {text}\n" for name, (_, text) in COMMANDS.items())
    example = "usage: nonzero COMMAND [OPTIONS], for example: nonzero build --pes 64"
    return f"{example}\n\n{lines}\nnonzero COMMAND --help lists options.\n"


def main() -> None:
    """Run the command that the first argument names, or the first two, with the other arguments."""
    name = sys.argv[1] if len(sys.argv) > 1 else "--help"
    if name in ("--help", "-h"):
        sys.stdout.write(usage())
        return
    if name == "--version":
        sys.stdout.write(f"nonzero {__version__}\n")
        return
    words = 1
    if any(command.startswith(f"{name} ") for command in COMMANDS):
        name, words = " ".join(sys.argv[1:3]), 2
    if name not in COMMANDS:
        sys.stderr.write(f"error: command must be one of {', '.join(COMMANDS)}, not {name!r}; nonzero --help lists them\n")
        sys.exit(2)
    del sys.argv[1:1 + words]
    begin()
    runpy.run_module(COMMANDS[name][0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()

"""Write the Verilog of a machine with its manifest, its documentation, and descriptions of it that other tools read."""

import contextlib
import json
import shlex
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from cli import command, paths
from cli import design as designs
from rtl.document import markdown
from rtl.generated import GeneratedMachine
from rtl.image import design_and_spec
from rtl.machine import generate
from rtl.package import ALL, NONE, PACKAGES, chosen
from rtl.package import files as packages
from spec import machines

__all__ = ["GeneratedMachine", "generate", "write"]

MINE = ("--out", "--json")                  # options that say where, not what


def files(built: GeneratedMachine, names: Sequence[str] = tuple(PACKAGES)) -> dict[str, str]:
    """Return the text of each file that describes a machine, those of the packages named too."""
    return {
        f"{built.name}.v": built.verilog, "manifest.json": json.dumps(built.manifest, indent=2) + "\n",
        f"{built.name}.md": markdown(built.manifest)} | packages(built.manifest, names)


def write(built: GeneratedMachine, folder: Path, names: Sequence[str] = tuple(PACKAGES)) -> dict[str, int]:
    """Write all files of a machine and of the packages named, or none; return the bytes of each."""
    texts = files(built, names)
    with contextlib.ExitStack() as stack:   # all are drafted before the first takes its place
        for name, text in texts.items():
            draft = stack.enter_context(command.atomic(folder / name))
            draft.write_text(text, encoding="utf-8", newline="\n")
    return {name: len(text.encode()) for name, text in texts.items()}


def run(design: str, spec: Any, *,
        package: Annotated[str, typer.Option(help=f"What else to describe it for: {', '.join(PACKAGES)}, with commas between; "
                                                  f"{ALL} or {NONE}.")] = ALL,
        image: Annotated[Path | None, typer.Option(help="Image whose machine to build; other options change it.")] = None,
        out: Annotated[Path | None, typer.Option("-o", "--out", help="Folder to write; build/NAME if not given.")] = None,
        json_: Annotated[Path | None, typer.Option("--json", help="File for what was made, as JSON.")] = None,
        ) -> None:
    """Write a machine's Verilog, manifest.json and documentation into a folder, and what other tools read of it.

    For example: python -m rtl.build --pes 64
    """
    start = time.monotonic()
    names = chosen(package)
    manifest = {"the machine's manifest.json": out / "manifest.json"} if out else {}
    paths.check(outputs=manifest | {"--json": json_}, folders={"--out": out})
    with command.progress(f"Writing the Verilog of {design}; Yosys takes a minute on its first start"):
        built = generate(design, spec)
    made = " ".join(["python -m rtl.build", *map(shlex.quote, asked(sys.argv[1:]))])
    built = GeneratedMachine(built.name, built.verilog, built.manifest | {"command": made})
    folder = out or Path("build") / built.name
    paths.check(outputs={f"the machine's {name}": folder / name for name in files(built, names)} | {"--json": json_})
    sizes = write(built, folder, names)
    seconds = time.monotonic() - start
    modules = built.verilog.count("\nendmodule")
    for name, size in sizes.items():
        print(f"{folder / name}  {size:,} bytes")
    print(f"{built.name}: {modules} modules in {seconds:.1f} s")
    if json_:
        command.write_report(json_, {"name": built.name, "folder": str(folder), "bytes": sizes,
                                   "modules": modules, "seconds": round(seconds, 3)})


def asked(arguments: list[str]) -> list[str]:
    """Return the arguments that shape the machine, without those that say where to write."""
    kept, skip = [], False
    for argument in arguments:
        if not (skip or argument.partition("=")[0] in MINE):
            kept.append(argument)
        skip = argument in MINE
    return kept


def main() -> None:
    """Run the command."""
    command.main(application)


def application(arguments: Sequence[str] | None = None) -> typer.Typer:
    """Return the application for the machine that the command line names, or the image that it names."""
    given = sys.argv[1:] if arguments is None else arguments
    path = image_of(given)
    design, base = design_and_spec(path) if path else (None, None)
    return designs.application(run, "Write the Verilog of a machine.", machines, given, design=design, base=base)


def image_of(arguments: Sequence[str]) -> Path | None:
    """Return the file that a command line names with ``--image``, or None."""
    for number, argument in enumerate(arguments):
        if argument == "--image" and number + 1 < len(arguments):
            return Path(arguments[number + 1])
        if argument.startswith("--image="):
            return Path(argument.removeprefix("--image="))
    return None


if __name__ == "__main__":
    main()

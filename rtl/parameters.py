"""Write docs/parameters.md: the parameters of every machine, from their declarations; nothing in it is typed by hand."""

from pathlib import Path
from typing import Annotated

import typer

from cli import command
from spec import machines
from spec.parameter import table

PAGE = Path(__file__).parents[1] / "docs" / "parameters.md"
HEAD = """# Which parameters has a machine?

Written by `python -m rtl.parameters` from the declarations in `spec/NAME/shape.py`, from which every command makes its options
and its checks. A parameter is an option of the same name in every command that takes a machine: `entries` is `--entries 32768`,
`skip_empty` is `--no-skip-empty`; names in a list have commas between. `--preset` chooses a column, other options change it.
"""
app = command.application("Write docs/parameters.md from the declarations of the parameters.")


def page() -> str:
    """Return the page."""
    parts = [HEAD]
    for design in machines.MACHINES:
        parts.append(f"## {design}\n\n{table(machines.specification(design).PRESETS)}\n")
    return "\n".join(parts)


@app.command()
def main(out: Annotated[Path, typer.Option("-o", "--out", help="The page.")] = PAGE) -> None:
    """Write the page of all parameters, for example: python -m rtl.parameters."""
    command.write_text(out, page())
    print(f"wrote {out}")


if __name__ == "__main__":
    command.main(app)

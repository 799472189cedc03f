"""Compare the generated tile with recordings, random operations and whole domains, and measure its clock."""
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from bench.mac import measure
from cli import command, paths
from cli.table import show
from files.document import read_json
from sim.mac.builds import BUILDS
from synth import part

PARTS = ("recordings", "random", "whole", "clock")
app = command.application(__doc__ or "")


@app.command()
def main(
    parts: Annotated[str, typer.Option(help=f"Parts of the table, with commas: {', '.join(PARTS)}.")] = ",".join(PARTS[:3]),
    builds: Annotated[str, typer.Option(help="Builds of sim/mac/builds.py, with commas; all if none is named.")] = "",
    operations: Annotated[int, typer.Option(min=1, help="Random operations of each format.")] = 100_000,
    devices: Annotated[str, typer.Option(help="Chips of the clock, with commas.")] = "lfe5u-85f-6,lfe5u-85f-8",
    seeds: Annotated[int, typer.Option(min=1, help="Placements of each.")] = 5,
    out: Annotated[Path | None, typer.Option("--json", help="Write the rows; those that are not run stay as they are.")] = None,
) -> None:
    """Compare the MAC tile with everything that it is said to equal.

    Example: python -m bench.mac --json bench/results/mac.json

    The clock takes about an hour a chip, so it is measured only where it is asked for. Exit code 1 means that a value differs.
    """
    names, chips = _chosen("builds", builds, tuple(BUILDS)), [part.named(name.strip()).name for name in devices.split(",")]
    pieces = _chosen("parts", parts, PARTS)
    if "clock" not in pieces:
        command.refuse(["devices", "seeds"], "--parts clock")
    if "random" not in pieces:
        command.refuse(["operations"], "--parts random")
    paths.check(outputs={"--json": out})
    data: dict[str, Any] = read_json(out, "--json") if out is not None and out.exists() else {}
    runs = {"recordings": lambda: measure.recordings(names), "random": lambda: measure.random(names, operations),
            "whole": lambda: measure.whole(names), "clock": lambda: measure.clock(chips, seeds)}
    wrong = 0
    for piece in pieces:
        start, rows = time.monotonic(), _rows(piece, runs[piece]())
        data[piece] = {"rows": _merged(data.get(piece, {}).get("rows", []), rows), "seconds": round(time.monotonic() - start)}
        wrong += sum(row.get("different", 0) + row.get("rows", 0) - row.get("tile", row.get("rows", 0)) for row in rows)
        _show(rows)
        if out is not None:
            command.write_report(out, data)
    if out is not None:
        print(f"wrote {out}")
    print(f"{wrong} values differ")
    sys.exit(1 if wrong else 0)


def _rows(piece: str, rows: Iterator[measure.Row]) -> list[measure.Row]:
    """Do a part's runs, saying which is done."""
    found = []
    with command.progress(piece):
        for row in rows:
            found.append(row)
            print(f"  {piece}: {_name(row)}", file=sys.stderr)
    return found


def _name(row: measure.Row) -> str:
    """Return the key of a row within its part: its file, build or chip."""
    return str(row.get("file", row.get("build", row.get("part"))))


def _merged(old: list[measure.Row], new: list[measure.Row]) -> list[measure.Row]:
    """Return rows with new ones in the places of those of their names, and after them what is new."""
    fresh = {_name(row): row for row in new}
    return [fresh.pop(_name(row), row) for row in old] + list(fresh.values())


def _chosen(what: str, text: str, allowed: tuple[str, ...]) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()] or list(allowed)
    for name in names:
        if name not in allowed:
            raise ValueError(f"{what} must be among {', '.join(allowed)}, not {name!r}; choose of those")
    return names


def _show(rows: list[measure.Row]) -> None:
    if rows:
        columns = [name for name, value in rows[0].items() if not isinstance(value, dict)]
        cells = [[row[name] for name in columns] for row in rows]
        show("", columns, [[", ".join(map(str, cell)) if isinstance(cell, list) else cell for cell in row] for row in cells])


if __name__ == "__main__":
    command.main(app)

"""List the boards: chip, clock and line, what fits by the estimate, and what was done with each here.

Example: python -m boards.list
"""

from pathlib import Path
from typing import Annotated, Any

import typer

from boards import catalogue, choice, tried
from boards.top import clocking
from cli import command, table

PHYSICAL = "No physical board was at hand: nothing here was loaded into one."


def run(
    board: Annotated[str, typer.Option(help="Show one board alone, with its notes.")] = "",
    json_: Annotated[Path | None, typer.Option("--json", help="Where to write the list.")] = None,
) -> None:
    """List the boards: chip, clock and line, what fits by the estimate, and what was done with each here.

    Example: python -m boards.list
    """
    chosen = [catalogue.named(board)] if board else list(catalogue.BOARDS.values())
    known = [describe(one) for one in chosen]
    table.show("boards", ("board", "part", "clock MHz", "baud", "fits by estimate", "tried here"), [
        (one["board"], one["part"], f"{one['clock_mhz']:g}", one["baud"], "; ".join(one["fits"]) or "-",
         "; ".join(one["tried"]) or "-") for one in known])
    for one in known if board else ():
        print("\n".join(f"{name}: {one[name]}" for name in ("title", "bridge", "notes") if one[name]))
    print(f"{PHYSICAL}\nThe same top with the same link runs on every machine in a simulator: --board virtual of boards.run.")
    if json_:
        command.write_json(json_, known)


def describe(board: catalogue.Board) -> dict[str, Any]:
    """Return what there is to say of a board, plain data."""
    clocks = clocking(board)
    return {
        "board": board.name, "title": board.title, "part": board.part.name, "clock_mhz": float(clocks.clock_hz) / 1e6,
        "baud": clocks.baud, "baud_made": round(clocks.baud_made), "bridge": board.bridge, "notes": board.notes,
        "fits": [text for design in board.design if (text := _fits(board, design))],
        "tried": ["plan only"] if board.planned else
        [_told(name.partition("/")[2], one) for name, one in tried.read().items() if name.partition("/")[0] == board.name]}


def _fits(board: catalogue.Board, design: str) -> str:
    try:
        spec = choice.largest(board, design)
    except ValueError:
        return ""
    name = choice.LADDERS[design][0] if design in choice.LADDERS else ""
    clock = f" at {board.clocks[design] / 1e6:g} MHz" if design in board.clocks else ""
    return (f"{design} {name} {getattr(spec, name)}" if name else design) + clock


def _told(machine: str, one: dict[str, Any]) -> str:
    met = "met" if one["met"] else "MISSED"
    return f"{machine} placed and routed, {one['reached_mhz']:g} MHz, {one['clock_mhz']:g} {met}, {one['bytes']:,} bytes"


def main() -> None:
    """Run the command."""
    app = command.application(__doc__.partition("\n")[0])
    app.command()(run)
    command.main(app)


if __name__ == "__main__":
    main()

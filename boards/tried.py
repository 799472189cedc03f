"""What was done with each board here, as ``boards.build --record`` wrote it down: nothing in it is typed by hand."""

import json
from pathlib import Path
from typing import Any

from cli import command

TABLE = Path(__file__).with_name("tried.json")
KEPT = ("machine", "part", "bytes", "clock_mhz", "reached_mhz", "met", "seed", "tried_mhz", "used", "has", "baud", "divisor",
        "seconds", "megabytes", "repeat")


def read() -> dict[str, dict[str, Any]]:
    """Return the figures of the builds by ``BOARD/DESIGN``."""
    return json.loads(TABLE.read_text()) if TABLE.exists() else {}


def record(figures: dict[str, Any]) -> None:
    """Add a build to the table, or put it in the place of that of the same board and machine."""
    table = read()
    table[f"{figures['board']}/{figures['machine']}"] = {key: figures[key] for key in KEPT if key in figures}
    command.write_json(TABLE, dict(sorted(table.items())))

"""What runs print: tables, and the first value that is not as expected."""
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

WIDTH = 110         # where the output is no terminal: files and pipes get whole rows


@dataclass(frozen=True, kw_only=True)
class Mismatch:
    """A value that is not golden's; ``time`` is the simulated time in ns at which it had been read back."""

    layer: str
    index: tuple[int, ...]
    expected: int
    got: int
    time: int

    def __str__(self) -> str:
        place = ", ".join(map(str, self.index))
        return f"layer {self.layer}, index {place}: expected {self.expected}, got {self.got}, at {self.time} ns"


def show(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Print a table; the first column is text, the others are numbers."""
    table = Table(title=title, title_justify="left")
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number else "left", no_wrap=True)
    for row in rows:
        table.add_row(*map(str, row))
    console = Console()
    if not console.is_terminal:
        console = Console(width=WIDTH)
    console.print(table)

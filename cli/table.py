"""Tables as plain text that fit what they are printed to; figures are never cut, names are printed as they are spelt."""

import os
import re
import shutil
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from rich.cells import cell_len

from cli.text import plain

GAP = 2
LEAST_TEXT = 16                             # a column of texts is not made narrower than this, or half of the width
NUMBER = r"[-+]?[\d.][\d.,]*(e[-+]?\d+)?"
FIGURE = re.compile(rf"{NUMBER}( ?[%a-zA-Z/]{{1,4}})?( (x|of|to) {NUMBER})*|-|")


def show(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Print a table on standard output."""
    print("\n".join(lines(title, columns, rows, width=width())))


def width() -> int | None:
    """Return the columns of a terminal, or what ``COLUMNS`` says, or None: in a pipe or a file a row may be of any length."""
    if sys.stdout.isatty():
        return shutil.get_terminal_size().columns
    told = os.environ.get("COLUMNS", "")
    return int(told) if told.isdecimal() and 0 < int(told) < 10_000 else None


def lines(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], *, width: int | None = None) -> list[str]:
    """Return the lines of a table.

    A column of figures is set to the right. Where a table is too wide, headings and texts are wrapped; where that is not
    enough, the table is printed in parts, each of which begins with the first column.

    Parameters
    ----------
    title : str
        A line above the table; none if empty.
    columns : sequence of str
        Headings.
    rows : sequence of sequences
        A cell a column.
    width : int, optional
        Most characters of a line. A figure wider than that is printed whole all the same.
    """
    cells = [[plain(cell) for cell in row] for row in rows]
    made = [_Column(plain(heading), [row[number] for row in cells]) for number, heading in enumerate(columns)]
    if width is not None and _breadth(made) > width:
        for column in made:
            column.squeeze(max(min(LEAST_TEXT, width // 2), width // 3))
    told = [plain(title)] if title else []
    for number, part in enumerate(_parts(made, width)):
        told += [""] if number else []
        told += _printed(part)
    return told


class _Column:
    """A heading and its cells, each as the lines it is printed in."""

    def __init__(self, heading: str, cells: Sequence[str]):
        self.heading, self.cells = [heading], [[cell] for cell in cells]
        self.figures = all(FIGURE.fullmatch(cell) for cell in cells) and any(cells)

    @property
    def width(self) -> int:
        return max(cell_len(line) for text in (self.heading, *self.cells) for line in text)

    def squeeze(self, most: int) -> None:
        """Wrap the heading at its words, and texts so that they take at most so many characters a line."""
        room = max([0, *(cell_len(cell[0]) for cell in self.cells)])
        room = room if self.figures else min(room, most)
        if not self.figures:
            self.cells = [list(_wrapped(cell[0], room)) for cell in self.cells]
        longest = max(map(cell_len, self.heading[0].split()), default=0)
        self.heading = list(_wrapped(self.heading[0], max(room, min(longest, most))))


def _wrapped(text: str, room: int) -> Iterator[str]:
    """Yield a text in lines of at most ``room`` characters, broken at its words, or within one that is longer."""
    line = ""
    for word in text.split(" "):
        if line and cell_len(line) + 1 + cell_len(word) > room:
            yield line
            line = ""
        line = f"{line} {word}" if line else word
        while cell_len(line) > room > 0:
            size = next(size for size in range(len(line), 0, -1) if size == 1 or cell_len(line[:size]) <= room)
            yield line[:size]
            line = line[size:]
    yield line


def _breadth(columns: Sequence[_Column]) -> int:
    return sum(column.width for column in columns) + GAP * (len(columns) - 1)


def _parts(columns: list[_Column], width: int | None) -> Iterator[list[_Column]]:
    part = columns[:1]
    for column in columns[1:]:
        if width is not None and len(part) > 1 and _breadth([*part, column]) > width:
            yield part
            part = columns[:1]
        part = [*part, column]
    yield part


def _printed(columns: Sequence[_Column]) -> Iterator[str]:
    yield from _row(columns, [column.heading for column in columns])
    yield "-" * _breadth(columns)
    for cells in zip(*(column.cells for column in columns), strict=True):
        yield from _row(columns, cells)


def _row(columns: Sequence[_Column], cells: Sequence[list[str]]) -> Iterator[str]:
    for line in range(max(map(len, cells))):
        texts = []
        for column, cell in zip(columns, cells, strict=True):
            text = cell[line] if line < len(cell) else ""
            space = " " * (column.width - cell_len(text))
            texts.append(space + text if column.figures else text + space)
        yield (" " * GAP).join(texts).rstrip()

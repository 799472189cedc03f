"""Tables of a page in docs/, written between its marks."""

import contextlib
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any


def markdown(headings: Sequence[str], rows: Sequence[Sequence[Any]], *, words: int = 1) -> str:
    """Return a table whose first ``words`` columns are text, to the left, and the others numbers, to the right."""
    lines = [headings, [*["---"] * words, *["---:"] * (len(headings) - words)], *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def section(text: str, name: str, body: str) -> str:
    """Return a page with ``body`` between its marks of that name; a page without them is refused."""
    pattern = re.compile(f"(<!-- {name} -->\n).*?(<!-- end -->)", re.DOTALL)
    if not pattern.search(text):
        raise ValueError(f"page must have a section marked <!-- {name} --> ... <!-- end -->, and has none; add it")
    return pattern.sub(lambda found: f"{found[1]}{body}\n{found[2]}", text)


@contextlib.contextmanager
def results_of(command: str, place: Path) -> Iterator[None]:
    """Refuse, in one line, results in which what a page shows of them is not there."""
    try:
        yield
    except (KeyError, IndexError, AttributeError, TypeError, ArithmeticError, StopIteration) as error:
        said = " ".join(f"{type(error).__name__} {error}".split())
        raise ValueError(f"results must be what {command} writes, not those of {str(place)!r} ({said:.80}); "
                         f"run {command} again") from error

"""Which machines of a sweep no other beats, and the plot and table of all."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cli.command import atomic, write_text


def front(costs: Sequence[Sequence[float]]) -> list[bool]:
    """Return for each vector of costs whether no other is as low in all and lower in one.

    >>> front([(1, 5), (2, 2), (3, 3), (2, 2)])
    [True, True, False, True]
    """
    return [not any(all(o <= m for o, m in zip(other, mine, strict=True)) and tuple(other) != tuple(mine)
                    for other in costs) for mine in costs]


def table(rows: Sequence[dict[str, Any]], path: Path) -> None:
    """Write rows of equal keys as CSV, whole or not at all."""
    out = io.StringIO()
    names = list(dict.fromkeys(name for row in rows for name in row))
    writer = csv.DictWriter(out, names, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text(path, out.getvalue())


def plot(rows: Sequence[dict[str, Any]], path: Path, *, across: str, up: str, title: str) -> None:
    """Draw rows as points of two figures, those on the front joined; a suffix that matplotlib knows."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    good = front([(row[across], row[up]) for row in rows])
    figure, axes = pyplot.subplots(figsize=(7, 4.5), layout="constrained")
    axes.scatter([row[across] for row in rows], [row[up] for row in rows], color="#98a2b3", zorder=2)
    best = sorted((row for row, is_good in zip(rows, good, strict=True) if is_good), key=lambda row: row[across])
    axes.step([row[across] for row in best], [row[up] for row in best], where="post", color="#3b73b9", zorder=1)
    axes.scatter([row[across] for row in best], [row[up] for row in best], color="#3b73b9", zorder=3)
    for row in best:
        axes.annotate(row["name"], (row[across], row[up]), textcoords="offset points", xytext=(6, 5), fontsize=8)
    axes.set(xlabel=across, ylabel=up, title=title, xlim=(0, None), ylim=(0, None))
    axes.margins(0.15)
    axes.spines[["top", "right"]].set_visible(False)
    with atomic(path) as draft:
        figure.savefig(draft, format=path.suffix.removeprefix(".") or "png", dpi=150)
    pyplot.close(figure)

"""The page of the history: a table, a plot, and what became worse."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.history.figures import FIGURES
from bench.history.judge import regressions
from bench.page import markdown
from cli.command import atomic, write_text

PAGE = Path(__file__).parents[2] / "docs" / "history.md"
HEAD = """# How did the figures change from commit to commit?

Written by `python -m bench.history --page docs/history.md` from `bench/results/history.json`.
`python -m bench.history --record HEAD` measures a commit and adds it.

Cycles and clocks are those that the commit itself recorded. Verilog, area and processor time are measured by building that
commit; the area is that of today's Yosys for all of them. The time of the tests is what `make test` leaves in
`build/tests.json` when it runs on exactly that commit with empty caches (`make clean test`); `--tests` runs them there and
then. Times are compared by their ratio to a fixed piece of work, timed on the same machine.

A figure that is worse than its best before by more than the tolerance is named with its commit, and the command ends with
exit code 1.

"""


def page(points: Sequence[dict[str, Any]], picture: str) -> str:
    """Return the page."""
    kept = [name for name in FIGURES if any(name in point["figures"] for point in points)]
    rows = [[point["date"][:10], f"`{point['commit'][:9]}`", *(cell(point["figures"].get(name)) for name in kept)]
            for point in points]
    meaning = [[f"`{name}`", FIGURES[name].unit or "-", "lower" if FIGURES[name].lower else "higher",
                f"{FIGURES[name].tolerance:.0%}", FIGURES[name].text] for name in kept]
    worse = [f"* {one}" for one in regressions(points)] or ["Nothing is worse than its tolerance allows."]
    accepted = [f"* `{point['commit'][:9]}`, `{name}`: {reason}"
                for point in points for name, reason in point.get("accepted", {}).items()]
    headings = ["date", "commit", *(f"`{name}`" for name in kept)]
    parts = [f"![figures of each commit]({picture})", markdown(headings, rows, words=2),
             "## What became worse", "\n".join(worse)]
    parts += ["Accepted, with the reason:", "\n".join(accepted)] if accepted else []
    parts += ["## What the figures are", markdown(["figure", "unit", "better", "tolerance", "what"], meaning, words=5)]
    return HEAD + "\n\n".join(parts) + "\n"


def cell(value: float | None) -> str:
    """Return a figure as the table shows it; nothing where a commit has none."""
    return "" if value is None else f"{value:,}"


def write(path: Path, points: Sequence[dict[str, Any]]) -> Path:
    """Write the page and its picture beside it; return the picture's place."""
    picture = path.with_suffix(".svg")
    draw(picture, points)
    write_text(path, page(points, picture.name))
    return picture


def draw(path: Path, points: Sequence[dict[str, Any]]) -> None:
    """Draw each figure over the commits, each with a scale of its own."""
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot, rcParams

    rcParams["svg.hashsalt"], rcParams["svg.fonttype"] = "nonzero", "none"
    kept = [name for name in FIGURES if sum(name in point["figures"] for point in points) > 1]
    size = (8, 1.3 * len(kept) + 0.6)
    chart, axes = pyplot.subplots(len(kept), 1, figsize=size, sharex=True, squeeze=False, layout="constrained")
    ticks = range(len(points))
    for axis, name in zip(axes[:, 0], kept, strict=True):
        places = [place for place in ticks if name in points[place]["figures"]]
        axis.plot(places, [points[place]["figures"][name] for place in places], marker="o", markersize=3, linewidth=1)
        axis.set_title(f"{name} {FIGURES[name].unit}", fontsize=8, loc="left")
        axis.tick_params(labelsize=7)
        axis.ticklabel_format(axis="y", useOffset=False, style="plain")
        axis.grid(alpha=0.3)
    axes[-1, 0].set_xticks(list(ticks), [point["commit"][:7] for point in points], rotation=60)
    with atomic(path) as draft:
        chart.savefig(draft, metadata={"Date": None})
    pyplot.close(chart)

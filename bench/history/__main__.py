"""Figures over time: record a commit, name what became worse, draw the page.

Example: python -m bench.history
"""

import sys
from pathlib import Path
from typing import Annotated

import typer

from bench.history import judge, measure, page, store, times
from bench.history.figures import FIGURES
from cli import command, paths, table

app = command.application("Keep figures of each commit and name what became worse.")


@app.command()
def run(
    file: Annotated[Path, typer.Option(help="The file of all points.")] = store.FILE,
    record: Annotated[list[str] | None, typer.Option(help="Commit to measure and add; may be given more than once.")] = None,
    tests: Annotated[bool, typer.Option("--tests", help="With --record: time the quick tests now, minutes.")] = False,
    accept: Annotated[list[str] | None, typer.Option(
        help="FIGURE=REASON: what is worse in the recorded commit is meant to be.")] = None,
    page_: Annotated[Path | None, typer.Option("--page", help="Write the page, and its picture beside it.")] = None,
    json: Annotated[Path | None, typer.Option(help="Write what became worse to a file.")] = None,
) -> None:
    """Show the figures of each recorded commit, and name the commit that made one worse than its tolerance.

    Example: python -m bench.history --record HEAD

    Exit code 1 means that a figure is worse than allowed.
    """
    if not record:
        command.refuse(["tests", "accept"], "--record")
    reasons = accepted(accept or [])
    paths.check(inputs={} if record else {"--file": file}, outputs={"--page": page_, "--json": json}
                | ({"--file": file} if record else {}))
    points = store.load(file) if file.exists() else []
    for revision in record or []:
        made = measure.point(revision, tests=tests)
        points.append(made | ({"accepted": reasons} if reasons else {}))
        store.save(file, points)
        points = store.load(file)
        print(f"recorded {made['commit'][:9]} in {file}{untimed(made, tests)}")
    show(points)
    worse = list(judge.regressions(points))
    print("\n".join(map(str, worse)) or "nothing is worse than its tolerance allows")
    if page_:
        print(f"wrote {page_} and {page.write(page_, points)}")
    if json:
        command.write_report(json, {"points": len(points), "worse": [vars(one) for one in worse]})
    sys.exit(1 if worse else 0)


def untimed(point: dict, tests: bool) -> str:
    """Return why a point has no times of the tests, and what gives them; nothing where it has."""
    if "test_seconds" in point["figures"]:
        return ""
    last = times.load(measure.ROOT)
    why = "its tests failed" if tests else "no `make test` was timed" if last is None else last.why_not(point["commit"])
    return f", without test times: {why}; `make clean test` in a checkout of it, or --tests, gives them"


def accepted(texts: list[str]) -> dict[str, str]:
    """Return figure -> reason from texts such as ``eie_verilog=a second bus``."""
    found = {}
    for text in texts:
        name, _, reason = text.partition("=")
        if name not in FIGURES or not reason.strip():
            raise ValueError(f"--accept must be FIGURE=REASON with a figure of {', '.join(FIGURES)}, not {text!r}; write it so")
        found[name] = reason.strip()
    return found


def show(points: list[dict]) -> None:
    """Print the points as a table."""
    kept = [name for name in FIGURES if any(name in point["figures"] for point in points)]
    table.show("", ("date", "commit", *kept), [
        (point["date"][:10], point["commit"][:9], *(page.cell(point["figures"].get(name)) or "-" for name in kept))
        for point in points])


def main() -> None:
    """Run the command."""
    command.main(app)


if __name__ == "__main__":
    main()

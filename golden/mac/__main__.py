"""Compare the golden model with recordings of GPUs and with the directed vectors, and time it."""
import sys
from pathlib import Path
from typing import Annotated

import typer

from cli import command, paths
from cli.table import show
from golden.mac import compare as generations
from golden.mac import error, recording, speed, vectors, wrong

EXAMPLE = """Compare the golden model of the MAC tile with what real tensor cores computed.

Example: python -m golden.mac --check ../shared/tensor_core --vectors
"""

app = command.application(EXAMPLE)


@app.command(help=EXAMPLE)
def run(
    check: Annotated[list[Path] | None, typer.Option(
        help="Recordings file, or a folder of them; may be given again.", show_default=False)] = None,
    mutants: Annotated[bool, typer.Option("--wrong", help="Count the rows that wrong rules miss, too.")] = False,
    directed: Annotated[bool, typer.Option("--vectors", help="Run the directed vectors.")] = False,
    fast: Annotated[bool, typer.Option("--speed", help="Time every combination on this machine.")] = False,
    errors: Annotated[bool, typer.Option("--errors", help="Measure how far sums are from true.")] = False,
    compare: Annotated[str, typer.Option(
        help="Generations, with commas: how much the product in --data differs between them.", show_default=False)] = "",
    data: Annotated[Path | None, typer.Option(help="Arrays a, b and, if wanted, c, .npz.", show_default=False)] = None,
    fmt: Annotated[str, typer.Option(help="Operand format of --compare.")] = "fp16",
    acc: Annotated[str, typer.Option(help="Accumulator format of --compare.")] = "fp32",
    plot: Annotated[Path | None, typer.Option(help="Draw the differences: .svg, .png or .pdf.", show_default=False)] = None,
    json: Annotated[Path | None, typer.Option(help="Write what was found.", show_default=False)] = None,
) -> None:
    """Do what was asked, in that order; exit 1 if anything differs."""
    if not (check or directed or fast or errors or compare):
        raise ValueError("an action must be given, not none; "
                         "use --check FILE, --vectors, --speed, --errors or --compare")
    if bool(compare) != (data is not None) or (plot is not None and not compare):
        raise ValueError("compare and data must be given together, and plot with them; "
                         "for example --compare ampere,hopper --data x.npz")
    if not check:
        command.refuse(["mutants"], "--check")
    files = _files(check or [])
    if plot is not None and plot.suffix not in (".svg", ".png", ".pdf"):
        raise ValueError(f"plot must be a .svg, .png or .pdf file, not {str(plot)!r}; name one")
    paths.check(inputs={"--check": files, "--data": data}, outputs={"--json": json, "--plot": plot})
    found: dict = {}
    if check:
        with command.progress("checking recordings", len(files)) as bar:
            found["recordings"] = []
            for path in files:
                found["recordings"].append(recording.check(path))
                bar.advance()
        _show(found["recordings"],
              ("file", "gpu", "instruction", "arch", "ab_format", "cd_format", "terms", "rows", "match"))
        if mutants:
            found["wrong"] = [wrong.count(path) for path in files]
            _show(found["wrong"], tuple(found["wrong"][0]))
    if directed:
        found["vectors"] = vectors.check()
        _show(_by_vector(found["vectors"]), ("vector", "out", *vectors.GENERATIONS, "why"))
    if fast:
        with command.progress("timing"):
            found["speed"] = speed.measure()
        _show(found["speed"], ("arch", "format", "acc", "per_second"))
    if errors:
        with command.progress("measuring errors"):
            found["errors"] = error.measure()
        for rows in found["errors"].values():
            _show([_short(row) for row in rows], tuple(rows[0]))
    if compare and data is not None:
        found["compare"] = _compare(compare, data, fmt, acc, plot)
    if json:
        command.write_report(json, found)
        print(f"wrote {json}")
    _conclude(found)


def _compare(archs: str, data: Path, fmt: str, acc: str, plot: Path | None) -> dict:
    """Compare generations on the matrices of a file, and show and draw what differs."""
    a, b, c = generations.load(data)
    with command.progress("comparing generations"):
        found = generations.compare([name.strip() for name in archs.split(",") if name.strip()], a, b, c, fmt=fmt, acc=acc)
    show(f"{fmt} into {acc}, {found['values']:,} results", ("pair", "equal", "mean ulp", "largest ulp", "not finite"),
         [[row["pair"], f"{100 * row['equal']:.2f} %", f"{row['mean_ulp']:.3g}", row["largest_ulp"], row["not_finite"]]
          for row in found["pairs"]])
    if plot is not None:
        generations.draw(found, plot)
        print(f"wrote {plot}")
    return found


def _files(given: list[Path]) -> list[Path]:
    files: list[Path] = []
    for path in given:
        inside = sorted(path.glob("*.npz")) if path.is_dir() else [path]
        if not inside:
            raise ValueError(f"{path} must hold recordings (*.npz), not none; name another folder")
        files += inside
    return files


def _short(row: dict) -> dict:
    return {name: f"{value:.2g}" if isinstance(value, float) else value for name, value in row.items()}


def _by_vector(rows: list[dict]) -> list[dict]:
    """Put the generations of a vector side by side; a wrong result names the right one."""
    table: dict[int, dict] = {}
    for row in rows:
        text = row["got"] if row["match"] else f"{row['got']}, not {row['want']}"
        table.setdefault(row["vector"], dict(row))[row["arch"]] = text
    return list(table.values())


def _show(rows: list[dict], columns) -> None:
    show("", columns, [["" if row[name] is None else row[name] for name in columns] for row in rows])


def _conclude(found: dict) -> None:
    """Count what matched, show the first difference of each file, and exit 1 if there is one."""
    bad = False
    for row in found.get("recordings", []):
        if row["first"]:
            bad = True
            print(f"{row['file']}: row {row['first']['row']} is {row['first']['gpu']} on the GPU, "
                  f"{row['first']['golden']} in golden")
    if "recordings" in found:
        print(f"recordings: {sum(r['match'] for r in found['recordings'])} of "
              f"{sum(r['rows'] for r in found['recordings'])} rows match, "
              f"{len(found['recordings'])} files")
    if "vectors" in found:
        good = sum(row["match"] for row in found["vectors"])
        bad |= good < len(found["vectors"])
        print(f"vectors: {good} of {len(found['vectors'])} match")
    if bad:
        sys.exit(1)


if __name__ == "__main__":
    command.main(app)

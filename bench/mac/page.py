"""docs/mac/results.md gets its tables from bench/results/mac.json; nothing in them is typed by hand."""
from pathlib import Path
from typing import Annotated, Any

import typer

from bench.page import markdown, results_of, section
from cli import command, paths
from files.document import read_json

PAGE, RESULTS = Path("docs/mac/results.md"), Path("bench/results/mac.json")
app = command.application(__doc__ or "")


def recordings(rows) -> str:
    """Recordings of real tensor cores."""
    return markdown(("recording", "GPU", "instruction", "build", "terms", "rows", "golden", "Verilog"),
                    [[row["file"], row["gpu"], row["instruction"], f"`{row['build']}`",
                      *(row[name] for name in ("terms", "rows", "golden", "tile"))] for row in rows], words=4)


def held(rows) -> str:
    """Builds against golden: random operations, or whole domains."""
    lines = []
    for row in rows:
        modes = ", ".join(f"{fmt} -> {acc}" for fmt, acc in zip(row["formats"], row["acc"], strict=True))
        many = [f"{row['operations']:,}"] if "operations" in row else []
        lines.append([f"`{row['build']}`", " ".join(filter(None, (row["arch"], row["rounding"]))), modes, row["k"], row["fold"],
                      row["latency"], *many, f"{row['values']:,}", row["different"]])
    many = ("operations a mode",) if rows and "operations" in rows[0] else ()
    return markdown(("build", "rule", "modes", "k", "fold", "latency", *many, "values", "different"), lines, words=3)


def clock(rows) -> str:
    """Area and clock on an FPGA."""
    lines = []
    for row in rows:
        way = row["critical_path"]
        lines.append([row["part"], f"{row['comb']:,}", f"{row['ff']:,}", row["dsp"], f"**{row['fmax_mhz']:.1f}**",
                      ", ".join(f"{value:.1f}" for value in row["seeds"]), f"{way['logic_ns']:.2f} + {way['routing_ns']:.2f}"])
    return markdown(("part", "LUT", "FF", "multipliers", "MHz, median", "seeds", "slowest path, ns in cells + wires"), lines)


TABLES = {"recordings": recordings, "random": held, "whole": held, "clock": clock}


def fill(text: str, data: dict[str, Any]) -> str:
    """Return the page with each table as the results have it."""
    for name, table in TABLES.items():
        if name in data:
            text = section(text, name, table(data[name]["rows"]))
    return text


@app.command()
def main(
    page: Annotated[Path, typer.Option(help="Page to bring up to date.")] = PAGE,
    results: Annotated[Path, typer.Option(help="Results to show.")] = RESULTS,
) -> None:
    """Write the tables of docs/mac/results.md.

    Example: python -m bench.mac.page
    """
    paths.check(inputs={"--results": results}, outputs={"--page": page})
    with results_of("bench.mac", results):
        text = fill(page.read_text(encoding="utf-8"), read_json(results, "the results"))
    command.write_text(page, text)
    print(f"wrote {page}")


if __name__ == "__main__":
    command.main(app)

"""Count what becomes of the node tests of the `onnx` package: `python -m bench.onnx --json bench/results/onnx.json`."""

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from bench.onnx.nodes import outcome, tests
from cli import command, paths
from cli.table import show
from compress.frontend.onnx import OPERATORS

app = command.application("Run the node tests of the onnx package for what is mapped: equal, or refused by name.")


@app.command(epilog="For example: python -m bench.onnx --json bench/results/onnx.json")
def nodes(json: Annotated[Path | None, typer.Option(help="Write the outcome of every test to this file.")] = None) -> None:
    """Read every node test, run what can be mapped, and compare; exit code 1 if an answer is wrong."""
    paths.check(outputs={"--json": json})
    with command.progress("node tests"):
        found = [outcome(test) | {"operators": sorted({node.op_type for node in test.model.graph.node})} for test in tests()]
    rows = []
    for operator in sorted(OPERATORS):
        own = Counter(line["outcome"] for line in found if operator in line["operators"])
        rows.append([operator, own.total(), own["equal"], own["host"], own["refused"], own["wrong"]])
    total = Counter(line["outcome"] for line in found)
    rows.append(["all tests", total.total(), total["equal"], total["host"], total["refused"], total["wrong"]])
    show("", ["operator", "tests", "equal", "left to the host", "refused by name", "wrong"], rows)
    if json:
        command.write_report(json, {"counts": dict(total), "tests": found})
        print(f"wrote {json}")
    if total["wrong"]:
        raise typer.Exit(1)


if __name__ == "__main__":
    command.main(app)

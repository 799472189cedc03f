"""Rows of runs become one table: the median seed of each layer beside what the paper prints."""

import math
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from bench.eie.deep import digest
from bench.eie.reference import CLOCK_MHZ, DISTRUSTED, RECONSTRUCTION
from bench.eie.run import Row
from files.document import read_json
from spec.eie import EieSpec

HEADINGS = ("layer", "seed", "cycles", "limit", "over limit", "paper cycles", "faster", "us at 800 MHz", "mismatches",
            "seconds")


def median(rows: Sequence[Row]) -> Row:
    """Return the run of median ``over_limit``, the higher of two in the middle."""
    return sorted(rows, key=lambda row: row.over_limit)[len(rows) // 2]


def grouped(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """Return the runs of each layer, layers and runs in their order."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row.layer, []).append(row)
    return groups


def geomean(values: Sequence[float]) -> float:
    """Return the geometric mean."""
    return math.exp(sum(map(math.log, values)) / len(values))


def report(rows: Sequence[Row], spec: EieSpec, **facts: Any) -> dict[str, Any]:
    """Return all of a table as plain data: each layer's median run, with every run and its counters beneath."""
    layers = {}
    for name, runs in grouped(rows).items():
        middle = median(runs).as_data()
        layers[name] = middle | {
            "mismatches": sum(row.mismatches for row in runs),
            "counter_mismatches": sum(row.counter_mismatches for row in runs),
            "reconstruction": RECONSTRUCTION.get(name), "distrusted": DISTRUSTED.get(name),
            "runs": [row.as_data() for row in runs]}
    return {"source": "RTL under Verilator", "spec": asdict(spec), **facts,
            "geomean_over_limit": geomean([layer["over_limit"] for layer in layers.values()]), "layers": layers}


def load(path: Path, spec: EieSpec, order: str) -> list[Row]:
    """Return the runs in a report's file that the Verilog of a machine made, with rows in an order."""
    data = read_json(path, "--json to resume")
    if data.get("order") != order or data.get("spec") != asdict(spec):
        return []
    wanted, names = digest(spec), {field.name for field in fields(Row)}
    try:
        runs = [run for layer in data["layers"].values() for run in layer["runs"]]
        return [Row(**{name: run[name] for name in names}) for run in runs if run.get("design") == wanted]
    except (KeyError, AttributeError, TypeError) as error:
        raise ValueError(f"--json to resume must be a report of this command, not {str(path)!r}, which lacks {error}; "
                         f"name another, or leave --resume out") from error


def wrong(data: dict[str, Any]) -> int:
    """Return how many outputs and counters differ from golden in a whole report."""
    return sum(layer["mismatches"] + layer["counter_mismatches"] for layer in data["layers"].values())


def table(data: dict[str, Any]) -> tuple[str, Sequence[str], list[list[str]]]:
    """Return a report as a table to show: its title, its headings and its rows."""
    title = f"{data['spec']['pes']} PEs, RTL under Verilator, every output and counter against golden"
    rows = []
    for name, layer in data["layers"].items():
        paper = layer["paper_cycles"]
        rows.append([
            name, "-" if layer["seed"] is None else str(layer["seed"]), f"{layer['cycles']:,}", f"{layer['limit']:,.0f}",
            f"{layer['over_limit']:.4f}", f"{paper:,}" if paper else "-", f"{paper / layer['cycles']:.2f}" if paper else "-",
            f"{layer['cycles'] / CLOCK_MHZ:.2f}", str(layer["mismatches"] + layer["counter_mismatches"]),
            f"{layer['seconds']:.0f}"])
    return title, HEADINGS, [*rows, ["geometric mean", "", "", "", f"{data['geomean_over_limit']:.4f}", *[""] * 5]]

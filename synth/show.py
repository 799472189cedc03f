"""A result as text on a terminal."""

from typing import Any

from cli import table
from synth.part import Part

NAMES = {"comb": "LUT", "ff": "FF", "dsp": "DSP", "bram": "block RAM"}
BLOCKS = 16                                 # rows of the area by block; the JSON has all
WARNINGS = 10


def show(data: dict[str, Any], target: Part) -> None:
    """Print a result: cells and shares, clock, critical path, area by block."""
    print(f"{data['design']['name']} on {target.name}"
          + ("" if target.routed else ", synthesis only: without place and route"))
    _cells(data, target)
    if "fmax_mhz" in data:
        _clock(data)
    if data["units"]:
        _units(data)
    for line in data["warnings"][:WARNINGS]:
        print(f"warning: {line}")
    if len(data["warnings"]) > WARNINGS:
        print(f"{len(data['warnings']) - WARNINGS} more warnings in the JSON and the report")


def _cells(data: dict[str, Any], target: Part) -> None:
    rows = []
    for figure, has in target.has.items():
        row = [NAMES[figure], f"{data[figure]:,}", f"{has:,}", f"{data[figure] / has:.1%}" if has else "-"]
        if "estimate" in data:
            ratio = data["estimate"]["ratio"].get(figure)
            row += [f"{data['estimate'][figure]:,}", f"{ratio:.2f}" if ratio else "-"]
        rows.append(row)
    table.show("", ("", "used", "of", "share", *(("estimate", "ratio") if "estimate" in data else ())), rows)


def _clock(data: dict[str, Any]) -> None:
    fmax, way = data["fmax_mhz"], data["critical_path"]
    seeds = len(fmax["seeds"])
    tried = f"{seeds} seeds" if not data.get("unplaced") else f"{seeds} of {seeds + len(data['unplaced'])} seeds, those placed,"
    print(f"Fmax {fmax['median']:.1f} MHz, the median of {tried} (best {fmax['best']:.1f}, worst {fmax['worst']:.1f})")
    if "estimate" in data and data["estimate"].get("fmax_mhz"):
        estimate = data["estimate"]
        print(f"  estimated {estimate['fmax_mhz']:.0f} MHz, ratio {estimate['ratio']['fmax_mhz']:.2f}")
    print(f"critical path of seed {way['seed']}: {way['ns']:.2f} ns = {way['logic_ns']:.2f} in cells "
          f"+ {way['routing_ns']:.2f} in wires, {way['steps']} steps of logic")
    for one in way["blocks"]:
        print(f"  {one['block']:<28} {one['logic_ns']:6.2f} + {one['routing_ns']:5.2f} ns   "
              f"{one['cells'][0]} .. {one['cells'][-1]}")


def _units(data: dict[str, Any]) -> None:
    rows = [[unit["unit"], unit["copies"], *(f"{unit[figure]:,}" for figure in NAMES),
             f"{unit['comb'] / max(data['comb'], 1):.1%}"] for unit in data["units"][:BLOCKS]]
    table.show("", ("block", "copies", *NAMES.values(), "share of LUT"), rows)

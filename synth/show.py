"""A result as text on a terminal."""

from typing import Any

from rich.console import Console
from rich.table import Table

from synth.part import Part

NAMES = {"comb": "LUT", "ff": "FF", "dsp": "DSP", "bram": "block RAM"}


def show(data: dict[str, Any], target: Part, console: Console | None = None) -> None:
    """Print a result: cells and shares, clock, critical path, area by block."""
    console = console or Console(width=None if Console().is_terminal else 120)
    console.print(f"{data['design']['name']} on {target.name}"
                  + ("" if target.routed else ", synthesis only: without place and route"), highlight=False)
    console.print(_cells(data, target))
    if "fmax_mhz" in data:
        _clock(console, data)
    if data["units"]:
        console.print(_units(data))
    for line in data["warnings"][:10]:
        console.print(f"warning: {line}", style="yellow", highlight=False, markup=False)
    if len(data["warnings"]) > 10:
        console.print(f"{len(data['warnings']) - 10} more warnings in the JSON and the report")


def _cells(data: dict[str, Any], target: Part) -> Table:
    table = Table("", "used", "of", "share", *(("estimate", "ratio") if "estimate" in data else ()))
    for figure, has in target.has.items():
        row = [NAMES[figure], f"{data[figure]:,}", f"{has:,}", f"{data[figure] / has:.1%}" if has else "-"]
        if "estimate" in data:
            ratio = data["estimate"]["ratio"].get(figure)
            row += [f"{data['estimate'][figure]:,}", f"{ratio:.2f}" if ratio else "-"]
        table.add_row(*row)
    for column in table.columns[1:]:
        column.justify = "right"
    return table


def _clock(console: Console, data: dict[str, Any]) -> None:
    fmax, way = data["fmax_mhz"], data["critical_path"]
    seeds = len(fmax["seeds"])
    tried = f"{seeds} seeds" if not data.get("unplaced") else f"{seeds} of {seeds + len(data['unplaced'])} seeds, those placed,"
    console.print(f"Fmax {fmax['median']:.1f} MHz, the median of {tried} (best {fmax['best']:.1f}, worst {fmax['worst']:.1f})",
                  highlight=False)
    if "estimate" in data and data["estimate"].get("fmax_mhz"):
        estimate = data["estimate"]
        console.print(f"  estimated {estimate['fmax_mhz']:.0f} MHz, ratio {estimate['ratio']['fmax_mhz']:.2f}",
                      highlight=False)
    console.print(f"critical path of seed {way['seed']}: {way['ns']:.2f} ns = {way['logic_ns']:.2f} in cells "
                  f"+ {way['routing_ns']:.2f} in wires, {way['steps']} steps of logic", highlight=False)
    for one in way["blocks"]:
        console.print(f"  {one['block']:<28} {one['logic_ns']:6.2f} + {one['routing_ns']:5.2f} ns   "
                      f"{one['cells'][0]} .. {one['cells'][-1]}", highlight=False, markup=False)


def _units(data: dict[str, Any]) -> Table:
    table = Table("block", "copies", *NAMES.values(), "share of LUT")
    for unit in data["units"][:16]:
        table.add_row(unit["unit"], str(unit["copies"]), *(f"{unit[figure]:,}" for figure in NAMES),
                      f"{unit['comb'] / max(data['comb'], 1):.1%}")
    for column in table.columns[1:]:
        column.justify = "right"
    return table

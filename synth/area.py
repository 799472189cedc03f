"""Where the area of a netlist goes: its cells by the block they lie in, counted as place and route counts them."""

import json
from pathlib import Path
from typing import Any

from synth.harness import INSTANCE, NAME
from synth.script import unit_name

COST: dict[str, dict[str, dict[str, int]]] = {
    "ecp5": {
        "LUT4": {"comb": 1}, "CCU2C": {"comb": 2}, "TRELLIS_DPR16X4": {"comb": 4}, "TRELLIS_FF": {"ff": 1},
        "MULT18X18D": {"dsp": 1}, "DP16KD": {"bram": 1}, "PDPW16KD": {"bram": 1},
    },
    "ice40": {
        "SB_LUT4": {"comb": 1}, "SB_MAC16": {"dsp": 1}, "SB_RAM40_4K": {"bram": 1},
    },
    "gowin": {
        "LUT1": {"comb": 1}, "LUT2": {"comb": 1}, "LUT3": {"comb": 1}, "LUT4": {"comb": 1}, "ALU": {"comb": 1},
        "RAM16SDP4": {"comb": 4}, "MULT9X9": {"dsp": 1}, "MULT18X18": {"dsp": 1}, "MULT36X36": {"dsp": 4},
        "SP": {"bram": 1}, "SPX9": {"bram": 1}, "SDPB": {"bram": 1}, "SDPX9B": {"bram": 1}, "DPB": {"bram": 1},
        "DPX9B": {"bram": 1},
    },
    "xc7": {
        **{f"LUT{n}": {"comb": 1} for n in range(1, 7)}, "RAM32M": {"comb": 4}, "RAM64M": {"comb": 4},
        "RAM32X1D": {"comb": 2}, "RAM64X1D": {"comb": 2}, "SRL16E": {"comb": 1}, "SRLC32E": {"comb": 1},
        "DSP48E1": {"dsp": 1}, "RAMB18E1": {"bram": 1}, "RAMB36E1": {"bram": 2},
    },
}
"""What a mapped cell takes, by family; flip-flops outside ECP5 are known by their names. On ``xc7`` block RAM counts halves."""

FIGURES = ("comb", "ff", "dsp", "bram")
FLIP_FLOPS = {"ice40": ("SB_DFF",), "gowin": ("DFF",), "xc7": ("FDRE", "FDSE", "FDCE", "FDPE")}
Area = dict[str, int]


def cost(family: str, kind: str) -> Area:
    """Return what one cell takes, nothing for cells that share the place of others."""
    if kind.startswith(FLIP_FLOPS.get(family, ("\0",))):
        return {"ff": 1}
    return COST[family].get(kind, {})


def blocks(netlist: Path, family: str) -> dict[str, Area]:
    """Return the area of every block of a netlist by its path of instances, ``(top)`` for the top itself.

    A look-up table has no name in the source: it lies where the wire lies that it drives, so a few count for
    the neighbour of the block that wrote them.
    """
    modules = json.loads(netlist.read_text())["modules"]
    own: dict[str, dict[str, Area]] = {}
    calls: dict[str, list[tuple[str, str]]] = {}
    for name, module in modules.items():
        own[name], calls[name] = {}, []
        for cell, data in module["cells"].items():
            kind = data["type"]
            if kind in modules and modules[kind]["cells"] and not _is_cell(modules[kind]):
                calls[name].append((cell, kind))
                continue
            area = own[name].setdefault(_folder(cell), {})
            for figure, count in cost(family, kind).items():
                area[figure] = area.get(figure, 0) + count
    found: dict[str, Area] = {}

    def visit(name: str, path: str) -> None:
        for folder, area in own[name].items():
            total = found.setdefault(_join(path, folder), dict.fromkeys(FIGURES, 0))
            for figure, count in area.items():
                total[figure] += count
        for cell, kind in calls[name]:
            visit(kind, _join(path, cell))

    harness = next(cell for cell, kind in calls[NAME] if cell == INSTANCE)
    visit(dict(calls[NAME])[harness], "")
    return {path or "(top)": area for path, area in sorted(found.items()) if any(area.values())}


def units(found: dict[str, Area]) -> list[dict[str, Any]]:
    """Return the blocks of like names together, largest first: copies, and the area of all copies."""
    merged: dict[str, dict[str, Any]] = {}
    for path, area in found.items():
        name = ".".join(_plain(step) for step in path.split("."))
        unit = merged.setdefault(name, {"unit": name, "copies": 0, **dict.fromkeys(FIGURES, 0)})
        unit["copies"] += 1
        for figure in FIGURES:
            unit[figure] += area[figure]
    return sorted(merged.values(), key=lambda unit: -unit["comb"])


def _plain(step: str) -> str:
    """Return an instance's name without its number: pe0, pe[1] and pe_2 are all pe."""
    return unit_name(step).rstrip("]0123456789").rstrip("[_") or step


def _is_cell(module: dict) -> bool:
    return "blackbox" in module["attributes"] or "whitebox" in module["attributes"]


def _folder(cell: str) -> str:
    steps = cell.split(".")[:-1]
    for position, step in enumerate(steps):
        if step.startswith("$"):
            return ".".join(steps[:position])
    return ".".join(steps)


def _join(path: str, more: str) -> str:
    return ".".join(part for part in (path, more) if part)

"""Where the area of a netlist goes: its cells by the block they lie in, counted as place and route counts them."""

import json
from collections.abc import Collection
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
LIBRARY = {"blackbox", "whitebox"}      # attributes of a family's cells, which Yosys writes as modules too
Area = dict[str, int]


def cost(family: str, kind: str) -> Area:
    """Return what one cell takes, nothing for cells that share the place of others."""
    if kind.startswith(FLIP_FLOPS.get(family, ("\0",))):
        return {"ff": 1}
    return COST[family].get(kind, {})


class Hierarchy:
    """The blocks of a netlist: a module kept as one, or one that was flattened and left its name behind.

    Parameters
    ----------
    netlist : Path
        Yosys's JSON of the harness and what is in it.
    family : str
    """

    def __init__(self, netlist: Path, family: str):
        self._modules = json.loads(netlist.read_text())["modules"]
        self.areas: dict[str, Area] = {}
        self._family = family
        harness = self._modules[NAME]["cells"]
        self._visit(harness[INSTANCE]["type"], "")

    def _visit(self, name: str, path: str) -> None:
        cells = self._modules[name]["cells"]
        inner = {cell for cell, data in cells.items()
                 if data["type"] == "$scopeinfo" and data["parameters"].get("TYPE") == "module"}
        for block in (path, *(_join(path, step) for step in inner)):
            self.areas.setdefault(block, dict.fromkeys(FIGURES, 0))
        for cell, data in cells.items():
            kind = data["type"]
            if kind in self._modules and not self._modules[kind]["attributes"].keys() & LIBRARY:
                self._visit(kind, _join(path, cell))
                continue
            area = self.areas[_join(path, within(cell, inner))]
            for figure, count in cost(self._family, kind).items():
                area[figure] += count

    def block(self, cell: str) -> str:
        """Return the block of a placed cell; one that is not in the design is the placer's or the harness's."""
        if cell.startswith("$nextpnr"):
            return "(placer)"
        start, _, rest = cell.partition(".")
        return within(rest, self.areas) or "(top)" if start == INSTANCE else "(harness)"

    def blocks(self) -> dict[str, Area]:
        """Return the area of every block by its path of instances, ``(top)`` for what lies in none.

        A look-up table has no name in the source: it lies where the wire lies that it drives, so a few count
        for the neighbour of the block that wrote them.
        """
        return {path or "(top)": area for path, area in sorted(self.areas.items()) if any(area.values())}


def within(cell: str, known: Collection[str]) -> str:
    """Return the longest path of instances, of those known, that a cell's name begins with; may be empty."""
    path = cell
    while "." in path:
        path = path.rpartition(".")[0]
        if path in known:
            return path
    return ""


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
    """Return an instance's name without its number: pe0, pe[1], pe_2 and pe$3 are all pe."""
    return unit_name(step).rstrip("]0123456789").rstrip("[_$") or step


def _join(path: str, more: str) -> str:
    return ".".join(part for part in (path, more) if part)

"""Where a machine's repeated blocks go on an ECP5: their block RAM is put in rows, near in the array, near on the part.

Place and route sees one flat netlist and spreads the block RAM of a PE over the part. With the block RAM of each PE side by
side, and the PEs in the order of their tree, the logic gathers around them: wires are a fifth shorter on 16 PEs.
"""

import copy
import json
import math
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sim.cache import fetch, key
from synth import tool
from synth.area import LIBRARY
from synth.harness import NAME
from synth.part import Part

RAM = "DP16KD"
FEWEST = 8
"""Units below which the placer is left alone."""

Plan = Callable[[dict[str, Any], list[list[tuple[int, int, str]]]], dict[str, str]]
"""From the modules of a netlist and the part's rows of sites (x, y, name): the places of cells, by their paths."""

TOGETHER = 4
"""Units that stay in one half of a row where that can be: a group of the array."""


def located(text: str, part: Part, plan: Plan | None = None) -> tuple[str, int]:
    """Return a netlist with its units' block RAM at sites of the part, and how many units; 0 and the same text if none.

    A unit is an instance of the module with block RAM of its own that is there most often. A ``plan`` of the machine's own
    goes before, as one unit, if it places any cell.
    """
    if part.family != "ecp5":
        return text, 0
    netlist = json.loads(text)
    modules = netlist["modules"]
    if plan and (own := plan(modules, rows(part))):
        _place(modules, NAME, "", own)
        return json.dumps(netlist), 1
    found: dict[str, list[tuple[str, list[str]]]] = {}
    for path, module in instances(modules):
        if rams := sorted(name for name, cell in modules[module]["cells"].items() if cell["type"] == RAM):
            found.setdefault(module, []).append((path, rams))
    units = max(found.values(), key=len, default=[])
    units.sort(key=lambda unit: [int(number) for number in re.findall(r"\d+", unit[0])])
    if len(units) < FEWEST:
        return text, 0
    sites = arrange(len(units), len(units[0][1]), rows(part))
    if not sites:
        return text, 0
    places = {f"{path}.{ram}": site for (path, rams), near in zip(units, sites, strict=True)
              for ram, site in zip(rams, near, strict=True)}
    _place(modules, NAME, "", places)
    return json.dumps(netlist), len(units)


def arrange(units: int, each: int, lines: list[list[tuple[int, int, str]]]) -> list[list[str]]:
    """Return the sites of each unit, ``each`` side by side, or nothing where they do not fit.

    Parameters
    ----------
    lines : list of list of tuple
        The part's rows of block RAM from top to bottom; of each site, x, y and name in order of x.

    The units fill some rows, as square as may be: down the left halves of the rows and up the right ones.
    """
    fits = []
    for used in range(1, len(lines) + 1):
        row = -(-units // (2 * used))
        if row * each <= min(len(line) for line in lines) // 2:
            width = 2 * row * each * (lines[0][-1][0] - lines[0][0][0]) / len(lines[0])
            height = used * (lines[-1][0][1] - lines[0][0][1]) / max(1, len(lines) - 1)
            fits.append((row % TOGETHER != 0, abs(math.log(max(1, width) / max(1, height))), used, row))
    if not fits:
        return []
    *_, used, row = min(fits)
    middle = sum(line[0][1] for line in lines) / len(lines)
    start = min(range(len(lines) - used + 1),
                key=lambda k: abs(sum(line[0][1] for line in lines[k:k + used]) / used - middle))
    chosen = lines[start:start + used]
    spread = row * each
    left = [line[len(line) // 2 - spread:len(line) // 2] for line in chosen]
    right = [line[len(line) // 2:len(line) // 2 + spread] for line in reversed(chosen)]
    places = [[site[2] for site in half[k * each:(k + 1) * each]] for half in left + right for k in range(row)]
    return places[:units]


def rows(part: Part) -> list[list[tuple[int, int, str]]]:
    """Return x, y and name of the part's block RAM sites, row by row; the placer is asked, once."""
    program = "nextpnr-ecp5"
    cells = {f"ram{k}": {"type": RAM, "parameters": {}, "attributes": {}, "port_directions": {"CLKA": "input"},
                         "connections": {"CLKA": [2]}} for k in range(part.bram)}
    netlist = {"modules": {"top": {
        "attributes": {"top": 1}, "ports": {"clk": {"direction": "input", "bits": [2]}}, "cells": cells,
        "netnames": {"clk": {"bits": [2], "attributes": {}}}}}}
    options = [f"--{part.device}", "--package", part.package, "--speed", part.grade, "--lpf-allow-unconstrained",
               "--json", "net.json", "--no-route", "--write", "out.json"]

    def build(work: Path) -> list[Path]:
        (work / "net.json").write_text(json.dumps(netlist))
        outcome = tool.run(program, options, folder=work, log="place.log", title=f"{program}: sites of {part.name}")
        if outcome.code:
            raise tool.fail(program, outcome, folder=tool.keep_failed(work, program), log="place.log")
        return [work / "out.json"]

    folder = fetch(key("sites", json.dumps(tool.identity(program)), part.device, part.package), build)
    top = json.loads((folder / "out.json").read_text())["modules"]["top"]
    lines: dict[int, list[tuple[int, int, str]]] = {}
    for cell in top["cells"].values():
        if cell["type"] == RAM:
            name = cell["attributes"]["NEXTPNR_BEL"]
            x, y = (int(number) for number in re.findall(r"[XY](\d+)/", name))
            lines.setdefault(y, []).append((x, y, name))
    return [sorted(lines[y]) for y in sorted(lines)]


def instances(modules: dict[str, Any], name: str = NAME, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield the path and the module of every instance of the design's own modules, the top one first."""
    yield path, name
    for cell, data in modules[name]["cells"].items():
        if _own(modules, data["type"]):
            yield from instances(modules, data["type"], f"{path}.{cell}".lstrip("."))


def cells(modules: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the path and the type of every cell of a netlist."""
    for at, module in instances(modules):
        for cell, data in modules[module]["cells"].items():
            yield f"{at}.{cell}".lstrip("."), data["type"]


def _own(modules: dict[str, Any], name: str) -> bool:
    return name in modules and not modules[name]["attributes"].keys() & LIBRARY


def _place(modules: dict[str, Any], name: str, path: str, places: dict[str, str]) -> None:
    """Put sites on the cells below an instance of a module; modules on the way become one an instance."""
    for cell, data in modules[name]["cells"].items():
        inner = f"{path}.{cell}".lstrip(".")
        if inner in places:
            data["attributes"]["BEL"] = places[inner]
        elif _own(modules, data["type"]) and any(place.startswith(f"{inner}.") for place in places):
            own = f"{data['type']}${inner}"
            modules[own] = copy.deepcopy(modules[data["type"]])
            data["type"] = own
            _place(modules, own, inner, places)

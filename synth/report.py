"""A result as one self-contained HTML page: bars, a map of the area, clocks, the critical path, commands."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from cli.command import write_text
from synth import treemap
from synth.part import Part

MAP = (0.0, 0.0, 720.0, 360.0)
LEAST_LABEL = 46.0              # a narrower rectangle has no room for its name
HUES = (212, 28, 145, 265, 50, 190, 340, 95)
FIGURES = {"comb": "LUT", "ff": "flip-flops", "dsp": "multipliers", "bram": "block RAM"}


def render(data: dict[str, Any], target: Part) -> str:
    """Return the page of a result."""
    environment = Environment(loader=FileSystemLoader(Path(__file__).parent), undefined=StrictUndefined,
                              autoescape=select_autoescape(default=True), trim_blocks=True, lstrip_blocks=True)
    page = environment.get_template("report.html.j2")
    return page.render(data=data, target=target, bars=_bars(data, target), tiles=_tiles(data["units"]),
                       clocks=_clocks(data), steps=_steps(data), map=MAP)


def write(data: dict[str, Any], target: Part, path: Path) -> None:
    """Write the page of a result, whole or not at all."""
    write_text(path, render(data, target))


def _bars(data: dict[str, Any], target: Part) -> list[dict[str, Any]]:
    bars = []
    for figure, has in target.has.items():
        if has:
            estimate = data.get("estimate", {}).get(figure)
            bars.append({"name": FIGURES[figure], "used": data[figure], "has": has, "share": data[figure] / has,
                         "estimate": estimate, "estimate_share": estimate / has if estimate is not None else None})
    return bars


def _tiles(units: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return a rectangle a block, coloured by the block that holds it."""
    shown = sorted((unit for unit in units if unit["comb"]), key=lambda unit: -unit["comb"])
    families = list(dict.fromkeys(_family(unit["unit"]) for unit in shown))
    tiles = []
    for unit, (left, top, width, height) in zip(shown, treemap.layout([u["comb"] for u in shown], MAP), strict=True):
        hue = HUES[families.index(_family(unit["unit"])) % len(HUES)]
        depth = unit["unit"].count(".")
        steps = unit["unit"].split(".")
        name = ".".join(steps[-2:]) if steps[-1] == "memory" else steps[-1]
        tiles.append({"unit": unit, "x": left, "y": top, "w": width, "h": height, "name": name,
                      "colour": f"hsl({hue} 45% {min(88, 62 + 6 * depth)}%)",
                      "label": width > max(LEAST_LABEL, 6.2 * len(name)) and height > 30})
    return tiles


def _family(unit: str) -> str:
    """Return the block that decides a tile's colour: a PE's parts are told apart, others by their own top."""
    steps = unit.split(".")
    inside = [step for step in steps if step.startswith(("pe", "dot", "tile"))]
    if inside:
        at = steps.index(inside[-1])
        return ".".join(steps[at:at + 2])
    return steps[0]


def _clocks(data: dict[str, Any]) -> dict[str, Any] | None:
    if "fmax_mhz" not in data:
        return None
    seeds = data["fmax_mhz"]["seeds"]
    top = max(seeds.values()) * 1.08
    bars = [{"seed": seed, "mhz": mhz, "share": mhz / top} for seed, mhz in seeds.items()]
    return {"bars": bars, "median": data["fmax_mhz"]["median"], "at": data["fmax_mhz"]["median"] / top}


def _steps(data: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the critical path as segments of one bar: in wires, then in cells, block after block."""
    if not data.get("critical_path", {}).get("ns"):
        return []
    way, found, at = data["critical_path"], [], 0.0
    names = list(dict.fromkeys(one["block"] for one in way["blocks"]))
    for one in way["blocks"]:
        for kind in ("routing", "logic"):
            share = one[f"{kind}_ns"] / way["ns"]
            if share > 0:
                hue = HUES[names.index(one["block"]) % len(HUES)]
                found.append({"block": one["block"], "kind": kind, "ns": one[f"{kind}_ns"], "at": at, "share": share,
                              "colour": f"hsl({hue} 50% {55 if kind == 'logic' else 82}%)"})
                at += share
    return found

"""One measurement: a design on a part, from Verilog to a dictionary for JSON."""

import json
from concurrent.futures import ThreadPoolExecutor
from statistics import median
from typing import Any

from cli.versions import versions
from synth import area, check, path, tool
from synth.design import Design
from synth.harness import NAME
from synth.part import Part
from synth.place import TOOLS, Placed, pack, place
from synth.synthesis import Netlist, synthesise

FORMAT = 1


def measure(design: Design, target: Part, *, seeds: int = 5, clock: float | None = None, jobs: int = 1,
            extra: tuple[str, ...] = (), options: tuple[str, ...] = (), planned: bool = True) -> dict[str, Any]:
    """Return the result of a design on a part.

    Parameters
    ----------
    seeds : int
        Placements: seeds 1, 2, ... The area is that of the median one; a seed that nextpnr cannot place is a warning and
        ``unplaced`` names it, unless none can be placed. With 0 the cells are counted as they are packed, without place and
        route: exact, in seconds, and without a clock.
    clock : float, optional
        MHz to work towards; the part's own when not given.
    jobs : int
        Placements at once.
    extra, options : tuple of str
        More options of nextpnr, of Yosys's synthesis command.
    planned : bool
        Whether block RAM is put in place first, by the machine's own plan or that of repeated units (``synth.floorplan``).

    Raises
    ------
    synth.check.BrokenLogic
        If the netlist is not the design.
    synth.tool.ToolError
        If a tool fails, place and route at every seed.
    """
    netlist = checked(design, target, options=options)

    def one(seed: int) -> Placed | tool.ToolError:
        try:
            return place(netlist.folder / "net.json", target, seed=seed, clock=clock, extra=extra, planned=planned,
                         plan=design.plan)
        except tool.ToolError as error:
            return error

    tried: list[Placed | tool.ToolError] = []
    if target.routed and seeds:
        with ThreadPoolExecutor(jobs) as pool:
            tried = list(pool.map(one, range(1, seeds + 1)))
    placed = [answer for answer in tried if isinstance(answer, Placed)]
    failed = {seed: answer for seed, answer in enumerate(tried, 1) if isinstance(answer, tool.ToolError)}
    if failed and not placed:
        raise failed[1]
    packed = pack(netlist.folder / "net.json", target) if target.routed and not seeds else None
    data = result(design, target, netlist, placed, packed)
    if failed:
        data["unplaced"] = list(failed)
        data["warnings"][:0] = [f"seed {seed} is not counted: {error}" for seed, error in failed.items()]
    return data


def checked(design: Design, target: Part, *, options: tuple[str, ...] = ()) -> Netlist:
    """Return a design's netlist, or say what is broken about it."""
    netlist = synthesise(design, target, options=options)
    check.logic(netlist.log, design=design.name)
    check.memories(netlist.log, family=target.family)
    check.blocks(check.expected(netlist.survey, design.top), inner_area(netlist, target), design=design.name,
                 has=target.has)
    return netlist


def inner_area(netlist: Netlist, target: Part) -> dict[str, int]:
    """Return the cells of the design in the harness."""
    return total(area.Hierarchy(netlist.folder / "net.json", target.family))


def total(tree: area.Hierarchy) -> dict[str, int]:
    """Return the sums of all blocks."""
    return {figure: sum(one[figure] for one in tree.areas.values()) for figure in area.FIGURES}


def harness_area(netlist: Netlist, target: Part) -> dict[str, int]:
    """Return what the registers around the design cost, which is not the design's."""
    own = netlist.cells["modules"][f"\\{NAME}"]["num_cells_by_type"]
    total = dict.fromkeys(area.FIGURES, 0)
    for kind, count in own.items():
        for figure, each in area.cost(target.family, kind).items():
            total[figure] += count * each
    if target.family == "ice40":            # a logic cell holds both, and every harness cell has its flip-flop
        total["comb"] = max(total["comb"], total["ff"])
    return total


def result(design: Design, target: Part, netlist: Netlist, placed: list[Placed],
           packed: tuple[dict[str, int], str] | None = None) -> dict[str, Any]:
    """Return a result out of a netlist and its placements or its packing, without either where a part has none."""
    tree = area.Hierarchy(netlist.folder / "net.json", target.family)
    around, inner = harness_area(netlist, target), total(tree)
    programs = ("yosys", TOOLS[target.family]) if target.routed else ("yosys",)
    data: dict[str, Any] = {
        "format": FORMAT, "design": design.manifest, "part": target.name, "tools": versions() | tool.identity(*programs),
        **inner, "harness": around, "kept_modules": netlist.kept,
        "floorplan": placed[0].units if placed else 0,
        "units": area.units(tree.blocks()),
        "seconds": {"yosys": round(netlist.seconds, 1), "yosys_cpu": round(netlist.cpu_seconds, 1),
                    "nextpnr": [round(one.seconds, 1) for one in placed]},
        "commands": [netlist.command, *(one.command for one in placed), *(packed[1:] if packed else ())],
        "warnings": check.warnings(netlist.log, *(one.log for one in placed))
        + check.memories(netlist.log, family=target.family),
    }
    if placed:
        data |= _clock(placed, tree)
    used = sorted(placed, key=lambda one: one.fmax)[(len(placed) - 1) // 2].used if placed else (packed or ({},))[0]
    if used:
        data |= {figure: used[figure] - around[figure] for figure in area.FIGURES if used.get(figure)}
        added = {figure: data[figure] - inner[figure] for figure in area.FIGURES}
        if any(added.values()):             # what packing adds: carry chains' ends, look-up tables that pass a wire on
            data["units"].append({"unit": "(packing)", "copies": 1, **added})
    data["share"] = {figure: round(data[figure] / has, 4) for figure, has in target.has.items() if has}
    return data


def _clock(placed: list[Placed], tree: area.Hierarchy) -> dict[str, Any]:
    ranked = sorted(placed, key=lambda one: one.fmax)
    middle = ranked[(len(ranked) - 1) // 2]
    return {
        "fmax_mhz": {"median": round(median(one.fmax for one in placed), 2), "best": ranked[-1].fmax,
                     "worst": ranked[0].fmax, "seeds": {str(one.seed): one.fmax for one in placed}},
        "critical_path": {**path.total(middle.path), "seed": middle.seed, "blocks": path.blocks(middle.path, tree.block)},
    }


def same(data: dict[str, Any]) -> str:
    """Return a result's text without its times, for comparison of two runs."""
    return json.dumps({key: value for key, value in data.items() if key != "seconds"}, sort_keys=True)

"""Where block RAM is put: side by side, once each, and the netlist otherwise as it was."""

import json

import pytest

from synth import floorplan, place
from synth.part import PARTS

PART = PARTS["lfe5u-85f-6"]
ROWS = [[(4 + 9 * k + 2 * n, y, f"X{4 + 9 * k + 2 * n}/Y{y}/EBR{n}") for k in range(13) for n in range(4)]
        for y in (22, 46, 70, 82)]


def module(cells, **attributes):
    plain = {"attributes": {}, "parameters": {}, "connections": {}}
    return {"attributes": attributes, "ports": {}, "netnames": {},
            "cells": {name: plain | {"type": kind} for name, kind in cells.items()}}


def netlist(groups, pes):
    """A tree of groups of PEs, each with three block RAMs, and a block RAM beside it."""
    return json.dumps({"modules": {
        "harness": module({"dut": "machine"}, top=1),
        "machine": module({f"group{k}": "group" for k in range(groups)} | {"table.memory": "DP16KD", "lut": "LUT4"}),
        "group": module({f"pe{k}": "pe" for k in range(pes)}),
        "pe": module({"pointer.memory": "DP16KD", "spmat.0": "DP16KD", "spmat.1": "DP16KD", "lut": "LUT4"}),
        "LUT4": module({}, blackbox=1), "DP16KD": module({}, blackbox=1)}})


def cells(text):
    """Type and site of every cell by its path."""
    modules = json.loads(text)["modules"]
    found = {}

    def visit(name, path):
        for cell, data in modules[name]["cells"].items():
            inner = f"{path}.{cell}".lstrip(".")
            if data["type"] in ("LUT4", "DP16KD"):
                found[inner] = data["type"], data["attributes"].get("BEL")
            else:
                visit(data["type"], inner)

    visit("harness", "")
    return found


@pytest.fixture(autouse=True)
def rows(monkeypatch):
    monkeypatch.setattr(floorplan, "rows", lambda part: ROWS)


@pytest.mark.parametrize(("units", "each"), [(8, 3), (9, 3), (16, 3), (24, 3), (48, 3), (64, 3), (100, 2), (208, 1), (13, 8)])
def test_units_get_sites_side_by_side(units, each):
    sites = floorplan.arrange(units, each, ROWS)
    everywhere = [site for row in ROWS for *_, site in row]
    assert [len(near) for near in sites] == [each] * units
    assert len({site for near in sites for site in near}) == units * each
    for near in sites:
        start = everywhere.index(near[0])
        assert everywhere[start:start + each] == near and start // 52 == (start + each - 1) // 52


def test_neighbours_of_the_tree_are_neighbours_on_the_part():
    place = {site: (x, y) for row in ROWS for x, y, site in row}
    sites = [place[near[1]] for near in floorplan.arrange(64, 3, ROWS)]
    for start in range(0, 64, 4):               # a group of four: one row, and not much wider than its sites
        xs, ys = zip(*sites[start:start + 4], strict=True)
        assert len(set(ys)) == 1 and max(xs) - min(xs) < 30
    for start in range(0, 64, 16):              # four groups: one half of two rows
        xs, ys = zip(*sites[start:start + 16], strict=True)
        assert len(set(ys)) == 2 and max(xs) - min(xs) < 62


def test_what_does_not_fit_is_left_to_the_placer():
    assert floorplan.arrange(70, 3, ROWS) == []
    assert floorplan.located(netlist(20, 4), PART) == (netlist(20, 4), 0)


@pytest.mark.parametrize(("groups", "pes"), [(1, 7), (3, 2)])
def test_few_units_are_left_to_the_placer(groups, pes):
    assert floorplan.located(netlist(groups, pes), PART) == (netlist(groups, pes), 0)


def test_other_families_are_left_alone():
    assert floorplan.located(netlist(4, 4), PARTS["ice40up5k"]) == (netlist(4, 4), 0)


def test_a_netlist_stays_what_it_is_but_for_its_sites():
    before, (text, units) = cells(netlist(4, 4)), floorplan.located(netlist(4, 4), PART)
    after = cells(text)
    assert units == 16
    assert {cell: kind for cell, (kind, _) in after.items()} == {cell: kind for cell, (kind, _) in before.items()}
    placed = {cell: site for cell, (kind, site) in after.items() if site}
    assert len(placed) == len(set(placed.values())) == 48 and all(".pe" in cell for cell in placed)
    first = floorplan.arrange(16, 3, ROWS)[5]
    assert [placed[f"dut.group1.pe1.{name}"] for name in ("pointer.memory", "spmat.0", "spmat.1")] == first


def test_a_plan_goes_before_repeated_units():
    chosen, site = "dut.group1.pe2.spmat.0", ROWS[2][7][2]
    text, units = floorplan.located(netlist(4, 4), PART,
                                    lambda modules, rows: {chosen: rows[2][7][2]} if "pe" in modules else {})
    assert units == 1 and {cell: at for cell, (_, at) in cells(text).items() if at} == {chosen: site}
    assert floorplan.located(netlist(4, 4), PART, lambda modules, rows: {}) == floorplan.located(netlist(4, 4), PART)


def test_a_reset_gets_a_net_of_its_own_and_settings_are_kept():
    text = json.loads(netlist(1, 1))
    text["modules"]["harness"]["cells"]["dut"]["connections"] = {"rst": [7], "clk": [2]}
    made = json.loads(place._with_settings(place._with_wide_reset(json.dumps(text)), {"a/b": "8"}))["modules"]["harness"]
    wide = made["cells"]["wide_reset"]
    assert wide["type"] == "DCCA" and wide["connections"]["CLKI"] == [7]
    assert made["cells"]["dut"]["connections"] == {"rst": wide["connections"]["CLKO"], "clk": [2]}
    assert wide["connections"]["CLKO"][0] not in (2, 7) and made["settings"] == {"a/b": "8"}
    assert place._with_wide_reset(netlist(1, 1)) == netlist(1, 1)           # no reset, no change

"""The slowest path of a placed design, told by block names instead of cells."""

from collections.abc import Callable
from typing import Any

LONGEST = 36        # letters of a cell's name; Yosys chains the names of what a cell feeds


def blocks(path: list[dict[str, Any]], block: Callable[[str], str]) -> list[dict[str, Any]]:
    """Return the path as blocks in order, each with its delay: what is spent inside it, and on the way to it.

    Parameters
    ----------
    path : list
        From nextpnr's report.
    block : callable
        Returns the block of a cell.

    Each item has ``block``, ``logic_ns``, ``routing_ns``, ``cells``. The delays of all items add up to the
    period that the path allows.
    """
    found: list[dict[str, Any]] = []
    for step in path:
        where = block(step["to"]["cell"])
        if not found or found[-1]["block"] != where:
            found.append({"block": where, "logic_ns": 0.0, "routing_ns": 0.0, "cells": []})
        kind = "routing_ns" if step["type"] == "routing" else "logic_ns"
        found[-1][kind] = round(found[-1][kind] + step["delay"], 3)
        name = step["to"]["cell"].split(".")[-1]
        name = name if len(name) <= LONGEST else f"{name[:LONGEST - 3]}..."
        if name not in found[-1]["cells"]:
            found[-1]["cells"].append(name)
    return found


def total(path: list[dict[str, Any]]) -> dict[str, float]:
    """Return the sums of a path: logic, routing and both, in nanoseconds, and its number of logic steps."""
    routing = sum(step["delay"] for step in path if step["type"] == "routing")
    logic = sum(step["delay"] for step in path if step["type"] != "routing")
    return {"logic_ns": round(logic, 3), "routing_ns": round(routing, 3), "ns": round(logic + routing, 3),
            "steps": sum(step["type"] == "logic" and step["delay"] > 0 for step in path)}

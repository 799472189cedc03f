"""The programs of an array as golden reads them: words of the three memories become records."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from spec.scnn import program as records


@dataclass(frozen=True, kw_only=True)
class Part:
    """A part of an activation block: fields of `spec.scnn.program.SUPPLY_PART`."""

    source: int
    local: int
    first: int
    advance: int
    gate: int
    back: int
    base: int


@dataclass(frozen=True, kw_only=True)
class Segment:
    """Some pairs of every pass: what the lanes and what the supply of one PE know of them."""

    pairs: int
    tap: int
    step: int
    parts: tuple[Part, ...]


@dataclass(frozen=True, kw_only=True)
class Program:
    """One layer as one PE (and the lanes) run it.

    Parameters
    ----------
    lane, supply, drain : dict
        Fields of the three heads.
    segments : tuple of Segment
    steps : tuple of dict
        Fields of the drain steps.
    """

    lane: dict[str, int]
    supply: dict[str, int]
    drain: dict[str, int]
    segments: tuple[Segment, ...]
    steps: tuple[dict[str, int], ...]


def _record(fields: dict[str, tuple[int, int]], words: Sequence[int], at: int) -> tuple[dict[str, int], int]:
    size = -(-max(low + width for low, width in fields.values()) // 64)
    whole = sum(int(word) << 64 * k for k, word in enumerate(words[at:at + size]))
    return {name: whole >> low & (1 << width) - 1 for name, (low, width) in fields.items()}, at + size


def read(entry: int, lanes: Sequence[int], supply: Sequence[int], drain: Sequence[int]) -> Program:
    """Return a layer of one PE: ``entry`` is its word in the layer table, the others are whole memories."""
    places, _ = _record(records.LAYER, [entry], 0)
    lane, at = _record(records.LANE_LAYER, lanes, places["lanes"])
    own, here = _record(records.SUPPLY_LAYER, supply, places["supply"])
    if (lane["pairs"], lane["segments"], lane["passes"]) != (own["pairs"], own["segments"], own["passes"]):
        raise ValueError("passes, pairs and segments of a layer must be alike for lanes and supply")
    segments = []
    for _ in range(own["segments"]):
        mine, at = _record(records.LANE_SEGMENT, lanes, at)
        head, here = _record(records.SUPPLY_SEGMENT, supply, here)
        if mine["pairs"] != head["pairs"]:
            raise ValueError(f"pairs of a segment must be alike for lanes and supply, not {mine['pairs']} and {head['pairs']}")
        parts = []
        for _ in range(head["parts"]):
            part, here = _record(records.SUPPLY_PART, supply, here)
            parts.append(Part(**part))
        segments.append(Segment(pairs=head["pairs"], tap=mine["tap"], step=mine["step"], parts=tuple(parts)))
    last, where = _record(records.DRAIN_LAYER, drain, places["drain"])
    steps: list[dict[str, Any]] = []
    for _ in range(last["steps"]):
        step, where = _record(records.DRAIN_STEP, drain, where)
        steps.append(step)
    return Program(lane=lane, supply=own, drain=last, segments=tuple(segments), steps=tuple(steps))


def operations(step: dict[str, int]) -> int:
    """Return the number of operations of a drain step."""
    return step["nk"] * step["ny"] * step["nx"] * step["wy"] * step["wx"]


def duration(step: dict[str, int], kind_of: dict[int, str], step_latency: int, post_latency: int) -> int:
    """Return the cycles from the start of a drain step to its end."""
    kind, count = kind_of[step["kind"]], operations(step)
    if kind == "send":
        return step["cycles"]
    if kind == "clear":
        return step_latency + count
    if not step["ny"] or not step["nx"]:
        return step_latency + step["nk"] + post_latency
    return step_latency + count + (step["nk"] * step["ny"] if step["gap"] else 0) + post_latency

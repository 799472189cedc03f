"""Bounds of values, as Relu, Clip and QuantizeLinear set them, become activations, which bound from 0 on.

A bound joins one after it; one beyond which no value can lie is left out, as that of a maximum of bounded values. A bound of
the network's input is left to the host, which rounds inputs anyhow. Every other one whose lower end is not 0 is moved there: a
summand ahead of the activation and another after it, which the layers before and after take in; it is exact.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from compress.frontend.graph import INPUT, End
from compress.frontend.meet import ahead, joined
from compress.frontend.node import Step, free

INF = float("inf")
SLACK = 1e-5        # of a bound's width: what the rounding of scales to float32 moves its ends by

Span = tuple[float, float]


@dataclass(kw_only=True, eq=False)
class Settled:
    """Steps without bounds but the activations' own.

    Parameters
    ----------
    steps : list of Step
    names : dict
        Values that are gone, and those that took their places.
    inputs : tuple of float, or None
        Between which the host keeps the inputs.
    nodes : tuple of str
        Those that do so.
    spans : dict
        Between which ends each value is known to lie, where one of them is finite.
    ends : dict
        The bounds that became activations, by the value of the activation.
    """

    steps: list[Step] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    inputs: Span | None = None
    nodes: tuple[str, ...] = ()
    spans: dict[str, Span] = field(default_factory=dict)
    ends: dict[str, End] = field(default_factory=dict)

    def name(self, value: str) -> str:
        """Return the value that stands for one of before."""
        return self.names.get(value, value)

    def span(self, value: str) -> Span:
        """Return between which ends a value lies."""
        return self.spans.get(value, (-INF, INF))


def settle(steps: Sequence[Step], answer: str, left: Mapping[str, tuple[bool, bool]]) -> Settled:
    """Return steps whose bounds have become activations; ``answer`` is the value that the network's output is.

    ``left`` says of some bounds whether their low and high ends are left out.

    Raises
    ------
    ValueError
        If bounds leave one value alone.
    """
    steps = ahead(joined(steps, answer), answer)
    uses = Counter(source for step in steps for source in step.inputs) + Counter([answer])
    readers: dict[str, list[Step]] = {}
    for step in steps:
        for source in step.inputs:
            readers.setdefault(source, []).append(step)
    settled, taken = Settled(), {step.name for step in steps}
    _host(settled, steps, readers, answer)
    late: dict[str, Step] = {}          # values, and the summand after an activation that is still to be added to them
    for step in steps:
        if step.name in settled.names:
            continue
        step = replace(step, inputs=[settled.name(name) for name in step.inputs])
        if step.kind == "bound":
            more = _activation(settled, _without(step, left.get(step.name, (False, False))), taken)
        else:
            settled.spans[step.name] = _span(step, [settled.span(name) for name in step.inputs])
            more = [step]
        if step.kind == "pool" and step.inputs[0] in late:
            more = _swapped(step, late.pop(step.inputs[0]), free(taken, f"{step.name} of what is bounded"))
        if len(more) > 1 and step.name != answer and uses[step.name] == 1 and _commutes(readers[step.name][0], more[-1]):
            late[step.name] = more.pop()
        settled.steps += more
    return settled


def _host(settled: Settled, steps: Sequence[Step], readers: dict[str, list[Step]], answer: str) -> None:
    """Leave a bound of the whole input, which all who read the input set alike, to the host."""
    first = readers.get(INPUT, [])
    same = {(step.kind, *(step.numbers.get(end) for end in ("low", "high"))) for step in first}
    if answer == INPUT or len(same) != 1 or first[0].kind != "bound" or len(first) == len(steps):
        return
    settled.inputs = first[0].numbers["low"], first[0].numbers["high"]
    settled.nodes = tuple(dict.fromkeys(node for step in first for node in step.nodes))
    settled.names |= {step.name: INPUT for step in first}
    settled.spans[INPUT] = settled.inputs


def _without(step: Step, left: tuple[bool, bool]) -> Step:
    """Return a bound without its low or high end."""
    low, high = step.numbers["low"], step.numbers["high"]
    return replace(step, numbers={"low": -INF if left[0] else low, "high": INF if left[1] else high})


def _activation(settled: Settled, step: Step, taken: set[str]) -> list[Step]:
    """Return the steps of a bound, none where no value lies beyond it; names that are ``taken`` are no new step's."""
    source, (low, high) = step.inputs[0], settled.span(step.inputs[0])
    least, most = step.numbers["low"], step.numbers["high"]
    if low >= most or high <= least:
        only = most if low >= most else least
        raise ValueError(f"node {step.nodes[-1]} must leave more than one value, not {only:g} alone of values from {low:g} to "
                         f"{high:g}; leave it out, and what leads to it")
    slack = SLACK * min(most - least, high - low)
    slack = slack if np.isfinite(slack) else 0.0
    if low >= least - slack and high <= most + slack:
        settled.names[step.name] = source
        return []
    if high <= most + slack:
        most = INF
    if low >= least - slack and low >= 0:
        least = 0.0
    settled.spans[step.name] = min(max(low, step.numbers["low"]), step.numbers["high"]), min(max(high, least), most)
    size = int(np.prod(step.shape))
    common: dict[str, Any] = {"shape": step.shape, "nodes": step.nodes}

    def affine(name: str, value: str, factor: float, summand: float) -> Step:
        numbers = {"scale": np.full(size, factor), "shift": np.full(size, summand)}
        return Step(name=name, kind="affine", inputs=[value], numbers=numbers, **common)

    if least == 0:
        settled.ends[step.name] = End(value=step.name, node=step.nodes[-1], low=0.0, high=most)
        return [Step(name=step.name, kind="clip", inputs=[source], numbers={"low": 0.0, "high": most}, **common)]
    first, middle = (free(taken, f"{step.name} {what}") for what in ("moved", "from 0"))
    factor, end, width = (-1.0, most, INF) if least == -INF else (1.0, least, most - least)
    settled.ends[middle] = End(value=step.name, node=step.nodes[-1], low=least, high=most, factor=factor, summand=end)
    return [affine(first, source, factor, -factor * end),           # min(x, high) = high - max(high - x, 0)
            Step(name=middle, kind="clip", inputs=[first], numbers={"low": 0.0, "high": width}, **common),
            affine(step.name, middle, factor, end)]


def _commutes(step: Step, behind: Step) -> bool:
    """Tell whether a factor and a summand, the same for all elements, may as well be applied after a step."""
    numbers = step.numbers
    if step.kind != "pool" or not numbers["average"]:
        return step.kind == "pool" and behind.numbers["scale"][0] > 0
    return not (any(numbers["pads"]) and numbers["count_pads"])


def _swapped(pool: Step, behind: Step, name: str) -> list[Step]:
    """Return a pool, called ``name``, of what a factor and summand were to be applied to, and these after it."""
    size = int(np.prod(pool.shape))
    first = replace(pool, name=name, inputs=behind.inputs)
    numbers = {name: np.full(size, values[0]) for name, values in behind.numbers.items()}
    return [first, replace(behind, name=pool.name, inputs=[first.name], shape=pool.shape, numbers=numbers)]


def _span(step: Step, given: Sequence[Span]) -> Span:
    """Return between which ends the outputs of a step lie; nothing is known of those of layers with weights."""
    low, high = min(end for end, _ in given), max(end for _, end in given)
    match step.kind:
        case "order" | "concat":
            return low, high
        case "pool":
            return (min(low, 0.0), max(high, 0.0)) if step.numbers["average"] and any(step.numbers["pads"]) else (low, high)
        case "add":
            return sum(end for end, _ in given), sum(end for _, end in given)
        case "affine":
            scale, shift = step.numbers["scale"], step.numbers["shift"]
            with np.errstate(invalid="ignore"):
                ends = [np.where(scale == 0, 0.0, scale * end) + shift for end in (low, high)]
            return float(np.minimum(*ends).min()), float(np.maximum(*ends).max())
    return -INF, INF


def between(ends: Span) -> str:
    """Return the ends of a bound as users read them."""
    low, high = ends
    if low == -INF:
        return f"at {high:g} or below"
    return f"at {low:g} or above" if high == INF else f"between {low:g} and {high:g}"

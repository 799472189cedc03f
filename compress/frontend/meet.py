"""Where bounds of values meet: two that follow each other are one, and one of the input comes ahead of its factors."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from compress.frontend.graph import INPUT
from compress.frontend.node import Step


def joined(steps: Sequence[Step], answer: str) -> list[Step]:
    """Return steps in which a bound that only another one reads has become a part of that."""
    uses = Counter(source for step in steps for source in step.inputs) + Counter([answer])
    bounds: dict[str, Step] = {}
    made: dict[str, Step] = {}
    for step in steps:
        if step.kind == "bound":
            first = bounds.get(step.inputs[0])
            if first is not None and uses[first.name] == 1:
                low, high = (min(max(first.numbers[end], step.numbers["low"]), step.numbers["high"]) for end in ("low", "high"))
                if not low < high:
                    raise ValueError(f"node {step.nodes[-1]} must leave more than one value of what {first.nodes[-1]} leaves, "
                                     f"not {low:g} alone; leave one of them out")
                del made[first.name]
                step = replace(step, inputs=first.inputs, nodes=[*first.nodes, *step.nodes], numbers={"low": low, "high": high})
            bounds[step.name] = step
        made[step.name] = step
    return list(made.values())


def ahead(steps: Sequence[Step], answer: str) -> list[Step]:
    """Return steps in which a bound of the input comes ahead of factors and summands that are the same for all elements."""
    made = list(steps)
    uses = Counter(source for step in made for source in step.inputs) + Counter([answer])
    moved = True
    while moved:
        moved, makers = False, {step.name: number for number, step in enumerate(made)}
        for number, step in enumerate(made):
            place = makers.get(step.inputs[0])
            if step.kind != "bound" or place is None or not _even(first := made[place]) or uses[first.name] != 1:
                continue
            if not _from_input(first.inputs[0], made, makers):
                continue
            factor, summand = (float(first.numbers[name][0]) for name in ("scale", "shift"))
            ends = sorted((step.numbers[end] - summand) / factor for end in ("low", "high"))
            made[place] = replace(step, name=first.name, inputs=first.inputs, numbers={"low": ends[0], "high": ends[1]})
            made[number] = replace(first, name=step.name, inputs=[first.name])
            moved = True
            break
    return made


def _even(step: Step) -> bool:
    """Tell whether a step is a factor and a summand, the same for all elements, which can be taken back."""
    numbers = step.numbers
    return step.kind == "affine" and numbers["scale"].size > 0 and numbers["scale"][0] != 0 and all(
        (numbers[name] == numbers[name][0]).all() for name in ("scale", "shift"))


def _from_input(value: str, steps: Sequence[Step], makers: dict[str, int]) -> bool:
    """Tell whether a value is the input, with nothing but factors and summands on the way."""
    while value != INPUT:
        if value not in makers or steps[makers[value]].kind != "affine":
            return False
        value = steps[makers[value]].inputs[0]
    return True

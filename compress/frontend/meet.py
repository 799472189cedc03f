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
    """Return steps in which the first bound of the input comes ahead of factors and summands, the same for all elements."""
    readers: dict[str, list[int]] = {}
    for number, step in enumerate(steps):
        for source in step.inputs:
            readers.setdefault(source, []).append(number)
    made, path, value = list(steps), list[int](), INPUT
    while value != answer and len(readers.get(value, ())) == 1 and _even(made[readers[value][0]]):
        path += readers[value]
        value = made[path[-1]].name
    behind = readers.get(value, [])
    if not path or value == answer or len(behind) != 1 or made[behind[0]].kind != "bound":
        return made
    bound, ends = made[behind[0]], [made[behind[0]].numbers[end] for end in ("low", "high")]
    for number in reversed(path):
        factor, summand = (float(made[number].numbers[name][0]) for name in ("scale", "shift"))
        ends = sorted((end - summand) / factor for end in ends)
    places = [*path, behind[0]]
    names = [made[number].name for number in places]
    moved = [replace(bound, numbers={"low": ends[0], "high": ends[1]}), *(made[number] for number in path)]
    for number, name, before, step in zip(places, names, [INPUT, *names], moved, strict=False):
        made[number] = replace(step, name=name, inputs=[before])
    return made


def _even(step: Step) -> bool:
    """Tell whether a step is a factor and a summand, the same for all elements, which can be taken back."""
    numbers = step.numbers
    return step.kind == "affine" and numbers["scale"].size > 0 and numbers["scale"][0] != 0 and all(
        (numbers[name] == numbers[name][0]).all() for name in ("scale", "shift"))

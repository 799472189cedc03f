"""A step on single elements changes places with a reordering that follows it, so that a reordering of the input comes first.

A network whose channels lie last, as TensorFlow's do, normalises its input before it turns it; the host turns what it sends,
and the normalisation becomes part of the next convolution, or a separate layer in the order of the array.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from compress.frontend.graph import INPUT
from compress.frontend.node import Step

ALONE = ("affine", "clip")


def behind_orders(steps: Sequence[Step], answer: str) -> list[Step]:
    """Return steps in which a new order of the input comes before what works on each of its elements alone."""
    raw = {INPUT}
    for step in steps:
        if step.kind in ALONE and step.inputs[0] in raw:
            raw.add(step.name)
    made, readers, renamed = list[Step](), dict[str, list[Step]](), dict[str, str]()
    for step in reversed(steps):
        seen = readers.get(step.name, [])
        new = [step]
        if step.name in raw and step.name != answer and _alike(seen):
            order = seen[0].numbers["order"]
            first = replace(seen[0], name=f"{step.name} order", inputs=step.inputs)
            numbers = {key: value[order] if isinstance(value, np.ndarray) else value for key, value in step.numbers.items()}
            new = [replace(step, inputs=[first.name], shape=first.shape, numbers=numbers), first]
            renamed |= {one.name: step.name for one in seen}
        for one in new:
            made.append(one)
            for name in one.inputs:
                readers.setdefault(name, []).append(one)
    return [replace(one, inputs=[renamed.get(name, name) for name in one.inputs])
            for one in reversed(made) if one.name not in renamed]


def _alike(readers: Sequence[Step]) -> bool:
    """Tell whether there are readers, and all want one and the same new order."""
    return bool(readers) and all(one.kind == "order" and one.shape == readers[0].shape and
                                 np.array_equal(one.numbers["order"], readers[0].numbers["order"]) for one in readers)

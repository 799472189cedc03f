"""The steps of a network in the making, and of which tensors each of its values is made."""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from compress.frontend.graph import INPUT, Network
from compress.scnn.real import Step, same
from compress.scnn.reform import MOST, PLANE, can, channels, plane


class StepRefusedError(ValueError):
    """A layer that the array cannot do; ``parts`` are those of a `Refusal` but for the node."""

    def __init__(self, what: str, rule: str, value: object, way_out: str) -> None:
        """Keep the parts of the sentence."""
        super().__init__(f"{what} must be {rule}, not {value}; {way_out}")
        self.parts = {"what": what, "rule": rule, "value": f"{value}"[:80], "way_out": way_out}


@dataclass(kw_only=True)
class State:
    """The steps so far, and of which tensors each value of the network is made."""

    network: Network
    shapes: dict[str, tuple[int, int, int]]
    uses: Counter[str]
    steps: dict[str, Step] = field(default_factory=dict)
    parts: dict[str, tuple[str, ...]] = field(default_factory=dict)
    moved: dict[tuple[str, tuple[int, int, int]], tuple[str, ...]] = field(default_factory=dict)

    def name(self, text: str) -> str:
        """Return a name for a tensor: that of the layer, without the colons that stand for ranges of channels."""
        plain, number = text.replace(":", "."), 2
        while plain in self.steps or plain == INPUT:
            plain, number = f"{text.replace(':', '.')}_{number}", number + 1
        return plain

    def one(self, value: str, nodes: tuple[str, ...]) -> str:
        """Return the tensor that is a value; one that lies in several becomes one of its own."""
        if len(self.parts[value]) > 1:
            made = same(self.shapes[value], name=self.name(value), value=value, inputs=self.parts[value], nodes=nodes)
            self.add(made)
        return self.parts[value][0]

    def seen(self, value: str, shape: tuple[int, int, int], nodes: tuple[str, ...]) -> tuple[str, ...]:
        """Return the tensors of a value in a shape; where that is not its own, its elements are moved once for all readers."""
        have = self.shapes[value]
        if have == shape:
            return self.parts[value]
        if (value, shape) not in self.moved:
            if not can(have, shape):
                raise StepRefusedError("shape of the input", f"{text(have)}, as it lies in the array", text(shape),
                                       f"reshape only in front of a dense layer, or at most {MOST:,} elements in planes of "
                                       f"{PLANE} x {PLANE}")
            parts = self.parts[value]
            if have[1:] != (1, 1):
                parts = self._append(channels(have, name=self.name(f"{value} as channels"), value=value, inputs=parts,
                                              nodes=nodes))
            if shape[1:] != (1, 1):
                parts = self._append(plane(shape, name=self.name(f"{value} as {text(shape)}"), value=value, inputs=parts,
                                           nodes=nodes))
            self.moved[value, shape] = parts
        return self.moved[value, shape]

    def _append(self, step: Step) -> tuple[str, ...]:
        self.steps[step.name] = step
        return (step.name,)

    def add(self, step: Step, value: str | None = None) -> None:
        """Append a step, whose tensor is a value from now on."""
        self.steps[step.name] = step
        self.parts[value or step.value] = (step.name,)

    def alone(self, value: str) -> Step | None:
        """Return the step that makes a value, if no one else reads it and it may still change."""
        step = self.steps.get(self.parts[value][0]) if len(self.parts[value]) == 1 else None
        if step is None or self.uses[value] != 1 or self.uses[step.value] != 1 or any(value == one for one, _ in self.moved):
            return None
        return step if step.pool is None and step.residual is None else None


def picture(shape: tuple[int, ...]) -> tuple[int, int, int]:
    """Return a shape as channels, rows and columns."""
    if len(shape) in (2, 3):
        return shape[0], shape[1] if len(shape) == 3 else 1, shape[-1]
    return int(np.prod(shape)), 1, 1


def text(shape: tuple[int, ...]) -> str:
    """Return sizes as users read them."""
    return " x ".join(map(str, shape))

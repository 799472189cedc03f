"""A layer of the array in real numbers: what `compress.scnn.lower` makes of a network and `compress.scnn.whole` quantises."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from compress.frontend.graph import Activation
from golden.scnn.layer import Pool


@dataclass(frozen=True, kw_only=True, eq=False)
class Step:
    """``activation(pool(weight * inputs + residual) / divisor + bias)``, a correlation over rows and columns.

    Parameters
    ----------
    name : str
        Of the step and of the tensor that it makes; it holds no colon.
    value : str
        Value of the network, in `compress.frontend.execute`, that the tensor is.
    inputs : tuple of str
        Tensors that it reads, one after another along the channels; ``"input"`` is the network's.
    shape : tuple of int
        Channels, rows and columns of its output.
    weight : numpy.ndarray
        Outputs x inputs of a group x rows x columns.
    bias : numpy.ndarray or None
    stride : tuple of int
    pad : tuple of int
        Zeros at top, bottom, left, right.
    groups : int
    activation : Activation
    pool : golden.scnn.layer.Pool or None
    divisor : int
        Values of a window whose sum is a mean; else 1.
    residual : str or None
        A tensor that is added.
    nodes : tuple of str
        Nodes of the file that it stands for.
    """

    name: str
    value: str
    inputs: tuple[str, ...]
    shape: tuple[int, int, int]
    weight: np.ndarray
    bias: np.ndarray | None = None
    stride: tuple[int, int] = (1, 1)
    pad: tuple[int, int, int, int] = (0, 0, 0, 0)
    groups: int = 1
    activation: Activation = Activation()
    pool: Pool | None = None
    divisor: int = 1
    residual: str | None = None
    nodes: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """What the step does, in words of a user."""
        parts = []
        if self.groups == 1 or self.weight.shape[1:] != (1, 1, 1) or (self.weight != 1).any() or self.pool is None:
            said = "depthwise " if self.groups == self.shape[0] > 1 else ""
            said += "x".join(map(str, self.weight.shape[2:])) + _step(self.stride)
            parts.append(said + (f" in {self.groups} groups" if 1 < self.groups < self.shape[0] else ""))
        if self.pool is not None:
            name = "mean" if self.divisor > 1 else self.pool.kind
            parts.append(f"{name} {'x'.join(map(str, self.pool.size))}{_step(self.pool.stride)}")
        return ", ".join(parts + ["+ residual"] * (self.residual is not None))


def _step(stride: tuple[int, int]) -> str:
    return f" /{'x'.join(map(str, stride))}" if stride != (1, 1) else ""


@dataclass(frozen=True, kw_only=True, eq=False)
class Lowered:
    """A network as steps of the array.

    Parameters
    ----------
    shape : tuple of int
        Channels, rows and columns of the input.
    steps : tuple of Step
        In the order in which they run; the last one's tensor is the answer.
    given : numpy.ndarray or None
        Element j of the array's input is element ``given[j]`` of the file's; None where they are the same.
    order : numpy.ndarray or None
        Element j of the file's answer is element ``order[j]`` of ours; None where they are the same.
    bounds : tuple of float, or None
        Between which the host keeps the inputs.
    """

    shape: tuple[int, int, int]
    steps: tuple[Step, ...]
    given: np.ndarray | None = None
    order: np.ndarray | None = None
    bounds: tuple[float, float] | None = None

    def prepared(self, inputs: np.ndarray) -> np.ndarray:
        """Return samples of the file's shape as the array takes them: (samples, channels, rows, columns), within the bounds."""
        flat = np.asarray(inputs).reshape(len(inputs), -1)
        flat = flat if self.bounds is None else np.clip(flat, *self.bounds)
        return (flat if self.given is None else flat[:, self.given]).reshape(-1, *self.shape)

    def orders(self, shape: tuple[int, ...]) -> dict[str, np.ndarray]:
        """Return what an image says of the file's order, if that is another; ``shape`` is the file's of an input."""
        found = {} if self.given is None else {"input_sizes": np.array(shape), "input_places": self.given}
        return found if self.order is None else found | {"output_places": self.order}

    def answers(self, outputs: np.ndarray) -> np.ndarray:
        """Return outputs (samples, channels, rows, columns) as the file gives them: (samples, elements)."""
        flat = outputs.reshape(len(outputs), -1)
        return flat if self.order is None else flat[:, self.order]


def same(shape: tuple[int, int, int], **rest: Any) -> Step:
    """Return a step that passes every element on, with a filter of 1 x 1 for each channel."""
    return Step(shape=shape, weight=np.ones((shape[0], 1, 1, 1)), groups=shape[0], **rest)

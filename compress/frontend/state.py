"""The layers of a network in the making, and the factors and summands that are still to be applied to their values."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from compress.frontend.graph import INPUT, Conv, Dense
from compress.frontend.node import Step

MOST_ALONE = 4096       # elements of a value that a dense layer of its own may pass on one by one


@dataclass(frozen=True, kw_only=True, eq=False)
class Pending:
    """A factor and a summand that the next layers will take in."""

    scale: np.ndarray
    shift: np.ndarray
    nodes: tuple[str, ...]


@dataclass(kw_only=True, eq=False)
class State:
    """The layers so far, and which value of a step is which of theirs."""

    shape: tuple[int, ...]
    uses: Counter[str]
    layers: dict[str, Any] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)         # value of a step: our value
    pending: dict[str, Pending] = field(default_factory=dict)   # our value: what is still to be applied to it
    open: dict[str, str] = field(default_factory=dict)          # value of a step: what is pending belongs to it
    notices: list[str] = field(default_factory=list)
    changed: set[str] = field(default_factory=set)              # values of steps that their layers do not have
    before: dict[str, list[str]] = field(default_factory=dict)  # our value: those of steps that it is, or was before a clip
    taken: set[str] = field(default_factory=set)                # names of steps and layers
    planes: bool = False                                        # some layer reads rows and columns

    def call(self, step: str, ours: str) -> None:
        """Note that the value of a step is one of ours."""
        self.names[step] = ours
        self.before.setdefault(ours, []).append(step)

    def hold(self, step: Step, ours: str, pending: Pending) -> None:
        """Note that the value of a step is one of ours with a factor and a summand that is still to be applied."""
        self.pending[step.name] = pending
        self.names[step.name], self.open[step.name] = ours, step.name
        self.changed.add(step.name)

    def size(self, name: str) -> tuple[int, ...]:
        return self.shape if name == INPUT else self.layers[name].shape


def times(weight: np.ndarray, factor: np.ndarray) -> np.ndarray:
    """Return weights times a factor, in their own type; the same weights where that is 1."""
    return weight if (factor == 1).all() else (weight * factor).astype(weight.dtype)


def by_channel(values: np.ndarray, channels: int) -> np.ndarray | None:
    """Return one value per channel, None where a channel has several."""
    table = values.reshape(channels, -1)
    return table[:, 0] if (table == table[:, :1]).all() else None


def taken(state: State, source: str) -> tuple[np.ndarray, np.ndarray]:
    """Return factor and summand that are still to be applied to the value of a step."""
    before = state.pending[state.open[source]]
    return before.scale, before.shift


def alone(state: State, step: Step, source: str, scale: np.ndarray | None, shift: np.ndarray | None) -> str:
    """Make a layer that passes every element on by itself, for what no other layer can take; return its name."""
    shape = state.size(source)
    shape = (shape[0], 1, shape[1]) if state.planes and len(shape) == 2 else shape
    count = int(np.prod(shape))
    scale = np.ones(count) if scale is None else scale
    shift = np.zeros(count) if shift is None else shift
    common: dict[str, Any] = {"name": step.name, "inputs": (source,), "shape": shape, "nodes": tuple(step.nodes)}
    channels = shape[0] if len(shape) == 3 else 0
    parts = (by_channel(scale, channels), by_channel(shift, channels)) if channels else (None, None)
    if parts[0] is not None and parts[1] is not None and shape[1:] != (1, 1):
        state.layers[step.name] = Conv(**common, weight=parts[0].reshape(-1, 1, 1, 1), bias=parts[1], groups=channels,
                                       picture=shape)
    elif count <= MOST_ALONE:
        state.layers[step.name] = Dense(**common, weight=np.diag(scale), bias=shift if shift.any() else None)
    else:
        raise ValueError(f"node {step.nodes[-1]} must follow or precede a dense layer or convolution that can take it in, "
                         f"not stand alone on {count:,} elements; move it next to one")
    state.notices.append(f"{step.nodes[-1]} becomes a separate layer: no layer before or after it can include it")
    state.call(step.name, step.name)
    return step.name

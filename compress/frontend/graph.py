"""A trained network as a graph of layers in floating point; every front end makes one, every machine's part reads it.

A value is the output of a layer, or the network's input (named :data:`INPUT`), of one sample: there is no batch axis. It
has a shape, and its elements an order, row by row (C order). Each layer computes, in real numbers, what its class says,
then its `Activation`.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

INPUT = "input"


@dataclass(frozen=True, kw_only=True)
class Activation:
    """``min(max(y, 0), ceiling)``, each half only where wanted.

    Parameters
    ----------
    relu : bool
    ceiling : float or None
    """

    relu: bool = False
    ceiling: float | None = None

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """Return values after the activation."""
        values = np.maximum(values, 0) if self.relu else values
        return values if self.ceiling is None else np.minimum(values, self.ceiling)

    def __str__(self) -> str:
        """Name it as users know it."""
        return ("ReLU" if self.relu else "") + ("" if self.ceiling is None else f" up to {self.ceiling:g}")


@dataclass(frozen=True, kw_only=True, eq=False)
class Layer:
    """What all layers have.

    Parameters
    ----------
    name : str
        Unique; it is also the name of the layer's output.
    inputs : tuple of str
        Names of the values that it reads.
    shape : tuple of int
        Of its output.
    activation : Activation
    nodes : tuple of str
        Nodes of the file that it stands for, each as ``NAME (OPERATOR)``.
    """

    name: str
    inputs: tuple[str, ...]
    shape: tuple[int, ...]
    activation: Activation = Activation()
    nodes: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Elements of the output."""
        return math.prod(self.shape)


@dataclass(frozen=True, kw_only=True, eq=False)
class Dense(Layer):
    """``weight @ x + bias`` of all elements x of the input, outputs x inputs."""

    weight: np.ndarray
    bias: np.ndarray | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Conv(Layer):
    """A convolution of channels x rows x columns (a correlation: the kernel is not turned).

    Parameters
    ----------
    weight : numpy.ndarray
        Outputs x inputs of a group x rows x columns.
    bias : numpy.ndarray or None
    strides : tuple of int
        Rows, columns.
    pads : tuple of int
        Zeros above, left, below, right.
    groups : int
    picture : tuple of int
        Channels, rows and columns of the input.
    """

    picture: tuple[int, ...]
    weight: np.ndarray
    bias: np.ndarray | None = None
    strides: tuple[int, int] = (1, 1)
    pads: tuple[int, int, int, int] = (0, 0, 0, 0)
    groups: int = 1


@dataclass(frozen=True, kw_only=True, eq=False)
class Pool(Layer):
    """The largest or mean value of each window of a channel.

    Parameters
    ----------
    average : bool
        Mean, not maximum.
    kernel, strides : tuple of int
        Rows, columns.
    pads : tuple of int
        Above, left, below, right; a maximum never lies in the padding.
    count_pads : bool
        The mean is that of the window with its zeros, not of the values in it.
    picture : tuple of int
        Channels, rows and columns of the input.
    """

    picture: tuple[int, ...]

    average: bool
    kernel: tuple[int, int]
    strides: tuple[int, int]
    pads: tuple[int, int, int, int] = (0, 0, 0, 0)
    count_pads: bool = False


@dataclass(frozen=True, kw_only=True, eq=False)
class Add(Layer):
    """The sum of two values of one shape."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Concat(Layer):
    """The channels of its inputs one after another."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Relabel(Layer):
    """The input's elements in another order: element j is element ``order[j]`` of the input."""

    order: np.ndarray


@dataclass(frozen=True, kw_only=True)
class End:
    """A bound of the file that has become the activation of a layer.

    Parameters
    ----------
    value : str
        The bound, as those who made the network call it.
    node : str
        Node of the file.
    low, high : float
        Its ends; either may be infinite, and a ReLU's is 0.
    factor, summand : float
        What turns the layer's outputs into the values that are bounded.
    """

    value: str
    node: str
    low: float
    high: float
    factor: float = 1.0
    summand: float = 0.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Network:
    """A network with one input and one output.

    Parameters
    ----------
    name : str
    shape : tuple of int
        Of one sample of the input.
    layers : tuple of Layer
        Each after those whose outputs it reads; the last one's output is the network's.
    order : numpy.ndarray or None
        Element j of the file's output is element ``order[j]`` of ours; None where they are the same.
    host : tuple of str
        Nodes after the last layer that are left to the host, in order.
    notices : tuple of str
        What the reader should know of how the file was understood.
    ranges : dict
        Largest magnitude of a value, by its name, where the file states it (quantised networks do).
    bounds : tuple of float, or None
        Between which the host keeps every element of the input, as a Clip or QuantizeLinear there does; either may be infinite.
    ends : dict
        Bounds of the file that have become activations, by layer.
    again : callable or None
        Returns the network without some ends of bounds, by `End.value`: whether the low and the high one.
    """

    name: str
    shape: tuple[int, ...]
    layers: tuple[Any, ...]
    order: np.ndarray | None = None
    host: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    ranges: dict[str, float] = field(default_factory=dict)
    bounds: tuple[float, float] | None = None
    ends: dict[str, End] = field(default_factory=dict)
    again: Callable[[Mapping[str, tuple[bool, bool]]], "Network"] | None = None

    @property
    def size(self) -> int:
        """Elements of one sample of the input."""
        return math.prod(self.shape)

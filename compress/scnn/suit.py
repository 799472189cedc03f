"""Layers that an array cannot lay out, as several that it can: large windows, unequal means, dense layers over planes."""

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from compress.frontend.execute import counts
from compress.frontend.graph import INPUT, Activation, Conv, Dense, Network, Pool
from compress.scnn.reform import can

WINDOW = 15         # rows and columns of a window: their step is a number of four bits in the drain program
PLANE = 16          # rows and columns of a plane that a dense layer reads as one filter


def suited(network: Network) -> Network:
    """Return a network that computes the same, in real numbers, of layers that an array can lay out.

    A mean over a large window becomes a depthwise convolution, whose filters do not overlap, and a mean of its outputs; a
    maximum likewise. In front of a dense layer over a large plane a convolution with one weight for each element puts
    neighbours into channels of their own, so that the plane is smaller. Means over windows of unequal size, of few values,
    become means over all of each window and a factor for each. Larger windows with padding, or that overlap, stay as they are.
    """
    shapes: dict[str, tuple[int, ...]] = {INPUT: network.shape}
    made: list[Any] = []
    for layer in network.layers:
        parts = [layer]
        if isinstance(layer, Pool):
            parts = _pools(layer)
        elif isinstance(layer, Dense):
            parts = _dense(layer, shapes[layer.inputs[0]])
        made += parts
        shapes[layer.name] = layer.shape
    return network if len(made) == len(network.layers) else replace(network, layers=tuple(made))


@dataclass(frozen=True, kw_only=True)
class Cut:
    """One axis of a pool in two stages: windows and their step, how many there are, and how many a second window takes."""

    first: int
    hop: int
    count: int
    second: int = 1


def _pools(layer: Pool, number: int = 1) -> list[Any]:
    """Return a pool as one or more, each of windows that are small enough; ``number`` is that of the first stage."""
    if layer.average and np.ptp(divided := counts(layer)):
        return _unequal(layer, divided)
    if max(layer.kernel) <= WINDOW or any(layer.pads):
        return [layer]
    cuts = [_cut(size, hop, count, extent) for size, hop, count, extent in
            zip(layer.kernel, layer.strides, layer.shape[-2:], layer.picture[1:], strict=True)]
    down, right = cuts
    if down is None or right is None:
        return [layer]
    channels, plane = layer.picture[0], (down.count, right.count)
    behind = [max(0, (cut.count - 1) * cut.hop + cut.first - extent) for cut, extent in
              zip((down, right), layer.picture[1:], strict=True)]
    common: dict[str, Any] = {"name": f"{layer.name} stage {number}", "inputs": layer.inputs, "shape": (channels, *plane),
                              "strides": (down.hop, right.hop), "pads": (0, 0, *behind), "picture": layer.picture,
                              "nodes": layer.nodes}
    first: Any = Pool(**common, average=False, kernel=(down.first, right.first))
    if layer.average:
        share = down.second * right.second / math.prod(layer.kernel)
        first = Conv(**common, weight=np.full((channels, 1, down.first, right.first), share), groups=channels)
    seconds = down.second, right.second
    rest = replace(layer, inputs=(first.name,), kernel=seconds, strides=seconds, picture=(channels, *plane))
    return [first, *_pools(rest, number + 1)]


def _unequal(layer: Pool, divided: np.ndarray) -> list[Any]:
    """Return a mean over windows of unequal size, each divided by another number, as two layers where it is small enough."""
    depth, high, wide = layer.shape
    if not can((layer.size, 1, 1), (depth, high, wide)):
        return [layer]
    above, left, below, right = layer.pads
    need = [(out - 1) * hop + size - extent for out, hop, size, extent in
            zip(layer.shape[1:], layer.strides, layer.kernel, layer.picture[1:], strict=True)]
    whole = replace(layer, name=f"{layer.name} of whole windows", activation=Activation(), count_pads=True,
                    pads=(above, left, max(below, need[0] - above), max(right, need[1] - left)))
    factor = np.broadcast_to(math.prod(layer.kernel) / divided, (1, *layer.shape)).ravel()
    return [whole, Dense(name=layer.name, inputs=(whole.name,), shape=layer.shape, activation=layer.activation,
                         nodes=layer.nodes, weight=np.diag(factor))]


def _cut(size: int, hop: int, count: int, extent: int) -> Cut | None:
    """Return windows along an axis in two stages, None where that cannot be."""
    if size <= WINDOW:
        return Cut(first=size, hop=hop, count=count)
    exact = [part for part in range(2, WINDOW + 1) if size % part == 0]
    if exact and (count == 1 or hop == size) and (extent - size) // size + 1 == count and extent % size < min(exact):
        part = min(exact, key=lambda one: abs(one - math.sqrt(size)))
        return Cut(first=part, hop=part, count=count * (size // part), second=size // part)
    if count == 1 and size == extent:
        part = min(WINDOW, math.ceil(math.sqrt(size)))
        return Cut(first=part, hop=part, count=-(-size // part), second=-(-size // part))
    return None


def _dense(layer: Dense, shape: tuple[int, ...]) -> list[Any]:
    """Return a dense layer behind a convolution that makes its plane smaller, where that is too large."""
    if len(shape) not in (2, 3):
        return [layer]
    channels, high, wide = (shape[0], 1, shape[1]) if len(shape) == 2 else shape
    if max(high, wide) <= PLANE:
        return [layer]
    down, right = -(-high // PLANE), -(-wide // PLANE)
    rows, cols = -(-high // down), -(-wide // right)
    below, beside = rows * down - high, cols * right - wide
    one = np.eye(down * right).reshape(down * right, 1, down, right)
    near = Conv(name=f"{layer.name} plane", inputs=layer.inputs, shape=(channels * down * right, rows, cols), groups=channels,
                weight=np.tile(one, (channels, 1, 1, 1)), strides=(down, right), pads=(0, 0, below, beside),
                picture=(channels, high, wide), nodes=layer.nodes)
    weight = np.pad(np.asarray(layer.weight).reshape(len(layer.weight), channels, high, wide),
                    ((0, 0), (0, 0), (0, below), (0, beside)))
    weight = weight.reshape(len(weight), channels, rows, down, cols, right).transpose(0, 1, 3, 5, 2, 4)
    return [near, replace(layer, inputs=(near.name,), weight=weight.reshape(len(weight), -1))]

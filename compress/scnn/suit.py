"""Layers that an array cannot lay out, as several that it can: large windows, unequal means, dense layers over planes."""

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from compress.frontend.execute import counts
from compress.frontend.graph import INPUT, Activation, Conv, Dense, Network, Pool
from compress.scnn.reform import can

STEPS = 255         # phases of a convolution's steps: as many segments of a program
WINDOW = 15         # rows and columns of a window: their step is a number of four bits in the drain program
PLANE = 16          # rows and columns of a plane that a dense layer reads as one filter


def suited(network: Network) -> Network:
    """Return a network that computes the same, in real numbers, of layers that an array can lay out.

    A mean over a large window becomes a depthwise convolution, whose filters do not overlap, and a mean of its outputs; a
    maximum likewise. In front of a dense layer over a large plane a convolution with one weight for each element puts
    neighbours into channels of their own, so that the plane is smaller. Means over windows of unequal size, of few values,
    become means over all of each window and a factor for each. Patches of 16 x 16 and more are taken like large planes. Larger
    windows with padding, or that overlap, stay as they are.
    """
    shapes: dict[str, tuple[int, ...]] = {INPUT: network.shape}
    made: list[Any] = []
    for layer in network.layers:
        parts = [layer]
        if isinstance(layer, Pool):
            parts = _pools(layer)
        elif isinstance(layer, Conv):
            parts = _conv(layer)
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
        parts = _unequal(layer, divided)
        return [*_pools(parts[0]), parts[1]] if parts else [layer]
    if parts := _deep(layer):
        return parts
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
    """Return a mean over windows of unequal size as one over whole windows and a factor for each; nothing if it is large."""
    depth, high, wide = layer.shape
    if not can((layer.size, 1, 1), (depth, high, wide)):
        return []
    (above, left), (below, right) = layer.pads[:2], _behind(layer)
    whole = replace(layer, name=f"{layer.name} of whole windows", activation=Activation(), count_pads=True,
                    pads=(above, left, max(layer.pads[2], below), max(layer.pads[3], right)))
    factor = np.broadcast_to(math.prod(layer.kernel) / divided, (1, *layer.shape)).ravel()
    return [whole, Dense(name=layer.name, inputs=(whole.name,), shape=layer.shape, activation=layer.activation,
                         nodes=layer.nodes, weight=np.diag(factor))]


def _behind(layer: Pool) -> list[int]:
    """Return how many rows and columns after the plane the last windows reach."""
    return [max(0, (out - 1) * hop + size - extent - before) for out, hop, size, extent, before in
            zip(layer.shape[1:], layer.strides, layer.kernel, layer.picture[1:], layer.pads, strict=False)]


def _deep(layer: Pool) -> list[Any]:
    """Return a pool of which more than one window lies beyond an edge, as several that clip but one; nothing for others.

    Means read a layer that adds the zeros, times what whole windows divide by and these do not. Maxima are those of smaller
    windows one after another.
    """
    before, behind = layer.pads[:2], _behind(layer)
    if all(out == 1 or max(one, other) <= hop for out, one, other, hop in
           zip(layer.shape[1:], before, behind, layer.strides, strict=True)):
        return []
    channels, high, wide = layer.picture
    if layer.average:
        size = (channels, high + before[0] + behind[0], wide + before[1] + behind[1])
        share = math.prod(layer.kernel) / float(counts(layer).max())
        frame = Conv(name=f"{layer.name} with its padding", inputs=layer.inputs, shape=size, groups=channels, nodes=layer.nodes,
                     weight=np.full((channels, 1, 1, 1), share), pads=(before[0], before[1], behind[0], behind[1]),
                     picture=layer.picture)
        return [frame, *_pools(replace(layer, inputs=(frame.name,), picture=size, pads=(0, 0, 0, 0)))]
    count, made, last = max(*before, *behind), list[Any](), layer
    plane, source = [high, wide], layer.inputs
    for number in range(count):
        kernel = [1 + (size - 1) // count + (number < (size - 1) % count) for size in layer.kernel]
        above, left, below, right = (int(number < size) for size in (*before, *behind))
        last = replace(layer, inputs=source, picture=(channels, *plane), kernel=(kernel[0], kernel[1]),
                       pads=(above, left, below, right))
        if number < count - 1:
            plane = [plane[0] + above + below - kernel[0] + 1, plane[1] + left + right - kernel[1] + 1]
            last = replace(last, name=f"{layer.name} part {number + 1}", activation=Activation(), strides=(1, 1),
                           shape=(channels, *plane))
            made.append(last)
            source = (last.name,)
    return [*made, last]


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


def _conv(layer: Conv) -> list[Any]:
    """Return a convolution of large steps, as of 16 x 16 patches, as one that puts neighbours into channels, and the rest."""
    kernel = layer.weight.shape[2:]
    if math.prod(map(min, kernel, layer.strides)) <= STEPS or any(layer.pads) or layer.groups > 1:
        return [layer]
    most = math.isqrt(STEPS)
    down, right = (next((part for part in range(2, most + 1) if step % part == 0 == size % part and step // part <= most), 1)
                   for size, step in zip(kernel, layer.strides, strict=True))
    channels, high, wide = layer.picture
    if down * right == 1:
        return [layer]
    one = np.eye(down * right).reshape(down * right, 1, down, right)
    size = (channels * down * right, high // down, wide // right)
    near = Conv(name=f"{layer.name} neighbours", inputs=layer.inputs, shape=size, groups=channels,
                weight=np.tile(one, (channels, 1, 1, 1)), strides=(down, right), picture=layer.picture, nodes=layer.nodes)
    weight = layer.weight.reshape(len(layer.weight), channels, kernel[0] // down, down, kernel[1] // right, right)
    weight = weight.transpose(0, 1, 3, 5, 2, 4).reshape(len(weight), -1, kernel[0] // down, kernel[1] // right)
    strides = layer.strides[0] // down, layer.strides[1] // right
    return [near, replace(layer, inputs=(near.name,), weight=weight, strides=strides, picture=near.shape)]


def _dense(layer: Dense, shape: tuple[int, ...]) -> list[Any]:
    """Return a dense layer after a convolution that makes its plane smaller, where that is too large."""
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

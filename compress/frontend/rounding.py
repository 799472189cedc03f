"""What rounding to few bits changes in a network over rows and columns: measured, and the most that it can be."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from compress.frontend.execute import run
from compress.frontend.graph import INPUT, Add, Concat, Conv, Dense, Layer, Network, Pool
from compress.network import rms


def measure(network: Network, samples: np.ndarray, widths: Sequence[int]) -> Iterator[dict[str, Any]]:
    """Yield for each number of bits the error of each layer's outputs, and its bound, as shares of their size.

    Inputs, weights and outputs of every layer are rounded to so many bits, sign included, of which the largest value of the
    data (or of the layer's weights) fills all; sums and biases are exact.
    """
    reals = run(network, samples)
    sizes = {name: float(np.abs(values).max()) or 1.0 for name, values in reals.items()}
    layers = network.layers
    norms = {layer.name: norm(layer, np.abs(layer.weight)) if isinstance(layer, Conv) else
             float(np.linalg.norm(layer.weight, 2)) for layer in layers if isinstance(layer, Conv | Dense)}
    for bits in widths:
        top = 2 ** (bits - 1) - 1
        steps = {name: size / top for name, size in sizes.items()}
        found = rounded(network, samples, steps, top)
        bound = _bounds(network, reals, steps, norms, top)
        yield {"bits": bits, "bound": [bound[layer.name] / (rms(reals[layer.name]) * math.sqrt(layer.size) or 1.0)
                                       for layer in layers],
               "measured": [rms(found[layer.name] - reals[layer.name]) / (rms(reals[layer.name]) or 1.0) for layer in layers]}


def rounded(network: Network, samples: np.ndarray, steps: dict[str, float], top: int) -> dict[str, np.ndarray]:
    """Return every value of a network whose weights and values are whole numbers of steps, ``top`` of them at most."""
    coarse = replace(network, layers=tuple(
        replace(layer, weight=_round(layer.weight, _step(layer.weight, top), top)) if isinstance(layer, Conv | Dense) else layer
        for layer in network.layers))
    values = {INPUT: _round(np.asarray(samples, np.float64).reshape(len(samples), network.size), steps[INPUT], top)}
    for number, layer in enumerate(coarse.layers):
        part = replace(coarse, layers=coarse.layers[:number + 1])
        values[layer.name] = _round(run(part, values[INPUT], values)[layer.name], steps[layer.name], top)
    return values


def norm(layer: Layer, weight: np.ndarray) -> float:
    """Return a bound of the factor by which a convolution with such weights, none negative, can lengthen a vector.

    It is the root of the largest sum of a row and the largest sum of a column.
    """
    rows = weight.reshape(len(weight), -1).sum(1).max(initial=0.0)
    groups = getattr(layer, "groups", 1)
    columns = weight.reshape(groups, -1, *weight.shape[1:]).sum((1, 3, 4)).max(initial=0.0)
    return math.sqrt(rows * columns)


def _bounds(network: Network, reals: dict[str, np.ndarray], steps: dict[str, float], norms: dict[str, float],
            top: int) -> dict[str, float]:
    """Return the most that rounding can change each value, as the length of a vector."""
    change = {INPUT: 0.5 * steps[INPUT] * math.sqrt(network.size)}
    for layer in network.layers:
        before = [change[name] for name in layer.inputs]
        if isinstance(layer, Conv | Dense):
            half = np.where(layer.weight != 0, 0.5 * _step(layer.weight, top), 0.0)
            off = norm(layer, half) if isinstance(layer, Conv) else float(np.linalg.norm(half))
            own = (norms[layer.name] + off) * before[0] + off * _length(reals[layer.inputs[0]])
        elif isinstance(layer, Pool):
            own = before[0] * _overlap(layer)
        elif isinstance(layer, Add):
            own = sum(before)
        else:
            own = math.sqrt(sum(one ** 2 for one in before)) if isinstance(layer, Concat) else before[0]
        change[layer.name] = own + 0.5 * steps[layer.name] * math.sqrt(layer.size)
    return change


def _overlap(layer: Pool) -> float:
    """Return a bound of the factor by which windows can lengthen a change: the root of how many hold one value."""
    held = math.prod(min(-(-size // hop), count) for size, hop, count in
                     zip(layer.kernel, layer.strides, layer.shape[-2:], strict=True))
    return math.sqrt(held / math.prod(layer.kernel) if layer.average and not any(layer.pads) else held)


def _length(values: np.ndarray) -> float:
    """Return the length of the longest sample."""
    return float(np.sqrt(np.square(values).sum(1)).max())


def _step(weight: np.ndarray, top: int) -> float:
    return (float(np.abs(weight).max(initial=0.0)) or 1.0) / top


def _round(values: np.ndarray, step: float, top: int) -> np.ndarray:
    return np.clip(np.rint(values / step), -top - 1, top) * step

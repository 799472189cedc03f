"""Back-propagation through a network of `compress.frontend.graph`: the slopes of weights and biases, in NumPy."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from compress.frontend.execute import counts, padded, windows
from compress.frontend.graph import INPUT, Add, Concat, Conv, Dense, Network, Pool, Relabel

Slopes = dict[str, tuple[np.ndarray, np.ndarray]]
"""Of each layer with weights, by name: those of its weights, in their shape, and of its biases, whether it has any or not."""


def slopes(network: Network, values: Mapping[str, np.ndarray], answer: np.ndarray) -> Slopes:
    """Return how a loss changes with each weight and bias.

    Parameters
    ----------
    network : Network
    values : mapping
        Every value of some samples, as `compress.frontend.execute.run` returns them.
    answer : numpy.ndarray
        How the loss changes with the last layer's output, (samples, elements), before `Network.order`.
    """
    shapes = {INPUT: network.shape} | {layer.name: layer.shape for layer in network.layers}
    back: dict[str, np.ndarray] = {network.layers[-1].name: answer}
    found: Slopes = {}
    for layer in reversed(network.layers):
        slope = back.pop(layer.name, None)
        if slope is None:
            continue                            # nobody reads it
        y, active = values[layer.name], layer.activation
        slope = slope * (y > 0) if active.relu else slope
        slope = slope if active.ceiling is None else slope * (y < active.ceiling)
        given = [values[name].reshape(-1, *shapes[name]) for name in layer.inputs]
        wanted = [name != INPUT for name in layer.inputs]
        before, own = RULES[type(layer)](layer, slope, given, any(wanted))
        if own is not None:
            found[layer.name] = own
        for name, more, wants in zip(layer.inputs, before, wanted, strict=True):
            if wants:
                flat = more.reshape(len(slope), -1)
                back[name] = back[name] + flat if name in back else flat
    return found


def _dense(layer: Dense, slope: np.ndarray, given: list[np.ndarray], further: bool) -> Any:
    x = given[0].reshape(len(slope), -1)
    return [slope @ layer.weight if further else x], (slope.T @ x, slope.sum(0))


def _conv(layer: Conv, slope: np.ndarray, given: list[np.ndarray], further: bool) -> Any:
    """Take every window as a row of a matrix; the slopes of the inputs are those of the windows, put back in their places."""
    outputs, depth, high, wide = layer.weight.shape
    groups, count, size = layer.groups, len(slope), layer.shape[-2:]
    x = padded(given[0].reshape(-1, *layer.picture), (high, wide), layer.strides, layer.pads, size, 0.0)
    seen = windows(x, (high, wide), layer.strides, size).reshape(count, groups, depth, *size, high, wide)
    rows = seen.transpose(1, 0, 3, 4, 2, 5, 6).reshape(groups, -1, depth * high * wide)
    own = slope.reshape(count, groups, outputs // groups, -1).transpose(1, 2, 0, 3).reshape(groups, outputs // groups, -1)
    weight, bias = (own @ rows).reshape(layer.weight.shape), own.sum(2).ravel()
    if not further:
        return [given[0]], (weight, bias)
    parts = own.transpose(0, 2, 1) @ layer.weight.reshape(groups, outputs // groups, -1)
    parts = parts.reshape(groups, count, *size, depth, high, wide)

    def part(r: int, s: int) -> np.ndarray:
        return parts[..., r, s].transpose(1, 0, 4, 2, 3).reshape(count, groups * depth, *size)

    return [_put_back(x, layer, (high, wide), part)], (weight, bias)


def _pool(layer: Pool, slope: np.ndarray, given: list[np.ndarray], further: bool) -> Any:
    """Give the slope to the largest value of each window, or to all of them alike."""
    size, wide = layer.shape[-2:], layer.kernel[1]
    slope = slope.reshape(len(slope), layer.shape[0], *size)
    fill = 0.0 if layer.average else -np.inf
    x = padded(given[0].reshape(-1, *layer.picture), layer.kernel, layer.strides, layer.pads, size, fill)
    if layer.average:
        each = slope / counts(layer).astype(slope.dtype)
        return [_put_back(x, layer, layer.kernel, lambda r, s: each)], None
    seen = windows(x, layer.kernel, layer.strides, size)
    best = seen.reshape(*seen.shape[:4], -1).argmax(-1)
    return [_put_back(x, layer, layer.kernel, lambda r, s: slope * (best == r * wide + s))], None


def _put_back(x: np.ndarray, layer: Conv | Pool, kernel: tuple[int, int],
              part: Callable[[int, int], np.ndarray]) -> np.ndarray:
    """Return the sum of what every place of the window gives back, without the padding."""
    back = np.zeros(x.shape, x.dtype)
    (high, wide), (down, right) = layer.shape[-2:], layer.strides
    for r in range(kernel[0]):
        for s in range(kernel[1]):
            back[:, :, r:r + (high - 1) * down + 1:down, s:s + (wide - 1) * right + 1:right] += part(r, s)
    above, left = layer.pads[:2]
    return back[:, :, above:above + layer.picture[1], left:left + layer.picture[2]]


def _add(layer: Add, slope: np.ndarray, given: list[np.ndarray], further: bool) -> Any:
    return [slope, slope], None


def _concat(layer: Concat, slope: np.ndarray, given: list[np.ndarray], further: bool) -> Any:
    ends = np.cumsum([x[0].size for x in given])[:-1]
    return np.split(slope, ends, axis=1), None


def _relabel(layer: Relabel, slope: np.ndarray, given: list[np.ndarray], further: bool) -> Any:
    back = np.zeros_like(slope)
    back[:, layer.order] = slope
    return [back], None


RULES: dict[type, Callable[..., Any]] = {Dense: _dense, Conv: _conv, Pool: _pool, Add: _add, Concat: _concat, Relabel: _relabel}

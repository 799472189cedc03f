"""Runs a network in floating point: for scales, for accuracy, and as what the machines' answers are compared with."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from compress.frontend.graph import INPUT, Add, Concat, Conv, Dense, Network, Pool, Relabel


def run(network: Network, inputs: np.ndarray, known: Mapping[str, np.ndarray] | None = None, *,
        kind: Any = np.float64) -> dict[str, np.ndarray]:
    """Return every value of a network, by name, for samples of shape (samples, ...); the input is among them.

    Each has shape (samples, elements). Values that are ``known`` are taken as they are; the input is taken as ``kind``.
    """
    x = np.asarray(inputs, kind)
    x = x if network.bounds is None else np.clip(x, *network.bounds)
    values = {INPUT: x.reshape(len(x), network.size)}
    shapes = {INPUT: network.shape} | {layer.name: layer.shape for layer in network.layers}
    for layer in network.layers:
        if known is not None and layer.name in known:
            values[layer.name] = known[layer.name]
            continue
        given = [values[name].reshape(-1, *shapes[name]) for name in layer.inputs]
        answer = RULES[type(layer)](layer, *given)
        values[layer.name] = layer.activation(answer.reshape(len(x), -1))
    return values


def output(network: Network, inputs: np.ndarray) -> np.ndarray:
    """Return a network's answers, in the file's order, before whatever is left to the host."""
    last = run(network, inputs)[network.layers[-1].name if network.layers else INPUT]
    return last if network.order is None else last[:, network.order]


def _dense(layer: Dense, x: np.ndarray) -> np.ndarray:
    y = x.reshape(len(x), -1) @ layer.weight.T
    return y if layer.bias is None else y + layer.bias


def _conv(layer: Conv, x: np.ndarray) -> np.ndarray:
    outputs, depth, *kernel = layer.weight.shape
    seen = _windows(x.reshape(-1, *layer.picture), kernel, layer.strides, layer.pads, layer.shape[-2:], 0.0)
    parts = []
    for group in range(layer.groups):
        own = layer.weight[group * outputs // layer.groups:(group + 1) * outputs // layer.groups]
        parts.append(np.tensordot(seen[:, group * depth:(group + 1) * depth], own, ((1, 4, 5), (1, 2, 3))))
    y = np.concatenate(parts, -1).transpose(0, 3, 1, 2)
    return y if layer.bias is None else y + layer.bias[:, None, None]


def _pool(layer: Pool, x: np.ndarray) -> np.ndarray:
    size, x = layer.shape[-2:], x.reshape(-1, *layer.picture)
    if not layer.average:
        return _windows(x, layer.kernel, layer.strides, layer.pads, size, -np.inf).max((-2, -1))
    total = _windows(x, layer.kernel, layer.strides, layer.pads, size, 0.0).sum((-2, -1))
    return total / counts(layer)


def counts(layer: Pool) -> np.ndarray:
    """Return by how many elements the sum of each window is divided."""
    size = layer.picture[1:]
    ones = np.ones((1, 1, *size))
    if layer.count_pads:        # the padding that was asked for counts, what ceil_mode adds beyond it does not
        above, left, below, right = layer.pads
        ones = np.ones((1, 1, size[0] + above + below, size[1] + left + right))
        return _windows(ones, layer.kernel, layer.strides, (0, 0, 0, 0), layer.shape[-2:], 0.0).sum((-2, -1))
    return _windows(ones, layer.kernel, layer.strides, layer.pads, layer.shape[-2:], 0.0).sum((-2, -1))


def _windows(x: np.ndarray, kernel, strides, pads, size, fill: float) -> np.ndarray:
    return windows(padded(x, kernel, strides, pads, size, fill), kernel, strides, size)


def padded(x: np.ndarray, kernel, strides, pads, size, fill: float) -> np.ndarray:
    """Return samples x channels x rows x columns with their padding, and as much more as ``size`` windows reach."""
    above, left, below, right = pads
    rows = max((size[0] - 1) * strides[0] + kernel[0] - x.shape[2] - above, below)
    columns = max((size[1] - 1) * strides[1] + kernel[1] - x.shape[3] - left, right)
    return np.pad(x, ((0, 0), (0, 0), (above, rows), (left, columns)), constant_values=fill)


def windows(x: np.ndarray, kernel, strides, size) -> np.ndarray:
    """Return the windows of padded samples, as views: ``size`` of them, each ``kernel``."""
    found = sliding_window_view(x, tuple(kernel), axis=(2, 3))
    return found[:, :, ::strides[0], ::strides[1]][:, :, :size[0], :size[1]]


def _add(layer: Add, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return first.reshape(len(first), -1) + second.reshape(len(second), -1)


def _concat(layer: Concat, *parts: np.ndarray) -> np.ndarray:
    return np.concatenate([part.reshape(len(part), -1) for part in parts], 1)


def _relabel(layer: Relabel, x: np.ndarray) -> np.ndarray:
    return x.reshape(len(x), -1)[:, layer.order]


RULES: dict[type, Callable[..., Any]] = {Dense: _dense, Conv: _conv, Pool: _pool, Add: _add, Concat: _concat, Relabel: _relabel}

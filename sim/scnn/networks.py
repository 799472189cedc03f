"""Small networks that show every kind of layer the array runs."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from golden.scnn.layer import Layer, Pool

SAME = (1, 1, 1, 1)


def sparse(rng: np.random.Generator, shape: tuple[int, ...], density: float, most: int = 30) -> np.ndarray:
    """Return whole numbers up to ``most`` of either sign, a share of which is not 0."""
    size = rng.integers(1, most + 1, shape) * rng.choice((-1, 1), shape)
    return np.where(rng.random(shape) < density, size, 0).astype(np.int16)


def conv(rng: np.random.Generator, name: str, source: str | tuple[str, ...], shape: tuple[int, int, int, int], *,
         density: float = 0.5, bias: bool = True, **rest: Any) -> Layer:
    """Return a layer with random weights of a shape: outputs, inputs, rows, columns."""
    return Layer(name=name, inputs=(source,) if isinstance(source, str) else source, weight=sparse(rng, shape, density),
                 bias=rng.integers(-500, 500, shape[0]).astype(np.int32) if bias else None, **rest)


def _pool(kind: str, size: int, stride: int, **rest: Any) -> Pool:
    return Pool(kind=kind, size=(size, size), stride=(stride, stride), **rest)


def _first(rng: np.random.Generator, **rest: Any) -> Layer:
    return conv(rng, "a", "input", (6, 3, 3, 3), pad=SAME, shift=6, **rest)


NETWORKS: dict[str, Callable[[np.random.Generator], list[Layer]]] = {
    "plain": lambda rng: [_first(rng), conv(rng, "b", "a", (5, 6, 1, 1), shift=5)],
    "wide": lambda rng: [conv(rng, "a", "input", (6, 3, 5, 5), pad=(2, 2, 2, 2), shift=6),
                         conv(rng, "b", "a", (9, 6, 3, 3), shift=5)],
    "strided": lambda rng: [_first(rng), conv(rng, "b", "a", (7, 6, 3, 5), pad=SAME, stride=(2, 1), shift=6)],
    "max": lambda rng: [_first(rng, pool=_pool("max", 3, 2)), conv(rng, "b", "a", (4, 6, 1, 1), shift=5)],
    "pairs": lambda rng: [_first(rng, pool=_pool("max", 2, 2))],
    "sum": lambda rng: [_first(rng, relu=False, pool=_pool("sum", 3, 1, pad=(1, 1)))],
    "residual": lambda rng: [conv(rng, "a", "input", (4, 3, 3, 3), pad=SAME, shift=6),
                             conv(rng, "b", "a", (4, 4, 3, 3), pad=SAME, shift=6, residual=("a", 2))],
    "joined": lambda rng: [conv(rng, "a", "input", (4, 3, 3, 3), pad=SAME, shift=6), conv(rng, "b", "a", (5, 4, 1, 1), shift=4),
                           conv(rng, "c", "a", (3, 4, 3, 3), pad=SAME, shift=6),
                           conv(rng, "d", ("b", "c"), (6, 8, 3, 3), pad=(0, 1, 2, 0), shift=6)],
    "depthwise": lambda rng: [conv(rng, "a", "input", (8, 3, 3, 3), pad=SAME, shift=6),
                              conv(rng, "b", "a", (8, 1, 3, 3), groups=8, pad=SAME, shift=4)],
    "dense": lambda rng: [_first(rng, density=1.0), conv(rng, "b", "a", (5, 6, 3, 3), pad=SAME, shift=8, density=1.0)],
    "thin": lambda rng: [_first(rng, density=0.05), conv(rng, "b", "a", (5, 6, 3, 3), pad=SAME, shift=2, density=0.05)],
    "deep": lambda rng: [_first(rng),
                         *(conv(rng, new, old, (6, 6, 3, 3), pad=SAME, shift=6) for old, new in ("ab", "bc", "cd"))],
}
"""Layers whose input has three channels."""


def quiet(rng: np.random.Generator) -> list[Layer]:
    """Return a residual block, a pool, and a layer that reads two tensors, for inputs of 3 channels up to 300.

    Where the input is 0 the outputs are 0, for the biases are far below it.
    """
    layers = [conv(rng, "a", "input", (6, 3, 3, 3), pad=SAME, shift=6),
              conv(rng, "b", "a", (6, 6, 3, 3), pad=SAME, shift=6, residual=("a", 1)),
              conv(rng, "c", "b", (4, 6, 3, 3), pad=SAME, shift=6, pool=_pool("max", 2, 2)),
              conv(rng, "d", "b", (6, 6, 3, 3), pad=SAME, shift=6, stride=(2, 2)),
              conv(rng, "e", ("c", "d"), (5, 10, 1, 1), shift=5)]
    return [replace(layer, bias=np.full(len(layer.weight), -4000, np.int32)) for layer in layers]


def in_turn(rng: np.random.Generator) -> list[Layer]:
    """Return layers whose channels take turns between two cuts of an odd plane: written whole and pooled, read with steps."""
    return [conv(rng, "a", "input", (16, 3, 3, 3), pad=SAME, shift=6),
            conv(rng, "b", "a", (24, 16, 3, 3), pad=SAME, shift=7, pool=_pool("max", 3, 1, pad=(1, 1))),
            conv(rng, "c", "b", (16, 24, 3, 3), pad=SAME, shift=7),
            conv(rng, "d", "c", (8, 16, 3, 3), pad=SAME, stride=(2, 1), shift=7)]


def shifts(rng: np.random.Generator, given: range) -> list[Layer]:
    """Return a layer for each shift, of sums as wide as it leaves room for, and one that passes on what all of them made.

    Of the four outputs of a layer the first two are sums of products and bias, the others a bias that lies half-way between
    two outputs, above 0 and below.
    """
    layers = []
    for shift in given:
        weight = sparse(rng, (4, 2, 1, 1), 1.0)
        weight[2:] = 0
        half, most = 1 << shift >> 1, min(1 << 14, 1 << 31 >> shift)
        high, low, above, below = (int(whole) << shift for whole in rng.integers(most // 4, most, 4))
        layers.append(Layer(name=f"s{shift}", inputs=("input",), weight=weight, shift=shift, relu=False,
                            bias=np.array([high, -low, above + half, half - below]).astype(np.int32)))
    channels = 4 * len(given)
    return [*layers, Layer(name="all", inputs=tuple(one.name for one in layers), relu=False,
                           weight=np.eye(channels, dtype=np.int16)[:, :, None, None])]


def long(rng: np.random.Generator, shape: tuple[int, int, int]) -> tuple[list[Layer], np.ndarray]:
    """Return two layers and an input of a shape that is large one way: many rows, many columns, or many channels.

    With many channels a layer has as many pairs, and its second layer waits for those of the first.
    """
    channels = shape[0]
    size = 1 if channels > 9 else 3
    layers = [Layer(name="a", inputs=("input",), weight=sparse(rng, (channels, channels, size, size), 0.3), shift=6,
                    pad=(size // 2,) * 4, bias=rng.integers(-500, 500, channels).astype(np.int32)),
              Layer(name="b", inputs=("a",), weight=sparse(rng, (3, channels, 1, 1), 0.7), shift=4, relu=False)]
    return layers, sparse(rng, shape, 0.5, 100)


def close(rng: np.random.Generator) -> list[Layer]:
    """Return layers of small numbers with the largest of a window, so that the values of a window are near each other."""
    return [Layer(name="a", inputs=("input",), weight=sparse(rng, (4, 3, 3, 3), 0.5, 2), pad=SAME, relu=False,
                  pool=_pool("max", 2, 2)),
            Layer(name="b", inputs=("a",), weight=sparse(rng, (4, 4, 1, 1), 0.8, 2), relu=False, pool=_pool("max", 3, 1))]


def saturating(rng: np.random.Generator, sign: int) -> list[Layer]:
    """Return a layer of which some sums with their bias are just beyond 32 bits, for an input with values of either sign."""
    return [Layer(name="a", inputs=("input",), weight=sparse(rng, (5, 3, 3, 3), 0.5), pad=SAME, shift=16, relu=False,
                  bias=np.full(5, (1 << 31) - 1 if sign > 0 else -(1 << 31), np.int32))]

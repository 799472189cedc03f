"""Random small networks of every kind of layer, for runs of the generated array against golden."""

from collections.abc import Callable
from typing import Any

import numpy as np

from golden.scnn.layer import Layer, Pool
from sim.scnn.networks import conv, sparse

Network = tuple[list[Layer], np.ndarray]
"""Layers and their input, channels x rows x columns."""

FILTERS = ((1, 1), (3, 3), (3, 3), (5, 5), (7, 7), (11, 11), (1, 3), (5, 2))
STRIDES = ((1, 1), (1, 1), (2, 2), (4, 4), (2, 1), (1, 3))
DENSITIES = (0.05, 0.2, 0.5, 0.8, 1.0)


def plane(rng: np.random.Generator, channels: int, most: int = 18) -> np.ndarray:
    """Return a random input; some have channels of zeros, or a single value in a corner."""
    rows, cols = rng.integers(1, most + 1, 2).tolist()
    x = sparse(rng, (channels, rows, cols), float(rng.choice(DENSITIES)), 100)
    kind = rng.integers(6)
    if kind == 0:
        x[rng.integers(channels)] = 0
    elif kind == 1:
        x[:] = 0
        for channel in range(channels):
            x[channel, rng.choice((0, rows - 1)), rng.choice((0, cols - 1))] = rng.choice((-32768, 32767, 1))
    elif kind == 2:
        x[:] = 0
    return x


def layer(rng: np.random.Generator, name: str, inputs: str | tuple[str, ...], channels: int, size: tuple[int, int],
          **fixed: Any) -> Layer:
    """Return a random convolution that fits a plane."""
    high, wide = fixed.pop("filter", FILTERS[rng.integers(len(FILTERS))])
    pad = [int(rng.integers(0, high)), int(rng.integers(0, high)), int(rng.integers(0, wide)), int(rng.integers(0, wide))]
    pad[1] = max(pad[1], min(high - 1, high - size[0] - pad[0]))
    pad[3] = max(pad[3], min(wide - 1, wide - size[1] - pad[2]))
    stride = STRIDES[rng.integers(len(STRIDES))]
    groups = fixed.get("groups", 1)
    outputs = fixed.pop("outputs", int(rng.integers(1, 10)) * groups)
    made: dict[str, Any] = {
        "stride": stride, "pad": tuple(pad), "shift": int(rng.integers(0, 8)), "relu": bool(rng.integers(4)),
        "bias": bool(rng.integers(2)), "density": float(rng.choice(DENSITIES))} | fixed
    one = conv(rng, name, inputs, (outputs, channels // groups, high, wide), **made)
    if not rng.integers(4):
        one.weight[rng.integers(outputs)] = 0
    return one


POOLS: tuple[Callable[[tuple[int, int]], Pool], ...] = (
    lambda size: Pool(kind="max", size=(2, 2), stride=(2, 2)), lambda size: Pool(kind="max", size=(3, 3), stride=(2, 2)),
    lambda size: Pool(kind="sum", size=(3, 3), stride=(1, 1), pad=(1, 1)),
    lambda size: Pool(kind="sum", size=size, stride=size))
"""Pools for a plane of a size; the last one is global."""


def single(rng: np.random.Generator) -> Network:
    """Return a layer alone, perhaps with a pool after it."""
    x = plane(rng, channels := int(rng.integers(1, 6)))
    one = layer(rng, "a", "input", channels, x.shape[1:])
    if rng.integers(2):
        pool = POOLS[rng.integers(len(POOLS))](one.plane(*x.shape[1:]))
        one = Layer(**{**vars(one), "pool": pool})
    return [one], x


def chain(rng: np.random.Generator) -> Network:
    """Return some layers in a row, each of the one before."""
    x = plane(rng, channels := int(rng.integers(1, 6)))
    size, layers, name = x.shape[1:], [], "input"
    for number in range(int(rng.integers(2, 5))):
        one = layer(rng, f"l{number}", name, channels, size, stride=STRIDES[rng.integers(3)], density=0.5)
        if min(one.plane(*size)) < 1:
            break
        layers.append(one)
        size, channels, name = one.outputs(*size), len(one.weight), one.name
    return layers, x


def residual(rng: np.random.Generator) -> Network:
    """Return a sum of two tensors, of one layer or of two."""
    x, same = plane(rng, 3), {"filter": (3, 3), "pad": (1, 1, 1, 1), "stride": (1, 1)}
    outputs = int(rng.integers(1, 20))
    first = layer(rng, "a", "input", 3, x.shape[1:], **same, outputs=outputs)
    second = layer(rng, "b", "a", outputs, x.shape[1:], **same, outputs=outputs)
    given, added = rng.permutation(["a", "b"]).tolist()
    last = layer(rng, "c", given, outputs, x.shape[1:], **same, outputs=outputs, residual=(added, int(rng.integers(0, 6))))
    return [first, second, last], x


def joined(rng: np.random.Generator) -> Network:
    """Return a layer that reads two tensors one after the other, or a range of channels."""
    x, same = plane(rng, 3), {"stride": (1, 1), "pad": (1, 1, 1, 1), "filter": (3, 3)}
    counts = [int(rng.integers(1, 6)) for _ in range(2)]
    layers = [layer(rng, name, "input", 3, x.shape[1:], outputs=count, **same)
              for name, count in zip("ab", counts, strict=True)]
    if rng.integers(2):
        return [*layers, layer(rng, "c", ("a", "b"), sum(counts), x.shape[1:], **same)], x
    return [layers[0], layer(rng, "c", f"a:0:{max(1, counts[0] // 2)}", max(1, counts[0] // 2), x.shape[1:], **same)], x


def grouped(rng: np.random.Generator) -> Network:
    """Return a layer in groups, or a depthwise one."""
    groups, each = int(rng.integers(2, 5)), int(rng.integers(1, 3))
    x = plane(rng, groups * each)
    depthwise = each == 1
    return [layer(rng, "a", "input", groups * each, x.shape[1:], groups=groups, filter=(3, 3), pad=(1, 1, 1, 1),
                  **({"outputs": groups} if depthwise else {}))], x


def dense(rng: np.random.Generator) -> Network:
    """Return dense layers as 1 x 1 ones on a single place."""
    x = sparse(rng, (int(rng.integers(1, 40)), 1, 1), 0.5, 100)
    fixed = {"filter": (1, 1), "stride": (1, 1), "pad": (0, 0, 0, 0), "density": 0.5}
    middle = int(rng.integers(1, 30))
    return [layer(rng, "a", "input", len(x), (1, 1), outputs=middle, **fixed), layer(rng, "b", "a", middle, (1, 1), **fixed)], x


def cancelling(rng: np.random.Generator) -> Network:
    """Return products that cancel to 0, and biases where no product falls."""
    x = np.zeros((2, 7, 8), np.int16)
    x[:, 2:5, 1:4] = rng.integers(-50, 50, (3, 3))
    weight = sparse(rng, (6, 2, 3, 3), 0.6)
    weight[:, 1] = -weight[:, 0]
    return [Layer(name="a", inputs=("input",), weight=weight, pad=(1, 1, 1, 1), relu=False,
                  bias=rng.choice((0, 3, -7), 6).astype(np.int32))], x


KINDS = {"single": single, "chain": chain, "residual": residual, "joined": joined, "grouped": grouped, "dense": dense,
         "cancelling": cancelling}


def network(kind: str, seed: int) -> Network:
    """Return a network of a kind, the same for the same seed; one that has no output is drawn again."""
    rng = np.random.default_rng([seed, *kind.encode()])
    while True:
        layers, x = KINDS[kind](rng)
        if layers and _whole(layers, x.shape[1:]):
            return layers, x


def _whole(layers: list[Layer], size: tuple[int, int]) -> bool:
    """Return whether every layer of a network has outputs, if all but chains keep the size of their plane."""
    for one in layers:
        if min(one.plane(*size)) < 1 or min(one.outputs(*size)) < 1:
            return False
        size = one.outputs(*size) if one.residual is None else size
    return True

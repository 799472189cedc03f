"""A dense array of the same multipliers and tiling: what the paper calls DCNN."""

import numpy as np

from bench.scnn.networks import Network
from golden.scnn.layer import Layer, source
from spec.scnn import ScnnSpec


def cycles(spec: ScnnSpec, layer: Layer, plane: tuple[int, int]) -> int:
    """Return the cycles of a layer on PEs that each compute a dot product of ``products`` terms a cycle.

    Every PE has a tile of the output plane, as in the sparse array's level 0, and works through all its outputs: for each one
    and each tap of the filter the input channels, ``products`` at a time. Memories and weights never make it wait.
    """
    rows, cols = layer.plane(*plane)
    tile = -(-rows // spec.rows) * -(-cols // spec.cols)
    outputs, depth, high, wide = layer.weight.shape
    return int(tile * outputs * high * wide * -(-depth // spec.products))


def network(spec: ScnnSpec, given: Network) -> dict[str, int]:
    """Return the cycles of each layer of a network."""
    shapes = given.shapes()
    return {layer.name: cycles(spec, layer, shapes[source(layer.inputs[0])[0]][1:]) for layer in given.layers}


def needed(given: Network, tensors: dict[str, np.ndarray]) -> dict[str, int]:
    """Return the multiplications of two numbers other than 0 that each layer needs, padding apart: the oracle's work.

    Every live weight meets every live activation of its channel, but for those at the rim of the plane, which are counted too.
    """
    found = {}
    for layer in given.layers:
        live = np.concatenate([_seen(tensors, layer.name, text).sum(axis=(1, 2), dtype=np.int64) for text in layer.inputs])
        weights = np.count_nonzero(layer.weight, axis=(0, 2, 3))
        found[layer.name] = int((live * weights).sum() // (layer.stride[0] * layer.stride[1]))
    return found


def _seen(tensors: dict[str, np.ndarray], layer: str, text: str) -> np.ndarray:
    name, channels = source(text)
    return tensors.get(f"{layer} < {name}", tensors.get(name))[channels]     # type: ignore[index]

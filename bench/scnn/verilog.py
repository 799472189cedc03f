"""Layers at full size on the Verilog of 8 x 8 PEs, with shapes and densities of `bench.scnn.networks`, each a network alone."""

from dataclasses import replace

import numpy as np

from bench.scnn.networks import Network, alexnet, googlenet, vgg
from bench.scnn.study import ROOM
from compress.scnn.arrange import arrange
from golden.scnn.layer import Layer, source
from sim.scnn.check import Case
from spec.scnn import ScnnSpec, preset

LIMIT = 3_000_000       # cycles per layer


def specification() -> ScnnSpec:
    """Return preset ``default`` on 8 x 8 PEs, with memories that hold each of the layers."""
    return preset("default", rows=8, cols=8, **ROOM)


def layers() -> dict[str, tuple[Network, Layer]]:
    """Return the layers that are run: the network that each is from, and the layer itself, by their names together."""
    networks = [*alexnet(), *googlenet(1), *vgg(only=("5_1", "5_2", "5_3"))]
    for name in ("1_1", "1_2", "2_1", "2_2", "3_1", "3_2", "3_3", "4_1", "4_2", "4_3"):
        networks += vgg(only=(name,))
    return {f"{network.name}/{layer.name}": (network, layer) for network in networks for layer in network.layers}


def case(spec: ScnnSpec, name: str) -> Case:
    """Return a layer alone, at the level that the tiler chooses; its input is a mask of the density that the layer sees.

    Weights and activations have random values where their masks are 1.
    """
    network, layer = layers()[name]
    rng, given = np.random.default_rng(list(name.encode())), source(layer.inputs[0])[0]
    shape = (layer.weight.shape[1] * layer.groups, *network.shapes()[given][1:])
    share = network.density.get(f"{layer.name} < {given}", network.density.get(given, 1.0))
    x = np.where(rng.random(shape) < share, rng.integers(1, 100, shape), 0).astype(np.int16)
    weight = layer.weight * rng.integers(1, 30, layer.weight.shape, np.int16) * rng.choice((-1, 1), layer.weight.shape)
    alone = replace(layer, inputs=("input",), weight=weight.astype(np.int16), shift=8,
                    bias=rng.integers(-500, 500, len(weight)).astype(np.int32))
    mapping, = arrange(spec, [alone], x.shape, density=share)[1]
    return Case(name=name, layers=[alone], x=x, levels=(mapping.level,), passes=(mapping.passes,), limit=LIMIT)

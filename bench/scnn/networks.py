"""Layers and densities of the networks that are compared; weights and activations are random masks of these densities.

Densities of AlexNet, GoogLeNet and VGG-16 are third-party digitisations of the paper's Fig. 1 (in ``docs/scnn/results.md``);
those of ResNet-50 and MobileNetV1 are assumed: weights 0.3, activations 0.4 (ResNet-50) and 0.5 (MobileNetV1).
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from golden.scnn.layer import Layer, Pool, source

SAME = (1, 1, 1, 1)


@dataclass(frozen=True, kw_only=True, eq=False)
class Network:
    """Some layers that run one after another.

    Parameters
    ----------
    name : str
    shape : tuple of int
        Channels, rows and columns of the input.
    layers : list of Layer
    density : dict
        Density of each tensor, by the name of the tensor, or of what a layer sees of it: ``"LAYER < TENSOR"``.
    """

    name: str
    shape: tuple[int, int, int]
    layers: list[Layer]
    density: dict[str, float] = field(default_factory=dict)

    def shapes(self) -> dict[str, tuple[int, int, int]]:
        """Return the shape of every tensor."""
        found = {"input": self.shape}
        for layer in self.layers:
            found[layer.name] = (len(layer.weight), *layer.outputs(*found[source(layer.inputs[0])[0]][1:]))
        return found

    def macs(self) -> dict[str, int]:
        """Return the multiplications of each layer if it were dense."""
        shapes = self.shapes()
        return {layer.name: layer.weight.size * int(np.prod(layer.plane(*shapes[source(layer.inputs[0])[0]][1:])))
                for layer in self.layers}

    def tensors(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Return random masks (int8) of every tensor that is read, and of what single layers see of one."""
        shapes = self.shapes()
        found = {}
        for key, share in self.density.items():
            shape = shapes[key.rpartition(" < ")[2]]
            found[key] = (rng.random(shape) < share).astype(np.int8)
        return found


Spread = Callable[[int], np.ndarray]


def mask(rng: np.random.Generator, shape: tuple[int, ...], density: float, spread: float = 0.0) -> np.ndarray:
    """Return weights of ones and zeros; ``spread`` is the coefficient of variation of the filters' densities."""
    share = np.full(shape[0], density)
    if spread:
        share = np.clip(density * (1 + spread * rng.standard_normal(shape[0])), 0.02, 1.0)
    return (rng.random(shape) < share.reshape(-1, *[1] * (len(shape) - 1))).astype(np.int16)


def chain(name: str, shape, rows, rng, *, first: str = "input", spread: float = 0.0) -> Network:
    """Return layers one after another: (name, outputs, filter, stride, pad, pool, density of input, density of weights)."""
    layers, density, given, channels = [], {}, first, shape[0]
    for own, outputs, size, stride, pad, pool, acts, weights in rows:
        density[given] = acts
        layers.append(Layer(name=own, inputs=(given,), weight=mask(rng, (outputs, channels, size, size), weights, spread),
                            stride=(stride, stride), pad=pad, pool=pool))
        given, channels = own, outputs
    return Network(name=name, shape=shape, layers=layers, density=density)


def vgg(seed: int = 1, *, spread: float = 0.0, only: tuple[str, ...] = ()) -> list[Network]:
    """VGG-16."""
    rng, half = np.random.default_rng(seed), Pool(kind="max", size=(2, 2), stride=(2, 2))
    acts = (1.0, .50, .89, .79, .81, .63, .69, .71, .50, .45, .39, .33, .32)
    weights = (.57, .21, .33, .35, .53, .22, .41, .32, .26, .34, .35, .29, .36)
    names = ("1_1", "1_2", "2_1", "2_2", "3_1", "3_2", "3_3", "4_1", "4_2", "4_3", "5_1", "5_2", "5_3")
    outputs = (64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512)
    rows = [(name, k, 3, 1, SAME, half if name in ("1_2", "2_2", "3_3", "4_3", "5_3") else None, a, w)
            for name, k, a, w in zip(names, outputs, acts, weights, strict=True)]
    if not only:
        return [chain("VGG-16", (3, 224, 224), rows, rng, spread=spread)]
    found = [number for number, name in enumerate(names) if name in only]
    plane = {"1": 224, "2": 112, "3": 56, "4": 28, "5": 14}[names[found[0]][0]]
    channels = 3 if found[0] == 0 else outputs[found[0] - 1]
    return [chain("VGG-16", (channels, plane, plane), [rows[number] for number in found], rng, spread=spread)]


def alexnet(seed: int = 1, *, first: bool = False) -> list[Network]:
    """AlexNet's convolutions 2 to 5, or with ``first`` all five; 2, 4 and 5 have two groups, each a layer of its own."""
    rng, over = np.random.default_rng(seed), Pool(kind="max", size=(3, 3), stride=(2, 2))
    layers, density = [], {"input": .865, "conv2a": .53, "conv2b": .53, "conv3": .39, "conv4a": .43, "conv4b": .43}
    for own, sources, outputs, inputs, size, pool, weights in (
            ("conv2a", ("input:0:48",), 128, 48, 5, over, .225), ("conv2b", ("input:48:96",), 128, 48, 5, over, .225),
            ("conv3", ("conv2a", "conv2b"), 384, 256, 3, None, .34),
            ("conv4a", ("conv3:0:192",), 192, 192, 3, None, .37), ("conv4b", ("conv3:192:384",), 192, 192, 3, None, .37),
            ("conv5a", ("conv4a",), 128, 192, 3, over, .37), ("conv5b", ("conv4b",), 128, 192, 3, over, .37)):
        layers.append(Layer(name=own, inputs=sources, weight=mask(rng, (outputs, inputs, size, size), weights),
                            pad=(size // 2,) * 4, pool=pool))
    rest = Network(name="AlexNet", shape=(96, 27, 27), layers=layers, density=density)
    if not first:
        return [rest]
    one = Layer(name="conv1", inputs=("input",), weight=mask(rng, (96, 3, 11, 11), .84), stride=(4, 4), pool=over)
    return [Network(name="AlexNet", shape=(3, 227, 227), layers=[one], density={"input": 1.0}), rest]


def inception(rng, name: str, shape, widths, acts, weights, *, apart: bool) -> list[Network]:
    """One module of GoogLeNet: its three 1 x 1 layers on the input are one layer, its filters read ranges of what it writes.

    pool_proj reads a tensor of its own, the pooled input, which is taken as given. With ``apart`` it is a network of its own,
    and may be split in its own way; else it runs while the drain of the 1 x 1 layer goes on.
    """
    one, three_reduce, three, five_reduce, five, pool = widths
    depth, seen = shape[0], one + three_reduce
    ones = np.concatenate([mask(rng, (k, depth, 1, 1), weights[own]) for own, k in
                           (("1x1", one), ("3x3_reduce", three_reduce), ("5x5_reduce", five_reduce))])
    layers = [Layer(name="1x1", inputs=("input",), weight=ones),
              Layer(name="5x5", inputs=(f"1x1:{seen}:{seen + five_reduce}",),
                    weight=mask(rng, (five, five_reduce, 5, 5), weights["5x5"]), pad=(2, 2, 2, 2)),
              Layer(name="3x3", inputs=(f"1x1:{one}:{seen}",), weight=mask(rng, (three, three_reduce, 3, 3), weights["3x3"]),
                    pad=SAME)]
    density = {"input": acts["1x1"], "3x3 < 1x1": acts["3x3"], "5x5 < 1x1": acts["5x5"]}
    project = Layer(name="pool_proj", inputs=("input",), weight=mask(rng, (pool, depth, 1, 1), weights["pool_proj"]))
    if not apart:
        return [Network(name=name, shape=shape, layers=[layers[0], project, *layers[1:]],
                        density=density | {"pool_proj < input": acts["pool_proj"]})]
    return [Network(name=name, shape=shape, layers=layers, density=density),
            Network(name=name, shape=shape, layers=[project], density={"input": acts["pool_proj"]})]


def googlenet(seed: int = 1) -> list[Network]:
    """GoogLeNet's modules 3a and 5b."""
    rng = np.random.default_rng(seed)
    names = ("pool_proj", "1x1", "3x3_reduce", "3x3", "5x5_reduce", "5x5")
    rows = ((.96, .71, .71, .67, .71, .77), (.43, .38, .42, .45, .36, .35), (.57, .31, .31, .30, .31, .46),
            (.32, .32, .33, .37, .33, .36))
    early, early_weights, late, late_weights = (dict(zip(names, row, strict=True)) for row in rows)
    return [*inception(rng, "3a", (192, 28, 28), (64, 96, 128, 16, 32, 32), early, early_weights, apart=False),
            *inception(rng, "5b", (832, 7, 7), (384, 192, 384, 48, 128, 128), late, late_weights, apart=True)]


def resnet(seed: int = 1) -> list[Network]:
    """ResNet-50's convolutions with residual adds, stride 2 in the 3 x 3; densities assumed."""
    rng = np.random.default_rng(seed)
    first = Layer(name="conv1", inputs=("input",), weight=mask(rng, (64, 3, 7, 7), .3), stride=(2, 2), pad=(3, 3, 3, 3),
                  pool=Pool(kind="max", size=(3, 3), stride=(2, 2), pad=(1, 1)))
    layers, before, channels = [first], "conv1", 64
    for stage, (width, blocks) in enumerate(((64, 3), (128, 4), (256, 6), (512, 3)), 2):
        for number in range(blocks):
            stride = 2 if stage > 2 and number == 0 else 1
            own, shortcut = f"{stage}{'abcdef'[number]}", before
            if number == 0:
                shortcut = f"{own}_skip"
                layers.append(Layer(name=shortcut, inputs=(before,), weight=mask(rng, (4 * width, channels, 1, 1), .3),
                                    stride=(stride, stride), relu=False))
            for name, given, k, c, size, step, add in (
                    (f"{own}_1", before, width, channels, 1, 1, None), (f"{own}_2", f"{own}_1", width, width, 3, stride, None),
                    (own, f"{own}_2", 4 * width, width, 1, 1, (shortcut, 0))):
                layers.append(Layer(name=name, inputs=(given,), weight=mask(rng, (k, c, size, size), .3), stride=(step, step),
                                    pad=(size // 2,) * 4, residual=add))
            before, channels = own, 4 * width
    density = {layer.name: (1.0 if layer.name.endswith("skip") else .4) for layer in layers} | {"input": 1.0}
    return [Network(name="ResNet-50", shape=(3, 224, 224), layers=layers, density=density)]


def mobilenet(seed: int = 1) -> list[Network]:
    """MobileNetV1's 1 x 1 layers, each by itself; densities assumed."""
    rng = np.random.default_rng(seed)
    rows = [(64, 32, 112), (128, 64, 56), (128, 128, 56), (256, 128, 28), (256, 256, 28), (512, 256, 14)]
    rows += [(512, 512, 14)] * 5 + [(1024, 512, 7), (1024, 1024, 7)]
    return [Network(name=f"pw{number}", shape=(c, plane, plane), density={"input": .5},
                    layers=[Layer(name=f"pw{number}", inputs=("input",), weight=mask(rng, (k, c, 1, 1), .3))])
            for number, (k, c, plane) in enumerate(rows, 1)]


NETWORKS: dict[str, Callable[[int], list[Network]]] = {
    "AlexNet": alexnet, "GoogLeNet": googlenet, "VGG-16": vgg, "ResNet-50": resnet, "MobileNetV1": mobilenet}

"""The convolutional example: a small network for scikit-learn's digits, whose weights `compress.scnn.train` made and stored."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import StratifiedKFold

from compress.cnn import Layer, Recipe
from compress.digits import EDGE, FOLDS
from compress.frontend import graph

NAME = "digits-cnn"
WEIGHTS = Path(__file__).with_name("digits_cnn.npz")
RECIPE = Recipe(convolutions=((16, 3, 1, 1), (32, 3, 1, 2), (32, 3, 1, 2)), density=(0.2,), dense_passes=40, prune_passes=60)
SIDE = 2            # PEs along each side of the array that the example is for
MOMENTS = ("dense", "pruned")
"""What the file of weights holds: the network before pruning, rounded to 16 bits, and after it."""


def images() -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Return pictures (samples, 8, 8) of 0 to 1 with their digits: the 1,437 trained on, and the 360 held back."""
    pictures, labels = load_digits(return_X_y=True)
    pictures = (pictures / 16).astype(np.float32).reshape(-1, EDGE, EDGE)
    rest, held = next(iter(StratifiedKFold(FOLDS, shuffle=True, random_state=RECIPE.seed).split(pictures, labels)))
    return (pictures[rest], labels[rest]), (pictures[held], labels[held])


def network(moment: str = "pruned") -> graph.Network:
    """Return the network at one of :data:`MOMENTS`, from the file of weights."""
    with np.load(WEIGHTS, allow_pickle=False) as file:
        arrays = {name: file[name].astype(np.float64) for name in file.files if name.startswith(f"{moment}.")}
    names = [name.split(".")[1] for name in arrays if name.endswith(".weight")]
    return as_network(NAME, [Layer(name=name, weight=arrays[f"{moment}.{name}.weight"], bias=arrays[f"{moment}.{name}.bias"])
                             for name in names], RECIPE, EDGE)


def as_network(title: str, layers: Sequence[Layer], recipe: Recipe, edge: int) -> graph.Network:
    """Return layers that `compress.cnn.train` made for pictures of an edge as a network of convolutions and dense layers."""
    made, before, size = list[graph.Layer](), graph.INPUT, edge
    for number, layer in enumerate(layers):
        name, weight, bias = layer.name, np.asarray(layer.weight, np.float64), np.asarray(layer.bias, np.float64)
        common: dict[str, Any] = {"name": name, "inputs": (before,), "nodes": (f"{name} (weight)",)}
        active = graph.Activation(relu=number < len(layers) - 1)
        if number < len(recipe.convolutions):
            outputs, kernel, pad, pool = recipe.convolutions[number]
            picture, size = (weight.shape[1], size, size), size + 2 * pad - kernel + 1
            made.append(graph.Conv(**common, shape=(outputs, size, size), activation=active, picture=picture, weight=weight,
                                   bias=bias, pads=(pad,) * 4))
            if pool > 1:
                picture, size, name = (outputs, size, size), size // pool, f"pool{number + 1}"
                made.append(graph.Pool(name=name, inputs=(made[-1].name,), shape=(outputs, size, size), picture=picture,
                                       average=False, kernel=(pool, pool), strides=(pool, pool), nodes=(f"{name} (max)",)))
        else:
            made.append(graph.Dense(**common, shape=(len(weight),), activation=active, weight=weight.reshape(len(weight), -1),
                                    bias=bias))
        before = name
    return graph.Network(name=title, shape=(1, edge, edge), layers=tuple(made))


def stored(layers: list[Layer], moment: str) -> dict[str, np.ndarray]:
    """Return layers as arrays of the file of weights."""
    kind = np.float16 if moment == "dense" else np.float32
    return {f"{moment}.{layer.name}.{part}": getattr(layer, part).astype(kind)
            for layer in layers for part in ("weight", "bias")}

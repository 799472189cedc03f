"""The convolutional example: a small network for scikit-learn's digits, whose weights `compress.scnn.train` made and stored."""

from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import StratifiedKFold

from compress.cnn import Layer, Recipe
from compress.digits import EDGE, FOLDS
from compress.frontend import graph

NAME = "digits-cnn"
WEIGHTS = Path(__file__).with_name("digits_cnn.npz")
RECIPE = Recipe(convolutions=((16, 3, 1, 1), (32, 3, 1, 2), (32, 3, 1, 2)), density=(0.2,), dense_passes=40, prune_passes=60)
MOMENTS = ("dense", "pruned")
"""What the file of weights holds: the network before pruning, rounded to 16 bits, and behind it."""


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
    made, before, edge = list[graph.Layer](), graph.INPUT, EDGE
    names = [name.split(".")[1] for name in arrays if name.endswith(".weight")]
    for number, name in enumerate(names):
        weight, bias = arrays[f"{moment}.{name}.weight"], arrays[f"{moment}.{name}.bias"]
        common = {"name": name, "inputs": (before,), "nodes": (f"{name} (weight)",)}
        active = graph.Activation(relu=number < len(names) - 1)
        if number < len(RECIPE.convolutions):
            outputs, size, pad, pool = RECIPE.convolutions[number]
            picture, edge = (weight.shape[1], edge, edge), edge + 2 * pad - size + 1
            made.append(graph.Conv(**common, shape=(outputs, edge, edge), activation=active, picture=picture, weight=weight,
                                   bias=bias, pads=(pad,) * 4))
            if pool > 1:
                picture, edge, name = (outputs, edge, edge), edge // pool, f"pool{number + 1}"
                made.append(graph.Pool(name=name, inputs=(made[-1].name,), shape=(outputs, edge, edge), picture=picture,
                                       average=False, kernel=(pool, pool), strides=(pool, pool), nodes=(f"{name} (max)",)))
        else:
            made.append(graph.Dense(**common, shape=(len(weight),), activation=active, weight=weight.reshape(len(weight), -1),
                                    bias=bias))
        before = name
    return graph.Network(name=NAME, shape=(1, EDGE, EDGE), layers=tuple(made))


def stored(layers: list[Layer], moment: str) -> dict[str, np.ndarray]:
    """Return layers as arrays of the file of weights."""
    kind = np.float16 if moment == "dense" else np.float32
    return {f"{moment}.{layer.name}.{part}": getattr(layer, part).astype(kind)
            for layer in layers for part in ("weight", "bias")}

"""Deep Compression's table of LeNet-5 made again: its shape on the digits, enlarged to 28 x 28, in images for an SCNN array."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import StratifiedKFold

from compress.cnn import Recipe, answers, train
from compress.digits import FOLDS, enlarged
from compress.huffman.array import PARTS, compressed
from compress.scnn.digits import as_network
from compress.scnn.size import free
from compress.scnn.source import Made, Request, Trial, build
from spec.scnn import preset

EDGE, BITS = 28, 4
PAPER = {"ratio": 39.0, "density": 0.08}
"""Of LeNet-5 on MNIST: Deep Compression (ICLR 2016), tables 1 and 3."""

RECIPE = Recipe(convolutions=((20, 5, 0, 2), (50, 5, 0, 2)), hidden=(500,), density=(0.6, 0.10, 0.055, 0.18), dense_passes=15,
                prune_passes=30, share_passes=5)
STEPS = ("float", "pruned", "shared", "integer")


@dataclass(frozen=True, kw_only=True, eq=False)
class Fold:
    """A network trained on four parts of the pictures, its image, and how many of the fifth part are named right by step."""

    made: Made
    right: dict[str, int]
    inputs: np.ndarray
    labels: np.ndarray


def fold(recipe: Recipe, number: int, advance: Callable[[], None] = lambda: None) -> Fold:
    """Train and build for one of five folds, always the same ones for a seed."""
    pictures, labels = load_digits(return_X_y=True)
    pictures = enlarged((pictures / 16).astype(np.float32), EDGE).reshape(-1, EDGE, EDGE)
    rest, held = list(StratifiedKFold(FOLDS, shuffle=True, random_state=recipe.seed).split(pictures, labels))[number]
    trained = train(pictures[rest], labels[rest], recipe, bits=BITS, advance=advance)
    spec = preset("default", weight_code_bits=BITS)
    request = Request(preset=spec, free=free(), input_range=(0.0, 1.0))
    tried = Trial(inputs=pictures[held].reshape(len(held), -1), labels=labels[held])
    network = as_network("lenet-5", trained.network, recipe, EDGE)
    made = build(network, Path("lenet-5"), spec, request, pictures[rest].reshape(len(rest), -1)[::8], trial=tried)
    right = {step: int((answers(layers, pictures[held]).argmax(1) == labels[held]).sum())
             for step, layers in (("float", trained.dense), ("pruned", trained.pruned), ("shared", trained.network))}
    right["integer"] = round(made.facts["accuracy"]["integer"] * len(held))
    return Fold(made=made, right=right, inputs=pictures[held][:, None], labels=labels[held])


def facts(tried: Sequence[Fold], recipe: Recipe) -> dict[str, Any]:
    """Return accuracy by step, pooled, and bits by step and by part, as means of the folds."""
    of = sum(len(one.labels) for one in tried)
    right = {step: sum(one.right[step] for one in tried) for step in STEPS}
    accuracy = {step: {"right": right[step], "of": of, "share": right[step] / of,
                       "loss": 100 * (right["float"] - right[step]) / of} for step in STEPS}
    steps, parts, kept = [], [], []
    for one in tried:
        whole = one.made.facts["layers"][-1]
        data, account = compressed(one.made.image)
        rest = whole["bits_before"] - 32 * whole["cells"]
        steps.append({"dense": whole["bits_before"], "pruned (32-bit weights and 32-bit places)": 64 * whole["nonzeros"] + rest,
                      "shared (codes and 32-bit places)": (BITS + 32) * whole["nonzeros"] + rest,
                      "image (codes and runs, counts and biases)": whole["bits_after"],
                      "coded (all of the file)": 8 * len(data)})
        parts.append(account.bits)
        kept.append(whole["nonzeros"])
    parameters = steps[0]["dense"] // 32
    mean = {name: float(np.mean([line[name] for line in steps])) for name in steps[0]}
    return {"recipe": {"density": list(recipe.density), "bits": BITS,
                       "passes": [recipe.dense_passes, recipe.prune_passes, recipe.share_passes]},
            "paper": PAPER, "accuracy": accuracy, "layers": [
                {"layer": row["layer"], "weights": row["cells"], "density": row["density"], "bits": row["bits_after"]}
                for row in tried[0].made.facts["layers"][:-1]],
            "sizes": {"kept": float(np.mean(kept)), "parameters": parameters,
                      "steps": {name: {"bits": bits / parameters, "ratio": mean["dense"] / bits}
                                for name, bits in mean.items()},
                      "parts": {name: float(np.mean([line[name] for line in parts])) for name in PARTS}}}

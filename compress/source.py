"""Where a network comes from: the digits, trained here, or a file of dense layers; both end as an image."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from cli import command
from compress.digits import CLASSES, PIXELS, STEPS, Fold, folds
from compress.eie.assemble import assemble
from compress.eie.check import room
from compress.eie.image import Image
from compress.eie.integer import quantise, run
from compress.eie.scale import Quantised, scale
from compress.network import forward, read, vectors
from compress.prune import masks
from compress.report import rows
from compress.share import share
from compress.train import Recipe
from spec.eie import EieSpec

GUESSES = 256       # random vectors that stand in where a file comes without vectors of its own


def from_digits(recipe: Recipe, spec: EieSpec, *, order: str, count: int, out: Path
                ) -> tuple[Image, dict[str, Any]]:
    """Train ``count`` folds; return the image of the first and the figures of all.

    The first fold's held-back images and labels are written beside ``out``.
    """
    room(spec, [PIXELS, *recipe.hidden, CLASSES], recipe.density)
    with command.progress("training on digits", recipe.passes * count) as bar:
        tried = list(folds(recipe, spec, count=count, advance=lambda: bar.advance(1)))
    first = tried[0]
    image, facts = _finish(first.quantised, spec, order)
    files = beside_image(out)
    for path, array in (files["inputs"], first.inputs), (files["labels"], first.labels):
        with command.atomic(path) as draft, draft.open("wb") as file:
            np.save(file, array, allow_pickle=False)
    every = sum(len(fold.labels) for fold in tried)
    facts |= {
        "example": "digits", "recipe": asdict(recipe), "images": len(first.labels),
        "accuracy": {step: first.right[step] / len(first.labels) for step in STEPS},
        "folds": [{"images": len(fold.labels), "right": fold.right, "density": fold.density}
                  for fold in tried],
        "pooled": {"images": every, "density": max(fold.density for fold in tried),
                   "right": {step: sum(fold.right[step] for fold in tried) for step in STEPS}},
        "loss_points": _loss(tried, every), "files": {name: str(path) for name, path in files.items()}}
    return image, facts


def beside_image(out: Path) -> dict[str, Path]:
    """Return the files that an example's held-back inputs and labels are written to."""
    return {name: out.with_name(f"{out.stem}_{name}.npy") for name in ("inputs", "labels")}


def _loss(tried: Sequence[Fold], images: int) -> dict[str, float]:
    """Return the points of accuracy that each step lost against the dense network, over all folds."""
    dense = sum(fold.right["float"] for fold in tried)
    return {step: 100 * (dense - sum(fold.right[step] for fold in tried)) / images for step in STEPS[1:]}


def from_file(path: Path, spec: EieSpec, *, order: str, density: float | None, calibrate: Path | None,
              relu_last: bool) -> tuple[Image, dict[str, Any]]:
    """Prune by magnitude where wanted, share and encode a file's layers; there is no training."""
    layers = read(path, relu_last=relu_last)
    inputs = layers[0].weight.shape[1]
    if calibrate is None:
        samples = np.random.default_rng(0).random((GUESSES, inputs))
    else:
        samples = vectors(calibrate, inputs)
    pruned = layers
    with command.progress(f"compressing {path}", 3) as bar:
        if density is not None:
            kept = masks([layer.weight for layer in layers], density)
            pruned = [replace(layer, weight=layer.weight * mask)
                      for layer, mask in zip(layers, kept, strict=True)]
        bar.advance(1)
        shared = share([layer.weight for layer in pruned], bits=spec.codebook_bits, codebooks=spec.codebooks)
        bar.advance(1)
        quantised = scale(layers, shared, spec, samples)
        image, facts = _finish(quantised, spec, order)
        bar.advance(1)
    whole, _ = quantise(samples, quantised.input_scale, spec.act_bits)
    wanted = forward(layers, samples)[-1]
    answers = {"pruned": forward(pruned, samples)[-1], "shared": forward(shared.network(layers), samples)[-1],
               "integer": run(quantised.layers, quantised.codebooks, whole, spec) * quantised.output_scale}
    size = float(np.sqrt(np.mean(wanted ** 2))) or 1.0
    facts |= {"file": str(path), "vectors": len(samples), "calibrated": calibrate is not None,
              "error": {step: float(np.sqrt(np.mean((answer - wanted) ** 2))) / size
                        for step, answer in answers.items()}}
    return image, facts


def _finish(quantised: Quantised, spec: EieSpec, order: str) -> tuple[Image, dict[str, Any]]:
    image = assemble(quantised.layers, quantised.codebooks, spec, order_name=order,
                     input_scale=quantised.input_scale, output_scale=quantised.output_scale)
    *layers, network = rows(image, quantised)
    return image, {"spec": asdict(spec), "order": order, "layers": layers, "network": network,
                   "warnings": quantised.warnings(), "input_scale": quantised.input_scale,
                   "output_scale": quantised.output_scale}

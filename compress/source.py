"""Where a network comes from: the digits, trained here, or a file of dense layers; both end as an image."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from cli import command
from compress.dense import read
from compress.digits import CLASSES, STEPS, Fold, folds
from compress.eie.loss import losses, warnings
from compress.eie.quantised import Quantised
from compress.eie.scale import scale
from compress.eie.size import estimate, sized, with_codebooks
from compress.ends import beyond, inside
from compress.frontend.graph import Network
from compress.frontend.loose import loosened
from compress.label import classes, right
from compress.made import Made, Request, finish
from compress.network import Dense, importance, rms, vectors
from compress.steps import steps
from compress.train import Recipe
from compress.tune.stage import said, split
from spec.eie import EieSpec

GUESSES = 256       # random vectors that stand in where a file comes without vectors of its own
UNTOLD = (0.0, 1.0)     # range of those vectors where the inputs' range is not told either


def from_digits(recipe: Recipe, spec: EieSpec, request: Request, *, count: int, out: Path) -> Made:
    """Train ``count`` folds; return the image of the first, the figures of all, and the first fold's held-back images."""
    sized(spec, estimate(spec, [recipe.edge ** 2, *recipe.hidden, CLASSES], recipe.density), request.free)
    spec = with_codebooks(spec, len(recipe.hidden) + 1, request.free)
    with command.progress("training on digits", recipe.passes * count) as bar:
        tried = list(folds(recipe, spec, count=count, bound=request.bound or "data", advance=lambda: bar.advance(1)))
    first = tried[0]
    network = first.trained.network
    masses = importance(network, first.samples)
    found = losses(network, network, first.trained.shared, first.quantised, first.samples, masses)
    image, facts = finish(first.quantised, spec, request, found, len(first.samples), network)
    files = beside_image(out)
    every = sum(len(fold.labels) for fold in tried)
    facts |= {
        "example": "digits", "recipe": asdict(recipe), "images": len(first.labels), "vectors": len(first.samples),
        "calibrated": True, "warnings": first.quantised.warnings(),
        "accuracy": {step: first.right[step] / len(first.labels) for step in STEPS},
        "folds": [{"images": len(fold.labels), "right": fold.right, "density": fold.density}
                  for fold in tried],
        "pooled": {"images": every, "density": max(fold.density for fold in tried),
                   "right": {step: sum(fold.right[step] for fold in tried) for step in STEPS}},
        "loss_points": _loss(tried, every), "files": {name: str(path) for name, path in files.items()}}
    return Made(image=image, facts=facts, samples=first.inputs,
                beside={files["inputs"]: first.inputs, files["labels"]: first.labels})


def beside_image(out: Path) -> dict[str, Path]:
    """Return the files that an example's held-back inputs and labels are written to."""
    return {name: out.with_name(f"{out.stem}_{name}.npy") for name in ("inputs", "labels")}


def _loss(tried: Sequence[Fold], images: int) -> dict[str, float]:
    """Return the points of accuracy that each step lost against the dense network, over all folds."""
    dense = sum(fold.right["float"] for fold in tried)
    return {step: 100 * (dense - sum(fold.right[step] for fold in tried)) / images for step in STEPS[1:]}


def from_file(path: Path, spec: EieSpec, request: Request) -> Made:
    """Prune, share and encode a file's layers; with passes they are trained on in between."""
    layers, told, network = _layers(path, spec, request)
    labels = None if request.labels is None else classes(request.labels, layers[-1].weight.shape[0])
    for layer in layers:
        _given_fits(layer, spec)
    spec = with_codebooks(spec, len(layers), request.free)
    bounds = None if network is None else network.bounds
    samples, guessed = _samples(request, layers[0].weight.shape[1])
    samples = samples if bounds is None else np.clip(samples, *bounds)
    parts = split(samples, labels, request.tuning)
    made = steps(layers, spec, request, parts)
    before, pruned = (layers, made.pruned) if request.tuning is None else (made.network, made.network)
    with command.progress(f"encoding {path}", 3) as bar:
        quantised = scale(made.network, made.shared, spec, parts.seen, bound=request.bound or ("worst" if guessed else "data"),
                          input_range=inside(bounds, request.input_range or (UNTOLD if guessed else None)), guessed=guessed)
        _ceilings(layers, quantised)
        bar.advance(1)
        found = losses(before, pruned, made.shared, quantised, parts.seen, made.masses)
        bar.advance(1)
        image, facts = finish(quantised, spec, request, found, len(parts.seen), before, bounds=bounds)
        bar.advance(1)
    answers = made.answers(parts.tried) | {"integer": quantised.outputs(parts.tried)[-1]}
    wanted = answers["float"]
    if parts.tried_labels is not None:
        facts["accuracy"] = {step: right(answer, parts.tried_labels) for step, answer in answers.items()}
    facts |= told | {
        "file": str(path), "rounding": quantised.error[-1], "vectors": len(parts.seen), "calibrated": not guessed,
        "tried": len(parts.tried), "training": said(request.tuning, parts),
        "warnings": [*_guess(request, guessed), *beyond(parts.seen, quantised.input_scale, spec.act_bits),
                     *warnings(pruned, made.shared, quantised, spec, parts.seen, made.masses, found)],
        "error": {step: rms(answer - wanted) / (rms(wanted) or 1.0) for step, answer in answers.items() if step != "float"}}
    return Made(image=image, facts=facts, samples=parts.tried)


def _layers(path: Path, spec: EieSpec, request: Request) -> tuple[list[Dense], dict[str, Any], Network | None]:
    """Return the layers of a file, what is to be told of how it was understood, and the network of an ONNX file."""
    if path.suffix != ".onnx":
        return read(path, relu_last=request.relu_last, order=request.layers), {"notices": [], "host": []}, None
    if request.relu_last or request.layers is not None:
        raise ValueError("options must be without --relu-last and --layers for an ONNX file, which says both itself; "
                         "leave them out")
    from compress.frontend import chain, onnx

    network = onnx.read(path)
    network = loosened(network, _samples(request, network.size)[0])
    return chain.chain(network, spec, path), {"notices": list(network.notices), "host": list(network.host)}, network


def _ceilings(layers: Sequence[Dense], quantised: Quantised) -> None:
    """Refuse a machine on which outputs would not saturate where the network's do."""
    for layer, step in zip(layers, quantised.steps, strict=True):
        end = step * ((1 << quantised.spec.act_bits - 1) - 1)
        if layer.ceiling is not None and abs(end / layer.ceiling - 1) > 1e-3:
            raise ValueError(f"{layer.name}: outputs must end at {layer.ceiling:g}, as in the network, not at {end:g}; take a "
                             f"machine with a codebook for each layer, --codebooks {len(layers)}, or larger shift_bits")


def _samples(request: Request, inputs: int) -> tuple[np.ndarray, bool]:
    """Return the vectors by which scales are chosen, and whether they are random for want of data."""
    if request.calibrate is not None:
        return vectors(request.calibrate, inputs), False
    low, high = request.input_range or UNTOLD
    return np.random.default_rng(0).uniform(low, high, (GUESSES, inputs)), True


def _guess(request: Request, guessed: bool) -> list[str]:
    if not guessed or request.input_range is not None:
        return []
    said = (f"scales were chosen on {GUESSES} random vectors of {UNTOLD[0]:g} to {UNTOLD[1]:g} for want of data: real inputs "
            f"may saturate or use few bits; give vectors with --calibrate FILE, or their range with --input-range LOW,HIGH")
    return [said]


def _given_fits(layer: Dense, spec: EieSpec) -> None:
    """Refuse a codebook from a file that the machine cannot hold as it is."""
    if layer.given is None:
        return
    values, most = layer.given.codebook, (1 << spec.codebook_bits) - 1
    if len(values) - 1 > most:
        raise ValueError(f"{layer.name}.codebook must have at most {most} values besides 0, not {len(values) - 1}; "
                         f"take --codebook-bits {(len(values) - 1).bit_length()}")
    top = 1 << spec.weight_bits - 1
    if layer.given.whole and not -top <= values.min() <= values.max() < top:
        raise OverflowError(f"{layer.name}.codebook must be whole numbers of {-top} to {top - 1}, not "
                            f"{values[np.abs(values.astype(np.float64)).argmax()]}; give floats, which are scaled")

"""Where a network comes from: the digits, trained here, or a file of dense layers; both end as an image."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_array, issparse

from cli import command
from compress.dense import read
from compress.digits import CLASSES, STEPS, Fold, folds
from compress.eie.assemble import assemble
from compress.eie.grain import MARGIN
from compress.eie.image import Calibration, Image
from compress.eie.loss import Loss, losses, warnings
from compress.eie.quantised import Quantised
from compress.eie.scale import scale
from compress.eie.size import MEMORIES, estimate, sized, with_codebooks
from compress.network import Dense, Given, forward, importance, rms, vectors
from compress.prune import balanced, masks
from compress.report import rows
from compress.share import share
from compress.train import Recipe
from files.array import read_array
from spec.eie import EieSpec
from spec.eie.image import BOUNDS

GUESSES = 256       # random vectors that stand in where a file comes without vectors of its own
REFERENCE_BYTES = 1 << 26
UNTOLD = (0.0, 1.0)     # range of those vectors where the inputs' range is not told either


@dataclass(frozen=True, kw_only=True, eq=False)
class Made:
    """What a source came to: the image, the figures, input vectors, and arrays to be written beside it, by path."""

    image: Image
    facts: dict[str, Any]
    samples: np.ndarray
    beside: dict[Path, np.ndarray] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Request:
    """How a network is to be compressed.

    Parameters
    ----------
    order : str
        Rows to PEs.
    preset : EieSpec
        The machine before memories were asked for.
    free : frozenset of str
        Memories that may be made larger.
    reference : bool
        Whether the image keeps the float network, if it is not larger than :data:`REFERENCE_BYTES`.
    example : bool
        Whether it is one that is trained here, which has data of its own.
    density : float or None
        Most weights to keep, as a share of all.
    calibrate : Path or None
        File of input vectors.
    input_range : tuple of float or None
        Least and largest input, as the user says.
    bound : str or None
        One of `spec.eie.image.BOUNDS`; ``data`` with vectors and ``worst`` without when None.
    relu_last : bool
    layers : tuple of str or None
        Names of the layers in their order.
    prune : str
        ``magnitude``, or ``balanced``, which leaves every PE as many weights of a layer.
    labels : Path or None
        File of the classes of the input vectors, for the accuracy after each step.
    """

    order: str
    preset: EieSpec
    free: frozenset[str] = frozenset()
    reference: bool = True
    example: bool = False
    density: float | None = None
    calibrate: Path | None = None
    input_range: tuple[float, float] | None = None
    bound: str | None = None
    relu_last: bool = False
    layers: tuple[str, ...] | None = None
    labels: Path | None = None
    prune: str = "magnitude"

    def __post_init__(self) -> None:
        """Refuse a bound from data where there is none."""
        if self.bound not in (None, *BOUNDS):
            raise ValueError(f"bound must be one of {', '.join(BOUNDS)}, not {self.bound!r}")
        if self.bound == "data" and self.calibrate is None and not self.example:
            raise ValueError("bound must be worst without --calibrate, not data; give vectors with --calibrate FILE")
        if self.labels is not None and self.calibrate is None:
            raise ValueError("labels must come with the vectors that they are of, not alone; give these with --data FILE")


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
    image, facts = _finish(first.quantised, spec, request, found, len(first.samples), network)
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
    """Prune by magnitude where wanted, share and encode a file's layers; there is no training."""
    layers, told = _layers(path, spec, request)
    labels = None if request.labels is None else classes(request.labels, layers[-1].weight.shape[0])
    for layer in layers:
        _given_fits(layer, spec)
    spec = with_codebooks(spec, len(layers), request.free)
    samples, guessed = _samples(request, layers[0].weight.shape[1])
    pruned = layers
    with command.progress(f"compressing {path}", 4) as bar:
        if request.density is not None:
            kept = masks([layer.weight for layer in layers], request.density) if request.prune == "magnitude" else \
                balanced([layer.weight for layer in layers], request.density, spec.pes)
            pruned = [_masked(layer, mask) for layer, mask in zip(layers, kept, strict=True)]
        masses = importance(pruned, samples)
        bar.advance(1)
        shared = share([layer.weight for layer in pruned], bits=spec.codebook_bits, codebooks=spec.codebooks,
                       importance=masses, given=[layer.given for layer in pruned])
        bar.advance(1)
        quantised = scale(layers, shared, spec, samples, bound=request.bound or ("worst" if guessed else "data"),
                          input_range=request.input_range or (UNTOLD if guessed else None), guessed=guessed)
        _ceilings(layers, quantised)
        found = losses(layers, pruned, shared, quantised, samples, masses)
        bar.advance(1)
        image, facts = _finish(quantised, spec, request, found, len(samples), layers)
        bar.advance(1)
    wanted, cut = forward(layers, samples)[-1], forward(pruned, samples)[-1]
    if labels is not None:
        answers = {"float": wanted, "pruned": cut, "shared": forward(shared.network(layers), samples)[-1],
                   "integer": quantised.outputs(samples)[-1]}
        facts["accuracy"] = {step: right(answer, labels) for step, answer in answers.items()}
    facts |= told | {"file": str(path), "rounding": quantised.error[-1], "vectors": len(samples), "calibrated": not guessed,
              "warnings": _guess(request, guessed) + warnings(pruned, shared, quantised, spec, samples, masses, found),
              "error": {"pruned": rms(cut - wanted) / (rms(wanted) or 1.0), "shared": found[-1].shared,
                        "integer": found[-1].integer}}
    return Made(image=image, facts=facts, samples=samples)


def _layers(path: Path, spec: EieSpec, request: Request) -> tuple[list[Dense], dict[str, Any]]:
    """Return the layers of a file, and what is to be told of how it was understood."""
    if path.suffix != ".onnx":
        return read(path, relu_last=request.relu_last, order=request.layers), {"notices": [], "host": []}
    if request.relu_last or request.layers is not None:
        raise ValueError("options must be without --relu-last and --layers for an ONNX file, which says both itself; "
                         "leave them out")
    from compress.frontend import chain, onnx

    network = onnx.read(path)
    return chain.chain(network, spec, path), {"notices": list(network.notices), "host": list(network.host)}


def _ceilings(layers: Sequence[Dense], quantised: Quantised) -> None:
    """Refuse a machine on which outputs would not saturate where the network's do."""
    for layer, step in zip(layers, quantised.steps, strict=True):
        end = step * ((1 << quantised.spec.act_bits - 1) - 1)
        if layer.ceiling is not None and abs(end / layer.ceiling - 1) > 1e-3:
            raise ValueError(f"{layer.name}: outputs must end at {layer.ceiling:g}, as in the network, not at {end:g}; take a "
                             f"machine with a codebook for each layer, --codebooks {len(layers)}, or larger shift_bits")


def classes(path: Path, outputs: int) -> np.ndarray:
    """Return the class numbers in a file."""
    given = read_array(path, "labels")
    most = max(outputs, 2)
    if given.dtype.kind not in "iu" or given.ndim != 1:
        raise TypeError(f"labels in {path} must be a row of integers, not {given.dtype} of shape {given.shape}; "
                        f"write the number of each class")
    if given.size and not 0 <= given.min() <= given.max() < most:
        raise ValueError(f"labels in {path} must be 0 to {most - 1}, not {given.min() if given.min() < 0 else given.max()}; "
                         f"write the number of each class")
    return given


def right(answers: np.ndarray, labels: np.ndarray) -> float:
    """Return the share of answers that name their class: the largest output, or of one output whether it is above 0."""
    if len(answers) != len(labels):
        raise ValueError(f"labels must be {len(answers)}, one a vector of the data, not {len(labels)}; give those of the data")
    named = answers[:, 0] > 0 if answers.shape[1] == 1 else answers.argmax(1)
    return float(np.mean(named == labels))


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


def _masked(layer: Dense, mask: np.ndarray) -> Dense:
    given = layer.given and Given(codes=csr_array(layer.given.codes.toarray() * mask), codebook=layer.given.codebook)
    return replace(layer, weight=layer.weight * mask, given=given)


def _finish(quantised: Quantised, spec: EieSpec, request: Request, found: Sequence[Loss], count: int,
            network: Sequence[Dense]) -> tuple[Image, dict[str, Any]]:
    told = request.input_range is not None or request.example
    calibration = Calibration(bound=quantised.bound, vectors=count, guessed=quantised.guessed, told=told,
                              input_range=quantised.input_range,
                              capped=tuple(number for number, layer in enumerate(network) if layer.ceiling is not None))
    size = sum(4 * (layer.weight.shape[1] + 1) * layer.weight.shape[0] for layer in network)
    held = request.reference and size <= REFERENCE_BYTES and all(layer.ceiling is None and _fits_float32(layer)
                                                                 for layer in network)
    kept = tuple(_dense(layer) for layer in network) if held else None
    image = assemble(quantised.layers, quantised.codebooks, spec, order_name=request.order, free=request.free,
                     input_scale=quantised.input_scale, output_scale=quantised.output_scale, calibration=calibration,
                     reference=kept)
    *layers, whole = rows(image, quantised, found)
    grown = {name: getattr(image.spec, name) for name in MEMORIES if getattr(image.spec, name) != getattr(request.preset, name)}
    return image, {"spec": asdict(image.spec), "grown": grown, "order": request.order, "layers": layers, "network": whole,
                   "bound": quantised.bound, "margin": MARGIN, "input_range": list(quantised.input_range), "told": told,
                   "reference": kept is not None,
                   "input_scale": quantised.input_scale, "output_scale": quantised.output_scale}


def _fits_float32(layer: Dense) -> bool:
    largest = max(float(abs(layer.weight).max()), 0.0 if layer.bias is None else float(np.abs(layer.bias).max()))
    return largest <= float(np.finfo(np.float32).max)


def _dense(layer: Dense) -> Dense:
    weight = layer.weight.toarray() if issparse(layer.weight) else layer.weight
    return replace(layer, weight=weight, given=None)

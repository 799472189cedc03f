"""From a trained network to an SCNN image with its figures: pruned, quantised, laid out, proved, measured."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cli import command
from compress.ends import beyond, inside
from compress.frontend.execute import output
from compress.frontend.graph import INPUT, Conv, Dense, Network
from compress.network import rms
from compress.pruner import pruner
from compress.scnn import image as images
from compress.scnn.assemble import Assembly
from compress.scnn.lower import lower
from compress.scnn.plan import RECORDED, WORST, planned
from compress.scnn.recorded import Recorded
from compress.scnn.share import shared
from compress.scnn.size import MEMORIES, SIDES, few
from compress.scnn.suit import suited
from compress.scnn.table import rows
from compress.scnn.whole import Whole, measure, quantise
from compress.source import right
from compress.tune.stage import Split, Trainer, said, split
from compress.tune.train import Tuning, grouped
from spec.scnn import ScnnSpec
from spec.scnn.shape import VALUE_BITS

PRUNE = ("magnitude", "sensitivity")
GUESSES = 16            # random inputs that stand in where there are no data
UNTOLD = (0.0, 1.0)     # their range where it is not told either


@dataclass(frozen=True, kw_only=True)
class Request:
    """How a network is to be compressed.

    Parameters
    ----------
    preset : ScnnSpec
        The machine before it was changed.
    free : frozenset of str
        Parameters of the machine that may be changed.
    level : int or None
        Split of every layer, None where the tiler chooses.
    density : float or None
        Most weights to keep, as a share of all.
    prune : str
        One of :data:`PRUNE`: the largest of all layers, or of each layer as many as the answers to the data need of it.
    input_range : tuple of float or None
        Least and largest input, as the user says.
    tuning : Tuning or None
        How the network is trained on, if it is.
    activations : str
        One of `compress.scnn.plan.ACTIVATIONS`: memory for every input's activations, or for those of the data with a margin.
    """

    preset: ScnnSpec
    free: frozenset[str] = frozenset()
    level: int | None = 0
    density: float | None = None
    prune: str = "magnitude"
    input_range: tuple[float, float] | None = None
    tuning: Tuning | None = None
    activations: str = WORST


@dataclass(frozen=True, kw_only=True, eq=False)
class Trial:
    """Inputs, (samples, elements) in real numbers, on which accuracy and error are stated, with their classes if known."""

    inputs: np.ndarray
    labels: np.ndarray | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Made:
    """What a network came to: image, whole numbers, layout, figures, and the samples by which scales were chosen."""

    image: images.Image
    whole: Whole
    assembly: Assembly
    facts: dict[str, Any]
    samples: np.ndarray


def build(network: Network, path: Path, spec: ScnnSpec, request: Request, samples: np.ndarray | None,
          labels: np.ndarray | None = None, *, trial: Trial | None = None, before: Network | None = None) -> Made:
    """Return the image of a network.

    Parameters
    ----------
    network : Network
    path : Path
        What it was read from, for messages.
    spec : ScnnSpec
    request : Request
    samples : numpy.ndarray or None
        Calibration data, (samples, elements) in real numbers; random ones of the input's range when None.
    labels : numpy.ndarray or None
        Their classes.
    trial : Trial, optional
        What accuracy and error are stated on, where that is not the calibration data.
    before : Network, optional
        What the network was before it was pruned elsewhere; the steps begin with it.

    Raises
    ------
    NetworkRefusedError, ValueError, OverflowError
        If a layer cannot be mapped, fit or be kept from overflowing.
    """
    few(len(lower(suited(network), path).steps))
    guessed = samples is None
    if samples is None:
        samples = guesses(network.size, request.input_range)
    samples = samples if network.bounds is None else np.clip(samples, *network.bounds)
    parts = split(samples, labels, request.tuning)
    trial = trial or Trial(inputs=parts.tried, labels=parts.tried_labels)
    samples = parts.seen
    kinds = stages(network, spec, request, parts)
    *_, last = kinds.values()
    fitting = suited(last)
    with command.progress(f"compressing {path}", 3) as bar:
        lowered = lower(fitting, path)
        whole = quantise(spec, fitting, lowered, samples,
                         input_range=inside(network.bounds, request.input_range or (UNTOLD if guessed else None)))
        bar.advance(1)
        density = {name: found.density for name, found in whole.measured.items()}
        recorded = Recorded(whole.layers, whole.inputs(samples)) if request.activations == RECORDED else None
        plan = planned(spec, whole.layers, lowered.shape, free=request.free, density=density, level=request.level,
                       recorded=recorded)
        assembly = plan.assembly
        image = images.of(assembly, parts=plan.parts, input_scale=whole.scales["input"],
                          output_scale=whole.scales[whole.layers[-1].name], orders=lowered.orders(fitting.shape),
                          bounds=network.bounds)
        bar.advance(1)
        found = rows(assembly, whole, whole.inputs(samples[:1])[0])
        bar.advance(1)
    final = assembly.spec
    facts = {"design": "scnn", "file": str(path), "spec": asdict(final), "layers": found, "samples": len(samples),
             "calibrated": not guessed, "input_scale": image.input_scale, "output_scale": image.output_scale,
             "grown": {name: getattr(final, name) for name in MEMORIES
                      if name in request.free and getattr(final, name) > getattr(request.preset, name)},
             "array": [getattr(final, name) for name in SIDES], "host": list(network.host),
             "density": kept(last), "training": said(request.tuning, parts),
             "dense": [layer.name for layer in network.layers if isinstance(layer, Dense)],
             "activations": plan.facts,
             "notices": [*network.notices, *whole.notices, *plan.faults, *order(network, whole)],
             "warnings": _warnings(whole, samples, guessed and request.input_range is None)}
    return Made(image=image, whole=whole, assembly=assembly, samples=samples,
                facts=facts | _steps(before or network, kinds, fitting, whole, samples, trial))


def guesses(size: int, span: tuple[float, float] | None) -> np.ndarray:
    """Return random inputs that stand in where there are no data."""
    return np.random.default_rng(0).uniform(*(span or UNTOLD), (GUESSES, size))


def stages(network: Network, spec: ScnnSpec, request: Request, parts: Split) -> dict[str, Network]:
    """Return a network after each step, in floats: pruned, with few values where the array has codes, trained on in between."""
    tuning, bits = request.tuning, spec.weight_code_bits
    if tuning is not None and tuning.shared and not bits:
        raise ValueError(f"passes with shared weights must be 0 where an array's weights are no codes, not {tuning.shared}; "
                         f"take --weight-code-bits 4, or --passes {tuning.masked},0")
    trainer = None if tuning is None else Trainer(network, parts, tuning)
    with command.progress("pruning"):
        cut = pruner(network, request.prune, request.density, parts.seen)
        kinds = {"pruned": cut(network)}
    if trainer is not None and trainer.tuning.masked:
        kinds["pruned+trained"] = trainer.masked(network, cut)
    if bits:
        *_, last = kinds.values()
        kinds["shared"] = few = shared(last, bits)
        if trainer is not None and trainer.tuning.shared:
            kinds["shared+trained"] = trainer.centroids(few, grouped(few))[0]
    return kinds


def kept(network: Network) -> float:
    """Return the share of weights that are not 0."""
    weights = [layer.weight for layer in network.layers if isinstance(layer, Conv | Dense)]
    return sum(map(np.count_nonzero, weights)) / max(1, sum(weight.size for weight in weights))


def _steps(network: Network, kinds: dict[str, Network], fitting: Network, whole: Whole, samples: np.ndarray,
           trial: Trial) -> dict[str, Any]:
    """Return error and accuracy after each step; ``fitting`` is what the whole numbers were made of."""
    wanted = output(network, trial.inputs)
    answers = {"float": wanted} | {name: wanted if kind is network else output(kind, trial.inputs)
                                   for name, kind in kinds.items()}
    *_, (last, real) = answers.items()
    answers["integer"] = whole.outputs if trial.inputs is samples else measure(whole, fitting, trial.inputs)[1]
    facts: dict[str, Any] = {"error": {name: rms(answer - wanted) / (rms(wanted) or 1.0)
                                       for name, answer in answers.items() if name != "float"},
                             "rounding": rms(answers["integer"] - real) / (rms(real) or 1.0)}
    facts["tried"] = len(trial.inputs)
    if trial.labels is not None:
        facts["accuracy"] = {name: right(answer, trial.labels) for name, answer in answers.items()}
    return facts


def order(network: Network, whole: Whole) -> list[str]:
    """Return what the host has to do with the order of elements."""
    said = []
    if whole.lowered.given is not None:
        said.append("inputs are those of the file: sim.run and boards.run bring their elements into the order of channels, "
                    "rows and columns; another host does so by input_places of the image")
    if whole.lowered.order is not None:
        said.append("answers are those of the file: sim.run and boards.run turn their elements back into its order; another "
                    "host does so by output_places of the image")
    return said


def _warnings(whole: Whole, samples: np.ndarray, guessed: bool) -> list[str]:
    said = beyond(samples, whole.scales[INPUT], VALUE_BITS)
    if guessed:
        said.append(f"scales were chosen on {GUESSES} random inputs of {UNTOLD[0]:g} to {UNTOLD[1]:g} for want of data: real "
                    f"inputs may saturate or use few bits; give inputs with --data FILE, or their range with "
                    f"--input-range LOW,HIGH")
    lost = {name: found.saturated for name, found in whole.measured.items() if found.saturated}
    if lost:
        said.append("outputs of the data saturate: " + ", ".join(f"{name} {count:,}" for name, count in lost.items()))
    return said



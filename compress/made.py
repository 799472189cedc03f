"""How a network is to be compressed, and what that came to: the image with its figures."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import issparse

from compress.eie.assemble import assemble
from compress.eie.grain import MARGIN
from compress.eie.image import Calibration, Image
from compress.eie.loss import Loss
from compress.eie.quantised import Quantised
from compress.eie.size import MEMORIES
from compress.network import Dense
from compress.report import rows
from compress.tune.train import Tuning
from spec.eie import EieSpec
from spec.eie.image import BOUNDS

REFERENCE_BYTES = 1 << 26


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
        One of `compress.pruner.KINDS`.
    labels : Path or None
        File of the classes of the input vectors, for the accuracy after each step.
    tuning : Tuning or None
        How the network is trained on, if it is.
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
    tuning: Tuning | None = None

    def __post_init__(self) -> None:
        """Refuse a bound from data where there is none."""
        if self.bound not in (None, *BOUNDS):
            raise ValueError(f"bound must be one of {', '.join(BOUNDS)}, not {self.bound!r}")
        if self.bound == "data" and self.calibrate is None and not self.example:
            raise ValueError("bound must be worst without --calibrate, not data; give vectors with --calibrate FILE")
        if self.labels is not None and self.calibrate is None:
            raise ValueError("labels must come with the vectors that they are of, not alone; give these with --data FILE")


def finish(quantised: Quantised, spec: EieSpec, request: Request, found: Sequence[Loss], count: int,
           network: Sequence[Dense], *, bounds: tuple[float, float] | None = None) -> tuple[Image, dict[str, Any]]:
    """Return the image of a network in whole numbers, chosen on ``count`` vectors, and its figures.

    ``bounds`` are the real values between which the host keeps the inputs.
    """
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
                     reference=kept, bounds=bounds)
    *layers, whole = rows(image, quantised, found)
    grown = {name: getattr(image.spec, name) for name in MEMORIES
             if name in request.free and getattr(image.spec, name) != getattr(request.preset, name)}
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

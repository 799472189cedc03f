"""A network for an EIE array, as its image file holds it."""

import os
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from compress import image as container
from compress.ends import Ends
from compress.network import Dense
from spec.eie import EieSpec
from spec.eie.image import LAYER_KEYS


@dataclass(frozen=True, kw_only=True, eq=False)
class Layer:
    """One layer in physical order; names and meanings are those of `spec.eie.image`."""

    name: str
    inputs: int
    outputs: int
    in_slots: int
    out_slots: int
    shift: int
    relu: bool
    codebook: int
    pointer_base: int
    entry_base: int
    nonzeros: int
    padding: int
    entries: np.ndarray
    pointers: np.ndarray
    rows: np.ndarray
    bias: np.ndarray | None


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """How the scales of an image were chosen; names and meanings are those of `spec.eie.image`."""

    bound: str
    vectors: int
    guessed: bool
    told: bool
    input_range: tuple[float, float]
    capped: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True, eq=False)
class Image:
    """A network for a machine, as a file holds it.

    Parameters
    ----------
    spec : EieSpec
    layers : tuple of Layer
    codebooks : numpy.ndarray
    input_scale, output_scale : float
    input_bounds : tuple, or None
        Between which whole numbers a host keeps the inputs, `compress.ends.Ends`.
    order : str
    calibration : Calibration or None
    reference : tuple of Dense or None
        The network in floating point that the image was made from; ReLUs are those of ``layers``.
    tool : str
    """

    spec: EieSpec
    layers: tuple[Layer, ...]
    codebooks: np.ndarray
    input_scale: float
    output_scale: float
    order: str = "balanced"
    calibration: Calibration | None = None
    reference: tuple[Dense, ...] | None = None
    input_bounds: Ends | None = None
    tool: str = container.TOOL

    @property
    def input_shape(self) -> tuple[int, ...]:
        """What an input is: a vector."""
        return (self.layers[0].inputs,)

    def widths(self) -> list[tuple[int, int]]:
        """Return inputs and outputs of each layer as the network has them, without absent slots."""
        outputs = [layer.outputs for layer in self.layers]
        return list(zip([self.layers[0].inputs, *outputs[:-1]], outputs, strict=True))

    def logical(self, outputs: np.ndarray) -> np.ndarray:
        """Return the machine's outputs, in physical order along the last axis, in the network's order."""
        rows = self.layers[-1].rows
        if outputs.shape[-1] != len(rows):
            raise ValueError(f"outputs must be {len(rows)} in physical order, not {outputs.shape[-1]}")
        present = rows >= 0
        answer = np.empty((*outputs.shape[:-1], self.layers[-1].outputs), outputs.dtype)
        answer[..., rows[present]] = outputs[..., present]
        return answer


def members(image: Image) -> dict[str, np.ndarray]:
    """Return the arrays of an image under their names in the file."""
    arrays = {"codebooks": image.codebooks}
    for number, layer in enumerate(image.layers):
        for name in ("entries", "pointers", "rows", "bias"):
            if (array := getattr(layer, name)) is not None:
                arrays[f"layer{number}_{name}"] = array
    for number, dense in enumerate(image.reference or ()):
        arrays[f"layer{number}_float"] = np.asarray(dense.weight, np.float32)
        bias = np.zeros(len(dense.weight)) if dense.bias is None else dense.bias
        arrays[f"layer{number}_float_bias"] = np.asarray(bias, np.float32)
    return arrays


def header(image: Image) -> dict[str, Any]:
    """Return the header of an image without its digest."""
    layers = []
    for layer in image.layers:
        entry = {key: getattr(layer, key) for key in LAYER_KEYS}
        layers.append(entry | {"bias": layer.bias is not None})
    calibration = image.calibration and asdict(image.calibration) | {
        "input_range": list(image.calibration.input_range), "capped": list(image.calibration.capped)}
    return container.envelope("eie", image.spec, tool=image.tool) | {
        "layers": layers, "input_scale": image.input_scale, "output_scale": image.output_scale, "order": image.order,
        "calibration": calibration, "reference": image.reference is not None,
        "input_bounds": image.input_bounds and list(image.input_bounds)}


def save(image: Image, path: str | os.PathLike[str]) -> None:
    """Write an image file, whole or not at all; the same image gives the same bytes."""
    container.save(path, "eie", image.spec, header(image), members(image), tool=image.tool)

"""A network for an EIE array, as its image file holds it."""

import os
from dataclasses import dataclass
from typing import Any

import numpy as np

from compress import image as container
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


@dataclass(frozen=True, kw_only=True, eq=False)
class Image:
    """A network for a machine, as a file holds it."""

    spec: EieSpec
    layers: tuple[Layer, ...]
    codebooks: np.ndarray
    input_scale: float
    output_scale: float
    tool: str = container.TOOL

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
    return arrays


def header(image: Image) -> dict[str, Any]:
    """Return the header of an image without its digest."""
    layers = []
    for layer in image.layers:
        entry = {key: getattr(layer, key) for key in LAYER_KEYS}
        layers.append(entry | {"bias": layer.bias is not None})
    return container.envelope("eie", image.spec, tool=image.tool) | {
        "layers": layers, "input_scale": image.input_scale, "output_scale": image.output_scale}


def save(image: Image, path: str | os.PathLike[str]) -> None:
    """Write an image file, whole or not at all; the same image gives the same bytes."""
    container.save(path, "eie", image.spec, header(image), members(image), tool=image.tool)

"""A network for an EIE array, and the file that holds it."""

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from cli.command import atomic
from spec import VERSION as TOOL_VERSION
from spec import image as rules
from spec.eie import EieSpec
from spec.eie.image import LAYER_KEYS

TOOL = f"nonzero {TOOL_VERSION}"


@dataclass(frozen=True, kw_only=True, eq=False)
class Layer:
    """One layer in physical order; names and meanings are those of `spec.image`."""

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
    tool: str = TOOL

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
    """Return the arrays of an image under their names in the file, without the header."""
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
    return {"format": rules.FORMAT, "version": rules.VERSION, "machine": "eie", "tool": image.tool,
            "spec": asdict(image.spec), "layers": layers,
            "input_scale": image.input_scale, "output_scale": image.output_scale}


def digest(head: dict[str, Any], arrays: dict[str, np.ndarray]) -> str:
    """Return the digest of a header (its own ``sha256`` apart) and arrays."""
    plain = {key: value for key, value in head.items() if key != "sha256"}
    state = hashlib.sha256(json.dumps(plain, sort_keys=True, separators=(",", ":")).encode())
    for name in sorted(arrays):
        array = arrays[name]
        shape = json.dumps(array.shape, separators=(",", ":"))
        state.update(f"{name}\n{array.dtype.name}\n{shape}\n".encode())
        state.update(np.ascontiguousarray(array, array.dtype.newbyteorder("<")).tobytes())
    return state.hexdigest()


def save(image: Image, path: str | os.PathLike[str]) -> None:
    """Write an image file, whole or not at all; the same image gives the same bytes."""
    head, arrays = header(image), members(image)
    head["sha256"] = digest(head, arrays)
    write(path, head, arrays)


def write(path: str | os.PathLike[str], head: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
    """Write a header and arrays as they are; use ``save``, which makes the two agree."""
    text = np.frombuffer(json.dumps(head).encode(), np.uint8)
    with atomic(path) as draft, draft.open("wb") as file:
        np.savez(file, allow_pickle=False, **{rules.HEADER: text}, **arrays)

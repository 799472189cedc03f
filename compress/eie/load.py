"""Reads an image for an EIE array and names what is wrong with it."""

import os
from typing import Any

import numpy as np

from compress.eie.check import check, fit
from compress.eie.image import Image, Layer
from compress.image import AGAIN, about, keys, read
from spec.eie import EieSpec
from spec.eie.image import LAYER_KEYS

KINDS = {"name": str, "relu": bool, "bias": bool}       # every other key of a layer is an integer


def load(path: str | os.PathLike[str], spec: EieSpec | None = None) -> Image:
    """Read an image, refusing one that is cut short, changed, of another version, or not legal.

    Parameters
    ----------
    path : path
    spec : EieSpec, optional
        Machine that the image must be able to run on; its own spec when not given.
    """
    own, head, arrays = read(path, "eie", limits)
    with about(path):
        for key in ("input_scale", "output_scale"):
            if type(head[key]) not in (int, float):
                raise TypeError(f"{key} must be a number, not {head[key]!r}; {AGAIN}")
        if "codebooks" not in arrays:
            raise ValueError(f"members must include codebooks, not lack it; {AGAIN}")
        image = Image(spec=own, layers=_layers(head["layers"], arrays), codebooks=arrays.pop("codebooks"),
                      tool=str(head["tool"]), input_scale=float(head["input_scale"]),
                      output_scale=float(head["output_scale"]))
        if arrays:
            raise ValueError(f"members must be those of its {len(image.layers)} layers, "
                             f"not also {sorted(arrays)[0]}; {AGAIN}")
        check(image)
        if spec is not None:
            fit(image, spec)
    return image


def limits(spec: EieSpec, head: dict[str, Any]) -> dict[str, int]:
    """Return the most bytes of each member's values, by what the header says of it and the machine holds."""
    heads = head["layers"]
    _kinds(heads)
    most = {"codebooks": 2 * spec.codebooks << spec.codebook_bits}
    for number, layer in enumerate(heads):
        places = spec.pes * max(0, min(layer["out_slots"], spec.slots))
        entries = max(0, min(layer["nonzeros"] + layer["padding"], spec.pes * spec.entries))
        pointers = spec.pes * (spec.pes * max(0, min(layer["in_slots"], spec.slots)) + 1)
        most |= {f"layer{number}_entries": 2 * entries, f"layer{number}_pointers": 4 * pointers,
                 f"layer{number}_rows": 4 * places, f"layer{number}_bias": 4 * places}
    return most


def _kinds(given: Any) -> None:
    """Check the JSON types of ``layers``."""
    if not isinstance(given, list):
        raise TypeError(f"layers must be a list, not {given!r:.40}; {AGAIN}")
    for number, entry in enumerate(given):
        keys(f"layer {number}", entry, LAYER_KEYS)
        for key, value in entry.items():
            if type(value) is not (kind := KINDS.get(key, int)):
                raise TypeError(f"layer {number}: {key} must be of type {kind.__name__}, not {value!r:.40}; {AGAIN}")
        if not entry["name"].isprintable():
            raise ValueError(f"layer {number}: name must be of printable characters, not {entry['name']!r:.60}; {AGAIN}")


def _layers(given: list[dict[str, Any]], arrays: dict[str, np.ndarray]) -> tuple[Layer, ...]:
    layers = []
    for number, entry in enumerate(given):
        names = ("entries", "pointers", "rows") + ("bias",) * entry["bias"]
        if missing := [name for name in names if f"layer{number}_{name}" not in arrays]:
            raise ValueError(f"layer {number} must have a member layer{number}_{missing[0]}, not lack it; {AGAIN}")
        own = {name: arrays.pop(f"layer{number}_{name}") for name in names}
        layers.append(Layer(**{**entry, "bias": None, **own}))
    return tuple(layers)

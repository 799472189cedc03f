"""Reads an image for an EIE array and names what is wrong with it."""

import math
import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from compress.eie.check import check, fit
from compress.eie.image import Calibration, Image, Layer
from compress.ends import checked
from compress.image import AGAIN, about, keys, read
from compress.network import Dense
from spec.eie import EieSpec
from spec.eie.image import BOUNDS, CALIBRATION_KEYS, LAYER_KEYS, ORDERS

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
        layers = _layers(head["layers"], arrays)
        image = Image(spec=own, layers=layers, codebooks=arrays.pop("codebooks"), tool=str(head["tool"]),
                      input_scale=float(head["input_scale"]), output_scale=float(head["output_scale"]), order=head["order"],
                      calibration=calibration_of(head["calibration"]),
                      reference=_reference(layers, arrays) if head["reference"] else None,
                      input_bounds=checked(head["input_bounds"], own.act_bits))
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
    _origin(head)
    most = {"codebooks": 2 * spec.codebooks << spec.codebook_bits}
    for number, layer in enumerate(heads):
        places = spec.pes * max(0, min(layer["out_slots"], spec.slots))
        entries = max(0, min(layer["nonzeros"] + layer["padding"], spec.pes * spec.entries))
        pointers = spec.pes * (spec.pes * max(0, min(layer["in_slots"], spec.slots)) + 1)
        most |= {f"layer{number}_entries": 2 * entries, f"layer{number}_pointers": 4 * pointers,
                 f"layer{number}_rows": 4 * places, f"layer{number}_bias": 4 * places}
        if head["reference"]:
            outputs, inputs = max(0, layer["outputs"]), max(0, heads[number - 1]["outputs"] if number else layer["inputs"])
            most |= {f"layer{number}_float": 4 * outputs * inputs, f"layer{number}_float_bias": 4 * outputs}
    return most


def _origin(head: dict[str, Any]) -> None:
    """Check the keys that say where the image comes from."""
    if head["order"] not in ORDERS:
        raise ValueError(f"order must be one of {', '.join(ORDERS)}, not {head['order']!r:.40}; {AGAIN}")
    if type(head["reference"]) is not bool:
        raise TypeError(f"reference must be true or false, not {head['reference']!r:.40}; {AGAIN}")
    if (given := head["calibration"]) is None:
        return
    keys("calibration", given, CALIBRATION_KEYS)
    if given["bound"] not in BOUNDS:
        raise ValueError(f"bound of calibration must be one of {', '.join(BOUNDS)}, not {given['bound']!r:.40}; {AGAIN}")
    for key, kind in (("vectors", int), ("guessed", bool), ("told", bool)):
        if type(given[key]) is not kind:
            raise TypeError(f"{key} of calibration must be of type {kind.__name__}, not {given[key]!r:.40}; {AGAIN}")
    if not isinstance(given["capped"], list) or not all(type(number) is int for number in given["capped"]):
        raise TypeError(f"capped of calibration must be a list of layers' numbers, not {given['capped']!r:.40}; {AGAIN}")
    span = given["input_range"]
    if not isinstance(span, list) or len(span) != 2 or not all(type(end) in (int, float) for end in span) \
            or not -math.inf < span[0] <= span[1] < math.inf or given["vectors"] < 0:
        raise ValueError(f"calibration must have vectors of at least 0 and an input_range of two finite numbers, not "
                         f"{given['vectors']!r:.40} and {span!r:.60}; {AGAIN}")


def calibration_of(given: dict[str, Any] | None) -> Calibration | None:
    """Return the calibration that a header describes, None where it is null."""
    if given is None:
        return None
    return Calibration(**given | {"input_range": tuple(map(float, given["input_range"])), "capped": tuple(given["capped"])})


def _reference(layers: Sequence[Layer], arrays: dict[str, np.ndarray]) -> tuple[Dense, ...]:
    """Take the float network out of the members."""
    made: list[Dense] = []
    for number, layer in enumerate(layers):
        shape = layer.outputs, made[-1].weight.shape[0] if made else layer.inputs
        found = []
        for name, wanted in ((f"layer{number}_float", shape), (f"layer{number}_float_bias", shape[:1])):
            if name not in arrays:
                raise ValueError(f"members must include {name}, not lack it; {AGAIN}")
            found.append(arrays.pop(name))
            if found[-1].shape != wanted or not np.isfinite(found[-1]).all():
                raise ValueError(f"{name} must be finite numbers of shape {wanted}, not of {found[-1].shape}; {AGAIN}")
        made.append(Dense(name=layer.name, weight=found[0], bias=found[1], relu=layer.relu))
    return tuple(made)


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

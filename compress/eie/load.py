"""Reads an image file and names what is wrong with it."""

import os
from dataclasses import fields
from typing import Any

import numpy as np

from compress.eie.check import check, fit
from compress.eie.image import Image, Layer, digest
from files.archive import Archive, open_archive
from files.document import parse_json
from spec import image as rules
from spec.eie import EieSpec
from spec.eie.image import LAYER_KEYS, MEMBERS

AGAIN = "build it with compress.build"
HEADER_BYTES = 1 << 20      # of JSON; a header of 64 layers has about 20,000
ARRAY_BYTES = 1 << 14       # what an array's own head may take beside its values
KINDS = {"name": str, "relu": bool, "bias": bool}       # every other key of a layer is an integer


def load(path: str | os.PathLike[str], spec: EieSpec | None = None) -> Image:
    """Read an image, refusing one that is cut short, changed, of another version, or not legal.

    Parameters
    ----------
    path : path
    spec : EieSpec, optional
        Machine that the image must be able to run on; its own spec when not given.
    """
    with open_archive(path, "image", AGAIN) as archive:
        head = _head(path, archive)
        _header(path, head)
        try:
            machine = _spec(head["spec"])
            _kinds(head["layers"])
        except (ValueError, TypeError) as error:
            raise type(error)(f"{path}: {error}") from error
        limits = _limits(machine, head["layers"])
        arrays = {name: archive.read(name, limits.get(name, ARRAY_BYTES)) for name in archive.sizes if name != rules.HEADER}
    if digest(head, arrays) != head["sha256"]:
        raise ValueError(f"sha256 of {path} must be that of its content, not {head['sha256']!r:.20}...; "
                         f"the file was changed after it was made, so build it again")
    _types(path, arrays)
    for key in ("input_scale", "output_scale"):
        if type(head[key]) not in (int, float):
            raise TypeError(f"{key} of {path} must be a number, not {head[key]!r}; build the image again")
    try:
        image = Image(spec=machine, layers=_layers(head["layers"], arrays),
                      codebooks=arrays.pop("codebooks"), tool=str(head["tool"]),
                      input_scale=float(head["input_scale"]), output_scale=float(head["output_scale"]))
        if arrays:
            raise ValueError(f"members must be those of its {len(image.layers)} layers, "
                             f"not also {sorted(arrays)[0]}; build the image again")
        check(image)
        if spec is not None:
            fit(image, spec)
    except (ValueError, TypeError) as error:
        raise type(error)(f"{path}: {error}") from error
    except OverflowError as error:
        raise OverflowError(f"{path}: {error}") from error
    return image


def _head(path, archive: Archive) -> Any:
    if rules.HEADER not in archive.sizes:
        raise ValueError(f"{path} must have a member {rules.HEADER} with JSON, not only "
                         f"{', '.join(archive.sizes) or 'none':.60}; {AGAIN}")
    return parse_json(archive.read(rules.HEADER, HEADER_BYTES).tobytes(), f"{rules.HEADER} of {path}", AGAIN)


def _limits(spec: EieSpec, heads: list[dict[str, Any]]) -> dict[str, int]:
    """Return the most bytes that each member may have, by what the header says of it and the machine holds."""
    most = {"codebooks": 2 * spec.codebooks << spec.codebook_bits}
    for number, head in enumerate(heads):
        places = spec.pes * max(0, min(head["out_slots"], spec.slots))
        entries = max(0, min(head["nonzeros"] + head["padding"], spec.pes * spec.entries))
        pointers = spec.pes * (spec.pes * max(0, min(head["in_slots"], spec.slots)) + 1)
        most |= {f"layer{number}_entries": 2 * entries, f"layer{number}_pointers": 4 * pointers,
                 f"layer{number}_rows": 4 * places, f"layer{number}_bias": 4 * places}
    return {name: size + ARRAY_BYTES for name, size in most.items()}


def _header(path, head: Any) -> None:
    if not isinstance(head, dict):
        raise TypeError(f"header of {path} must be a JSON object, not {type(head).__name__}")
    for key, rule, advice in (
            ("format", rules.FORMAT, "this is another kind of file"),
            ("version", rules.VERSION, "build the image again with this version of nonzero"),
            ("machine", "eie", "run it on the machine it was made for")):
        if head.get(key) != rule or isinstance(head[key], bool):
            raise ValueError(f"{key} of {path} must be {rule!r}, not {head.get(key)!r}; {advice}")
    _keys(f"header of {path}", head, rules.HEADER_KEYS)


def _keys(what: str, given: Any, wanted) -> None:
    if not isinstance(given, dict):
        raise TypeError(f"{what} must be a JSON object, not {given!r:.40}; build the image again")
    if odd := sorted(set(given) ^ set(wanted)):
        verb = "lack" if odd[0] in wanted else "have"
        raise ValueError(f"{what} must have the keys {', '.join(wanted)}, not {verb} {odd[0]!r}; "
                         f"build the image again")


def _types(path, arrays: dict[str, np.ndarray]) -> None:
    for name, array in arrays.items():
        stem = "layer{l}_" + name.partition("_")[2] if name.startswith("layer") else name
        if stem not in MEMBERS:
            raise ValueError(f"member of {path} must be one of {', '.join(MEMBERS)}, not {name!r}")
        if array.dtype.name != (kind := MEMBERS[stem][0]):
            raise TypeError(f"{name} of {path} must be {kind}, not {array.dtype.name}; build the image again")
    if "codebooks" not in arrays:
        raise ValueError(f"{path} must have a member codebooks, not be without; build the image again")


def _spec(given: Any) -> EieSpec:
    _keys("spec", given, [field.name for field in fields(EieSpec)])
    return EieSpec(**given)


def _kinds(given: Any) -> None:
    """Check the JSON types of ``layers``."""
    if not isinstance(given, list):
        raise TypeError(f"layers must be a list, not {given!r:.40}; build the image again")
    for number, entry in enumerate(given):
        _keys(f"layer {number}", entry, LAYER_KEYS)
        for key, value in entry.items():
            if type(value) is not (kind := KINDS.get(key, int)):
                raise TypeError(f"layer {number}: {key} must be of type {kind.__name__}, not {value!r:.40}; "
                                f"build the image again")
        if not entry["name"].isprintable():
            raise ValueError(f"layer {number}: name must be of printable characters, not {entry['name']!r:.60}; "
                             f"build the image again")


def _layers(given: list[dict[str, Any]], arrays: dict[str, np.ndarray]) -> tuple[Layer, ...]:
    layers = []
    for number, entry in enumerate(given):
        names = ("entries", "pointers", "rows") + ("bias",) * entry["bias"]
        if missing := [name for name in names if f"layer{number}_{name}" not in arrays]:
            raise ValueError(f"layer {number} must have a member layer{number}_{missing[0]}, not be without; "
                             f"build the image again")
        own = {name: arrays.pop(f"layer{number}_{name}") for name in names}
        layers.append(Layer(**{**entry, "bias": None, **own}))
    return tuple(layers)

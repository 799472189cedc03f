"""An image as golden reads it: its own loader and decoder, which share nothing with the tools that make images."""

import hashlib
import json
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from files.archive import Archive, open_archive
from files.document import parse_json
from golden.eie import check
from golden.eie.layer import Layer, rows_of
from spec import image as rules
from spec.eie import EieSpec
from spec.eie.image import LAYER_KEYS

AGAIN = "build the image again"
HEADER_BYTES = 1 << 20      # of JSON; a header of 64 layers has about 20,000
ARRAY_BYTES = 1 << 14       # what an array's own head may take beside its values


@dataclass(frozen=True, kw_only=True, eq=False)
class Image:
    """A network for an EIE array, checked.

    Parameters
    ----------
    spec : EieSpec
        The machine that the image was made for.
    layers : tuple of Layer
    input_scale, output_scale : float
        Real value of one integer step of the first layer's inputs and of the last one's outputs.
    """

    spec: EieSpec
    layers: tuple[Layer, ...]
    input_scale: float
    output_scale: float


def load(path, *, pes: int | None = None) -> Image:
    """Return the image in a file, or raise one error that names the thing, its rule and its value.

    Parameters
    ----------
    path : path-like
    pes : int, optional
        The processing elements of the machine at hand; an image for another number is refused.
    """
    with open_archive(path, "image", AGAIN) as archive:
        head = _head(path, archive)
        spec, heads = _spec(head["spec"]), _heads(head["layers"])
        members = {name: archive.read(name, limit) for name, limit in _limits(spec, heads, archive.sizes).items()}
    if head["sha256"] != digest(head, members):
        raise ValueError(f"sha256 of {path} must be that of its content, not {head['sha256']!r:.20}; the file was "
                         f"changed after it was made, {AGAIN}")
    if pes is not None and spec.pes != pes:
        raise ValueError(f"pes of {path} must be {pes}, not {spec.pes}; build it for this machine, or the machine for it")
    for name in ("input_scale", "output_scale"):
        if type(head[name]) not in (int, float) or not 0 < head[name] < 1e300:
            raise ValueError(f"{name} of {path} must be a positive finite number, not {head[name]!r:.40}; {AGAIN}")
    return Image(spec=spec, layers=_layers(spec, heads, members), input_scale=float(head["input_scale"]),
                 output_scale=float(head["output_scale"]))


def decode(image: Image) -> list[np.ndarray]:
    """Return each layer's dense matrix of codebook values: logical rows by physical columns."""
    return [dense(image.spec, layer) for layer in image.layers]


def dense(spec: EieSpec, layer: Layer) -> np.ndarray:
    """Return a layer's dense matrix of codebook values: logical rows by physical columns."""
    code, column, place = rows_of(layer, spec.codebook_bits, np.arange(spec.pes * layer.in_slots))
    real = code != 0
    matrix = np.zeros((layer.outputs, layer.inputs), np.int64)
    matrix[layer.places()[place[real]], column[real]] = np.asarray(layer.codebook, np.int64)[code[real]]
    return matrix


def digest(head: dict[str, Any], members: dict[str, np.ndarray]) -> str:
    """Return the SHA-256 that an image with this header and these members must state."""
    plain = {key: head[key] for key in head if key != "sha256"}
    state = hashlib.sha256(json.dumps(plain, sort_keys=True, separators=(",", ":")).encode())
    for name, array in sorted(members.items()):
        shape = "[" + ",".join(map(str, array.shape)) + "]"
        state.update(f"{name}\n{array.dtype.name}\n{shape}\n".encode())
        state.update(array.astype(array.dtype.newbyteorder("<")).tobytes(order="C"))
    return state.hexdigest()


def _head(path, archive: Archive) -> dict[str, Any]:
    if rules.HEADER not in archive.sizes:
        raise ValueError(f"{path} must have a member {rules.HEADER}, not only {', '.join(archive.sizes) or 'none':.60}; "
                         f"{AGAIN}")
    head = parse_json(archive.read(rules.HEADER, HEADER_BYTES).tobytes(), f"{rules.HEADER} of {path}", AGAIN)
    _header(path, head)
    return head


def _heads(heads: Any) -> list[dict[str, Any]]:
    if not isinstance(heads, list) or not heads:
        raise TypeError(f"layers must be a list of one or more, not {heads!r:.40}; {AGAIN}")
    for number, head in enumerate(heads):
        _keys(f"layer {number}", head, LAYER_KEYS)
        check.kinds(number, head)
    return heads


def _limits(spec: EieSpec, heads: list[dict[str, Any]], given: dict[str, int]) -> dict[str, int]:
    """Return the most bytes that each member may have, by what the header says of it and the machine holds."""
    check.names([name for name in given if name != rules.HEADER], [head["bias"] for head in heads])
    most = {"codebooks": 2 * spec.codebooks << spec.codebook_bits}
    for number, head in enumerate(heads):
        inside, out = (min(max(head[name], 0), spec.slots) for name in ("in_slots", "out_slots"))
        entries = min(max(head["nonzeros"], 0) + max(head["padding"], 0), spec.pes * spec.entries)
        most |= {f"layer{number}_entries": 2 * entries, f"layer{number}_pointers": 4 * spec.pes * (spec.pes * inside + 1),
                 f"layer{number}_rows": 4 * spec.pes * out, f"layer{number}_bias": 4 * spec.pes * out}
    return {name: most[name] + ARRAY_BYTES for name in given if name != rules.HEADER}


def _keys(what: str, given: Any, wanted) -> None:
    if not isinstance(given, dict):
        raise TypeError(f"{what} must be a JSON object, not {given!r:.40}; {AGAIN}")
    if odd := sorted(set(wanted) ^ set(given)):
        raise ValueError(f"{what} must have the keys {', '.join(wanted)}, not {'lack' if odd[0] in wanted else 'have'} "
                         f"{odd[0]!r}; {AGAIN}")


def _header(path, head: Any) -> None:
    if not isinstance(head, dict):
        raise TypeError(f"header of {path} must be a JSON object, not {head!r:.40}; {AGAIN}")
    for key, value, reason in (
            ("format", rules.FORMAT, "this is no image"),
            ("version", rules.VERSION, "build it again with this version of nonzero"),
            ("machine", "eie", "run it on the machine that it is for")):
        if type(head.get(key)) is not type(value) or head[key] != value:
            raise ValueError(f"{key} of {path} must be {value!r}, not {head.get(key)!r:.40}; {reason}")
    _keys(f"header of {path}", head, rules.HEADER_KEYS)


def _spec(given: Any) -> EieSpec:
    _keys("spec", given, [field.name for field in fields(EieSpec)])
    return EieSpec(**given)


def _layers(spec: EieSpec, heads: list[dict[str, Any]], members: dict[str, np.ndarray]) -> tuple[Layer, ...]:
    check.types(members)
    check.machine(spec, heads, members["codebooks"])
    made = []
    for number, head in enumerate(heads):
        own: dict[str, Any] = {name: members.get(f"layer{number}_{name}") for name in ("entries", "pointers", "rows", "bias")}
        values = members["codebooks"][head["codebook"]]
        made.append(Layer(**own, codebook=values, codebook_number=head["codebook"],
                          **{key: head[key] for key in ("name", "inputs", "outputs", "in_slots", "out_slots", "shift",
                                                        "relu")}))
        check.layer(spec, number, head, made[-1], before=made[-2] if number else None)
    check.memories(spec, heads, made)
    return tuple(made)

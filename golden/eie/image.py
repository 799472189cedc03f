"""An image for an EIE array as golden reads it: its own checks and decoder, which share nothing with what makes images."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from golden import image
from golden.eie import check
from golden.eie.layer import Layer, rows_of
from golden.image import AGAIN, keys
from spec.eie import EieSpec
from spec.eie.image import LAYER_KEYS


@dataclass(frozen=True, kw_only=True, eq=False)
class Image:
    """A network for an EIE array, checked.

    Parameters
    ----------
    spec : EieSpec
        The machine that the image was made for.
    layers : tuple of Layer
        In the order in which they run.
    input_scale, output_scale : float
        Real value of one integer step of the first layer's inputs and of the last one's outputs.
    input_bounds : tuple
        Least and largest integer that the network lets its inputs be, None for no such end.
    """

    spec: EieSpec
    layers: tuple[Layer, ...]
    input_scale: float
    output_scale: float
    input_bounds: image.Ends = (None, None)


def load(path, *, pes: int | None = None) -> Image:
    """Return the image in a file, or raise one error that names the thing, its rule and its value.

    Parameters
    ----------
    path : path-like
        The file to read.
    pes : int, optional
        The processing elements of the machine at hand; an image for another number is refused.
    """
    spec, head, members = image.read(path, "eie", _limits)
    if pes is not None and spec.pes != pes:
        raise ValueError(f"pes of {path} must be {pes}, not {spec.pes}; build it for this machine, or the machine for it")
    for name in ("input_scale", "output_scale"):
        if type(head[name]) not in (int, float) or not 0 < head[name] < 1e300:
            raise ValueError(f"{name} of {path} must be a positive finite number, not {head[name]!r:.40}; {AGAIN}")
    return Image(spec=spec, layers=_layers(spec, head["layers"], members), input_scale=float(head["input_scale"]),
                 output_scale=float(head["output_scale"]), input_bounds=image.ends(path, head["input_bounds"], spec.act_bits))


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


def _heads(heads: Any) -> list[dict[str, Any]]:
    if not isinstance(heads, list) or not heads:
        raise TypeError(f"layers must be a list of one or more, not {heads!r:.40}; {AGAIN}")
    for number, head in enumerate(heads):
        keys(f"layer {number}", head, LAYER_KEYS)
        check.kinds(number, head)
    return heads


def _limits(spec: EieSpec, head: dict[str, Any], given: list[str]) -> dict[str, int]:
    """Return the most bytes that each member may have, by what the header says of it and the machine holds."""
    heads = _heads(head["layers"])
    check.origin(head)
    check.names(given, [head["bias"] for head in heads], reference=head["reference"])
    most = {"codebooks": 2 * spec.codebooks << spec.codebook_bits}
    columns = [heads[0]["inputs"], *(head["outputs"] for head in heads)]
    for number, head in enumerate(heads):
        inside, out = (min(max(head[name], 0), spec.slots) for name in ("in_slots", "out_slots"))
        entries = min(max(head["nonzeros"], 0) + max(head["padding"], 0), spec.pes * spec.entries)
        most |= {f"layer{number}_entries": 2 * entries, f"layer{number}_pointers": 4 * spec.pes * (spec.pes * inside + 1),
                 f"layer{number}_rows": 4 * spec.pes * out, f"layer{number}_bias": 4 * spec.pes * out,
                 f"layer{number}_float_bias": 4 * max(head["outputs"], 0),
                 f"layer{number}_float": 4 * max(head["outputs"], 0) * max(columns[number], 0)}
    return most


def _layers(spec: EieSpec, heads: list[dict[str, Any]], members: dict[str, np.ndarray]) -> tuple[Layer, ...]:
    check.types(members)
    check.shared(spec, heads, members["codebooks"])
    made = []
    for number, head in enumerate(heads):
        own: dict[str, Any] = {name: members.get(f"layer{number}_{name}") for name in ("entries", "pointers", "rows", "bias")}
        values = members["codebooks"][head["codebook"]]
        made.append(Layer(**own, codebook=values, codebook_number=head["codebook"],
                          **{key: head[key] for key in ("name", "inputs", "outputs", "in_slots", "out_slots", "shift",
                                                        "relu")}))
        check.layer(spec, number, head, made[-1], before=made[-2] if number else None)
        check.reference(members, number, head["outputs"], heads[number - 1]["outputs"] if number else head["inputs"])
    check.memories(spec, heads, made)
    return tuple(made)

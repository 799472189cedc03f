"""A network for an SCNN array, as its image file holds it."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from compress import image as container
from compress.ends import Ends, checked, whole
from compress.image import AGAIN, about, keys
from compress.scnn.assemble import Assembly
from compress.scnn.bound import prove
from compress.scnn.parts import Parts, files, joined
from compress.scnn.tensor import Tensor
from files.archive import Inside
from spec.scnn import ScnnSpec
from spec.scnn.image import LAYER_KEYS, MEMBERS, OPTIONAL, PARTS, TENSOR_KEYS
from spec.scnn.shape import VALUE_BITS

PLACES = ("input_sizes", "input_places", "output_places")
"""Members that say how the network's file orders inputs and outputs."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Image:
    """A network for a machine.

    Parameters
    ----------
    spec : ScnnSpec
    source, output : Tensor
        How the input is stored before a run, and the output after it.
    names : tuple of dict
        What the header says of the layers.
    arrays : dict
        The members by name, without the orders of channels.
    input_scale, output_scale : float
        Real value of one integer step.
    input_bounds : tuple, or None
        Between which whole numbers a host keeps the inputs, `compress.ends.Ends`.
    parts : Parts, or None
        How a host runs an input whose activations do not fit; None where those of every input fit.
    """

    spec: ScnnSpec
    source: Tensor
    output: Tensor
    names: tuple[dict[str, Any], ...]
    arrays: dict[str, np.ndarray]
    input_scale: float = 1.0
    output_scale: float = 1.0
    input_bounds: Ends | None = None
    parts: Parts | None = None

    @property
    def input_shape(self) -> tuple[int, ...]:
        """What an input is: channels, rows, columns; or the shape that the network's file has, where its order differs."""
        return tuple(self.arrays["input_sizes"].tolist()) if "input_sizes" in self.arrays else self.source.shape

    def placed(self, inputs: np.ndarray) -> np.ndarray:
        """Return inputs of `input_shape`, or their elements in a row each, as (inputs, channels, rows, columns)."""
        flat = inputs.reshape(len(inputs), -1)
        if (places := self.arrays.get("input_places")) is not None:
            flat = flat[:, places]
        return flat.reshape(-1, *self.source.shape)

    def answers(self, outputs: np.ndarray) -> np.ndarray:
        """Return outputs (inputs, channels, rows, columns), where the file's order differs as (inputs, elements) in that."""
        places = self.arrays.get("output_places")
        return outputs if places is None else outputs.reshape(len(outputs), -1)[:, places]


def of(assembly: Assembly, *, input_scale: float = 1.0, output_scale: float = 1.0, largest: int | None = 32768,
       orders: dict[str, np.ndarray] | None = None, bounds: tuple[float, float] | None = None,
       parts: Parts | None = None) -> Image:
    """Return the image of an assembled network, proved not to overflow for inputs of magnitudes up to ``largest``.

    ``largest`` is None for layers whose sums have been proved within their network. ``orders`` are the members that say how
    the network's file orders inputs and outputs otherwise than the array; ``bounds`` the real values between which the host
    keeps the inputs; ``parts`` how it runs an input whose activations do not fit.
    """
    if largest is not None:
        prove(assembly.spec, [mapping.layer for mapping in assembly.mappings], largest)
    arrays = {"layers": assembly.layers, "lanes": assembly.lanes, "taps": assembly.taps.astype(np.uint32),
              "supply": assembly.supply, "drain": assembly.drain, "weights": assembly.weights}
    if assembly.codebooks is not None:
        arrays["codebooks"] = assembly.codebooks
    arrays |= {name: np.asarray(values, np.int32) for name, values in (orders or {}).items()}
    names = tuple({"name": mapping.layer.name, "level": mapping.level, "passes": mapping.passes, "kc": mapping.kc}
                  for mapping in assembly.mappings)
    return Image(spec=assembly.spec, source=assembly.source, output=assembly.mappings[-1].output, names=names, arrays=arrays,
                 input_scale=input_scale, output_scale=output_scale, parts=parts,
                 input_bounds=whole(bounds, input_scale, VALUE_BITS))


def save(image: Image, path: str | os.PathLike[str]) -> None:
    """Write an image file, whole or not at all; the same image gives the same bytes."""
    container.save(path, "scnn", image.spec, _head(image), members(image))


def header(image: Image) -> dict[str, Any]:
    """Return the header of an image's file, without the digest."""
    return container.envelope("scnn", image.spec) | _head(image)


def members(image: Image) -> dict[str, np.ndarray]:
    """Return the members of an image's file."""
    return image.arrays | {"input_orders": _orders(image.source), "output_orders": _orders(image.output)} | _parts(image.parts)


def _parts(parts: Parts | None) -> dict[str, np.ndarray]:
    if parts is None:
        return {}
    each = [container.packed("scnn", image.spec, _head(image), members(image)) for image in parts.images]
    return parts.tables() | {"part_files": np.frombuffer(b"".join(each), np.uint8),
                             "part_sizes": np.array([*map(len, each)], np.int32)}


def _head(image: Image) -> dict[str, Any]:
    return {"layers": list(image.names), "input": _described(image.source), "output": _described(image.output),
            "input_scale": image.input_scale, "output_scale": image.output_scale,
            "input_bounds": image.input_bounds and list(image.input_bounds)}


def load(path: str | os.PathLike[str], spec: ScnnSpec | None = None) -> Image:
    """Read an image, refusing one that is cut short, changed, of another version, or not legal.

    Parameters
    ----------
    path : path
    spec : ScnnSpec, optional
        Machine that the image must be able to run on: it must be the one that the image was made for.
    """
    return _loaded(path, spec, made)


def _loaded(path: str | os.PathLike[str] | Inside, spec: ScnnSpec | None, content: Callable[..., Image]) -> Image:
    own, head, arrays = container.read(path, "scnn", limits)
    with about(path):
        if spec is not None and spec != own:
            raise ValueError(f"machine must be the one that the image was made for; {AGAIN} for this machine")
        return content(own, head, arrays)


def made(spec: ScnnSpec, head: dict[str, Any], arrays: dict[str, np.ndarray]) -> Image:
    """Return the image of a header and its members, or refuse what is not legal."""
    inner = {name: arrays[name] for name in PARTS if name in arrays}
    own = _made(spec, head, {name: array for name, array in arrays.items() if name not in PARTS})
    if not inner:
        return own
    images = [_loaded(Inside(data, f"file {number} of part_files"), spec, _alone) for number, data in enumerate(files(inner))]
    return replace(own, parts=joined(inner, images, len(own.names), own.source.shape, own.output.shape))


def _alone(spec: ScnnSpec, head: dict[str, Any], arrays: dict[str, np.ndarray]) -> Image:
    """Return the image of a part: one that has no parts, bounds and orders of its own."""
    if (odd := sorted(set(arrays) & {*PARTS, *PLACES})) or head["input_bounds"] is not None:
        raise ValueError(f"image of a part must not have {odd[0] if odd else 'input_bounds'}; {AGAIN}")
    return _made(spec, head, arrays)


def _made(spec: ScnnSpec, head: dict[str, Any], arrays: dict[str, np.ndarray]) -> Image:
    arrays = dict(arrays)
    optional = set(OPTIONAL) - ({"codebooks"} if spec.weight_code_bits else set())
    if missing := sorted(set(MEMBERS) - set(arrays) - optional):
        raise ValueError(f"members must include {missing[0]}, not lack it; {AGAIN}")
    for key in ("input_scale", "output_scale"):
        if type(head[key]) not in (int, float) or not 0 < head[key] < float("inf"):
            raise ValueError(f"{key} must be a positive number, not {head[key]!r}; {AGAIN}")
    _shapes(spec, arrays)
    if len(arrays["layers"]) != len(head["layers"]):
        raise ValueError(f"layers must be {len(head['layers'])}, as many as their names, not {len(arrays['layers'])}; {AGAIN}")
    source, output = (_tensor(spec, name, head[name], arrays.pop(f"{name}_orders")) for name in ("input", "output"))
    _places(arrays, source.shape, output.shape)
    for number, layer in enumerate(head["layers"]):
        keys(f"layer {number}", layer, LAYER_KEYS)
    return Image(spec=spec, source=source, output=output, names=tuple(head["layers"]), arrays=arrays,
                 input_scale=float(head["input_scale"]), output_scale=float(head["output_scale"]),
                 input_bounds=checked(head["input_bounds"], VALUE_BITS))


def _places(arrays: dict[str, np.ndarray], source: tuple[int, ...], output: tuple[int, ...]) -> None:
    """Refuse orders of the network's file that do not name each element once, or a shape that has others."""
    if ("input_sizes" in arrays) != ("input_places" in arrays):
        raise ValueError(f"input_sizes must come with input_places, not alone, and the other way round; {AGAIN}")
    for name, shape in ("input_places", source), ("output_places", output):
        if name in arrays and not np.array_equal(np.sort(arrays[name]), np.arange(np.prod(shape))):
            raise ValueError(f"{name} must name each of {np.prod(shape)} elements once; {AGAIN}")
    sizes = arrays.get("input_sizes")
    if sizes is not None and (len(sizes) > 8 or sizes.min(initial=1) < 1 or
                              np.prod(sizes, dtype=np.float64) != np.prod(source)):
        raise ValueError(f"input_sizes must be those of {np.prod(source)} elements, not {sizes[:8].tolist()}; {AGAIN}")


def _described(tensor: Tensor) -> dict[str, Any]:
    forms = [[*form, block, tensor.pitches[form]] for form, block in tensor.blocks.items()]
    return {"shape": list(tensor.shape), "level": tensor.level, "rows": list(tensor.rows), "cols": list(tensor.cols),
            "span": tensor.span, "forms": forms}


def _orders(tensor: Tensor) -> np.ndarray:
    most = max(map(len, tensor.orders))
    return np.array([[*own.tolist(), *[-1] * (most - len(own))] for own in tensor.orders], np.int32)


def limits(spec: ScnnSpec, head: dict[str, Any]) -> dict[str, int]:
    """Return the most bytes of each member's values."""
    if not isinstance(head["layers"], list) or not 0 < len(head["layers"]) <= spec.layers:
        raise ValueError(f"layers must be a list of 1 to {spec.layers}; {AGAIN}")
    program = 8 * spec.program
    return {"layers": 8 * spec.layers, "lanes": program, "taps": 4 * spec.taps, "supply": program * spec.pes,
            "drain": program * spec.pes, "weights": 1 << 30, "codebooks": 512, "input_orders": 4 << 20,
            "output_orders": 4 << 20, "input_sizes": 32, "input_places": 1 << 26, "output_places": 1 << 26,
            "parts": 4 << 20, "part_inputs": 1 << 20, "part_files": 1 << 30, "part_sizes": 1 << 20}


def _shapes(spec: ScnnSpec, arrays: dict[str, np.ndarray]) -> None:
    wanted: dict[str, tuple[int | None, ...]] = {
        "layers": (None,), "lanes": (None,), "taps": (None,), "supply": (spec.pes, None), "drain": (spec.pes, None),
        "weights": (None, 1 + spec.transfer_items), "input_orders": (None, None), "output_orders": (None, None)}
    if "codebooks" in arrays:
        wanted["codebooks"] = (None, 1 << spec.weight_code_bits)
    wanted |= {name: (None,) for name in PLACES if name in arrays}
    for name, shape in wanted.items():
        given = arrays[name].shape
        if len(given) != len(shape) or any(want not in (None, size) for want, size in zip(shape, given, strict=True)):
            said = " x ".join("any" if size is None else str(size) for size in shape)
            raise ValueError(f"{name} must be of shape {said}, not {' x '.join(map(str, given))}; {AGAIN}")
    turns, items = arrays["weights"][:, 0], arrays["weights"][:, 1:]
    if int(items.max(initial=0)) >> spec.item_bits or int(turns.max(initial=0)) > (spec.weight_lanes > 1):
        raise ValueError(f"weights must be a turn of 1 bit and items of {spec.item_bits} bits, not "
                         f"{int(turns.max(initial=0))} and {int(items.max(initial=0))}; {AGAIN}")


def _tensor(spec: ScnnSpec, name: str, given: Any, orders: np.ndarray) -> Tensor:
    keys(name, given, TENSOR_KEYS)
    numbers: Sequence[Any] = [*given["shape"], given["level"], *given["rows"], *given["cols"], given["span"],
                              *(number for form in given["forms"] for number in form)]
    if any(type(number) is not int or not 0 <= number < 1 << 24 for number in numbers) or len(given["shape"]) != 3:
        raise ValueError(f"{name} must be described by whole numbers; {AGAIN}")
    if given["level"] >= len(spec.block_sides) or not given["forms"] or any(len(form) != 6 or 0 in form[:2] or not form[5]
                                                                            for form in given["forms"]):
        raise ValueError(f"{name} must have a level of the machine and forms of six numbers; {AGAIN}")
    high, wide = spec.block_sides[given["level"]]
    if (len(given["rows"]), len(given["cols"]), len(orders)) != (spec.rows // high + 1, spec.cols // wide + 1, high * wide):
        raise ValueError(f"{name} must have a tile for each block of PEs and channels for each place; {AGAIN}")
    if sorted(orders[orders >= 0].tolist()) != list(range(given["shape"][0])):
        raise ValueError(f"{name}_orders must name each of {given['shape'][0]} channels once; {AGAIN}")
    widest = max(after - before for before, after in zip(given["cols"], given["cols"][1:], strict=False))
    for form in given["forms"]:
        if form[5] < (least := -(-widest // form[1])):
            raise ValueError(f"pitch of {name} must be at least {least}, the columns of a tile, not {form[5]}; {AGAIN}")
    made = Tensor(name=name, shape=tuple(given["shape"]), level=given["level"], rows=tuple(given["rows"]),
                  cols=tuple(given["cols"]), orders=[own[own >= 0].astype(np.int64) for own in orders], layer=-1, kc=0,
                  span=given["span"])
    for form in given["forms"]:
        made.blocks[tuple(form[:4])], made.pitches[tuple(form[:4])] = form[4], form[5]
    return made

"""An image for an SCNN array as golden reads it: its own reader and placing of inputs, shared with nothing of compress."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from files.archive import Inside
from golden import image
from golden.image import AGAIN, keys
from golden.scnn import check, described, exact, parts
from golden.scnn.cycles import Counters
from golden.scnn.model import ArrayModel, compress
from golden.scnn.parts import Parts
from spec.scnn import ScnnSpec
from spec.scnn.image import MEMBERS, OPTIONAL, PART_COLUMNS, PART_INPUT_COLUMNS, TENSOR_KEYS
from spec.scnn.shape import VALUE_BITS


@dataclass(frozen=True, kw_only=True, eq=False)
class Image:
    """A network for an SCNN array, checked.

    Parameters
    ----------
    spec : ScnnSpec
    members : dict
        Arrays of the file by name.
    source, output : dict
        What the header says of input and output, `spec.scnn.image.TENSOR_KEYS`.
    input_scale, output_scale : float
    input_bounds : tuple
        Least and largest integer that the network lets its inputs be, None for no such end.
    parts : Parts, or None
        How an input whose activations do not fit is run; None where those of every input fit.
    """

    spec: ScnnSpec
    members: dict[str, np.ndarray]
    source: dict[str, Any]
    output: dict[str, Any]
    input_scale: float
    output_scale: float
    input_bounds: image.Ends = (None, None)
    parts: Parts | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Run:
    """What an array answers to one input: int16 outputs (channels, rows, columns), counters by layer, and flags.

    Parameters
    ----------
    outputs : numpy.ndarray
    counters : list of Counters
        Of each layer; of a run in parts the sums of those of its parts.
    saturated : bool
        Of a run in parts whether a part saturated.
    overflow : tuple of int, or None
        Layer and PE where outputs did not fit first. Without parts ``outputs`` mean nothing then.
    parts : int
        How many parts ran, 0 where the network ran as a whole.
    """

    outputs: np.ndarray
    counters: list[Counters]
    saturated: bool
    overflow: tuple[int, int] | None
    parts: int = 0


Limits = Callable[[ScnnSpec, dict[str, Any], list[str]], dict[str, int]]


def load(path) -> Image:
    """Return the image in a file, with those of its parts, or raise one error that names the thing, its rule and its value."""
    own = _whole(path, _limits)
    if "parts" not in own.members:
        return own

    def inner(file: Inside) -> Image:
        def limits(spec: ScnnSpec, head: dict[str, Any], given: list[str]) -> dict[str, int]:
            parts.alone(file, spec, own.spec, head, given)
            return _limits(spec, head, given)
        return _whole(file, limits)

    return replace(own, parts=parts.read(path, own.members, layers=len(own.members["layers"]), source=own.source["shape"],
                                         output=own.output["shape"], load=inner))


def _whole(path, limits: Limits) -> Image:
    """Return the image in a file without a look at its parts."""
    spec, head, members = image.read(path, "scnn", limits)
    for name in ("input_scale", "output_scale"):
        if type(head[name]) not in (int, float) or not 0 < head[name] < 1e300:
            raise ValueError(f"{name} of {path} must be a positive finite number, not {head[name]!r:.40}; {AGAIN}")
    described.layers(head["layers"])
    for name in ("input", "output"):
        keys(name, head[name], TENSOR_KEYS)
    for name, array in members.items():
        if array.dtype.name != MEMBERS[name][0]:
            raise TypeError(f"{name} of {path} must be {MEMBERS[name][0]}, not {array.dtype.name}; {AGAIN}")
    _shapes(path, spec, members)
    if len(members["layers"]) != len(head["layers"]):
        raise ValueError(f"layers of {path} must be {len(head['layers'])}, as many as their names, not "
                         f"{len(members['layers'])}; {AGAIN}")
    check.books(spec, members)
    check.programs(spec, members)
    check.weights(spec, members)
    for name in ("input", "output"):
        described.tensor(spec, name, head[name], members[f"{name}_orders"])
    described.written(spec, members, head["output"])
    described.file(members, head["input"]["shape"], head["output"]["shape"])
    return Image(spec=spec, members=members, source=head["input"], output=head["output"],
                 input_scale=float(head["input_scale"]), output_scale=float(head["output_scale"]),
                 input_bounds=image.ends(path, head["input_bounds"], VALUE_BITS))


def _shapes(path, spec: ScnnSpec, members: dict[str, np.ndarray]) -> None:
    """Check that members have the dimensions that the machine reads."""
    fixed: dict[str, tuple[int | None, ...]] = {
        "layers": (None,), "lanes": (None,), "taps": (None,), "supply": (spec.pes, None), "drain": (spec.pes, None),
        "weights": (None, 1 + spec.transfer_items), "input_orders": (None, None), "output_orders": (None, None)}
    if "codebooks" in members:
        fixed["codebooks"] = (None, 1 << spec.weight_code_bits)
    fixed |= {name: (None,) for name in ("input_sizes", "input_places", "output_places", "part_files", "part_sizes")
              if name in members}
    fixed |= {name: (None, len(columns)) for name, columns in (("parts", PART_COLUMNS), ("part_inputs", PART_INPUT_COLUMNS))
              if name in members}
    for name, shape in fixed.items():
        given = members[name].shape
        if len(given) != len(shape) or any(want not in (None, size) for want, size in zip(shape, given, strict=True)):
            said = " x ".join("any" if size is None else str(size) for size in shape)
            raise ValueError(f"{name} of {path} must be of shape {said}, not {' x '.join(map(str, given))}; {AGAIN}")


def run(given: Image, x: np.ndarray, *, limited: bool = True, crossbars: bool = True) -> Run:
    """Return what the array computes from an input (channels, rows, columns) of integers, and how long it takes.

    An input whose activations do not fit is run in parts, if the image has them. ``limited`` and ``crossbars`` are those of
    `golden.scnn.exact.run`.
    """
    x = np.asarray(x) if given.input_bounds == (None, None) else np.clip(x, *given.input_bounds)
    own = given.parts

    def once(which: Image, values: np.ndarray) -> Run:
        return _once(which, values, limited=limited, crossbars=crossbars, stop=own is not None)

    first = once(given, x)
    if own is None or first.overflow is None:
        return first
    outputs, counters, saturated = parts.run(own, x, once)
    return Run(outputs=outputs, counters=counters, saturated=saturated, overflow=first.overflow, parts=sum(map(len, own.runs)))


def _once(given: Image, x: np.ndarray, *, limited: bool, crossbars: bool, stop: bool) -> Run:
    """Return what one run of an image's programs computes; with ``stop`` one that overflows has no outputs and counters."""
    members = given.members
    model = ArrayModel(spec=given.spec, layers=members["layers"], lanes=members["lanes"], taps=members["taps"].astype(np.int64),
                       supply=members["supply"], drain=members["drain"], weights=members["weights"],
                       codebooks=members.get("codebooks"))
    for pe, channel, form, phase, rows, cols in _places(given, "source", "input_orders"):
        index, pitch = _block(given.source, form, phase, channel[1]), form[5]
        plane = x[channel[0]][rows, cols].astype(np.int64)
        model.memories[pe][index] = compress(plane, pitch - plane.shape[1])
    try:
        counters = exact.run(model, limited=limited, crossbars=crossbars, stop=stop)
    except ValueError as error:
        raise ValueError(f"{error}; {AGAIN}") from error
    left = stop and model.overflow is not None
    outputs = np.zeros(given.output["shape"], np.int16) if left else _recovered(given, model)
    return Run(outputs=outputs, counters=counters, saturated=model.saturated, overflow=model.overflow)


def _recovered(given: Image, model: ArrayModel) -> np.ndarray:
    outputs = np.zeros(given.output["shape"], np.int16)
    for pe, channel, form, phase, rows, cols in _places(given, "output", "output_orders"):
        if form is not given.output["forms"][0] and form != given.output["forms"][0]:
            continue
        values, runs = model.memories[pe].get(_block(given.output, form, phase, channel[1]), (np.zeros(0), np.zeros(0)))
        seen = outputs[channel[0], rows, cols]
        flat = np.zeros(seen.shape[0] * form[5], np.int64)
        flat[np.cumsum(runs + 1).astype(np.int64) - 1] = values
        outputs[channel[0], rows, cols] = flat.reshape(seen.shape[0], form[5])[:, :seen.shape[1]]
    return outputs


def _block(tensor: dict[str, Any], form: list[int], phase: tuple[int, int], number: int) -> int:
    return form[4] + (phase[0] * form[1] + phase[1]) * tensor["span"] + number


def _places(given: Image, which: str, orders: str):
    """Yield PE, (channel, its number in the PE), form, phase, rows and columns of every block of a tensor."""
    spec, tensor = given.spec, getattr(given, which)
    for pe in range(spec.pes):
        block, place = spec.position(pe, tensor["level"])
        wide = len(tensor["cols"]) - 1
        top, bottom = tensor["rows"][block // wide:block // wide + 2]
        left, right = tensor["cols"][block % wide:block % wide + 2]
        own = [channel for channel in given.members[orders][place].tolist() if channel >= 0]
        for form in tensor["forms"]:
            for phase in ((row, col) for row in range(form[0]) for col in range(form[1])):
                rows = slice(top + (phase[0] - top - form[2]) % form[0], bottom, form[0])
                cols = slice(left + (phase[1] - left - form[3]) % form[1], right, form[1])
                for number, channel in enumerate(own):
                    yield pe, (channel, number), form, phase, rows, cols


def _limits(spec: ScnnSpec, head: dict[str, Any], given: list[str]) -> dict[str, int]:
    """Check the names of the members; return the most bytes of each."""
    if odd := sorted(set(given) ^ set(MEMBERS) - set(OPTIONAL) ^ (set(given) & set(OPTIONAL))):
        verb = "have" if odd[0] in given else "lack"
        raise ValueError(f"members must be {', '.join(MEMBERS)}, not {verb} {odd[0]!r}; {AGAIN}")
    parts.names(given)
    program = 8 * spec.program * spec.pes
    return {"layers": 8 * spec.layers, "lanes": program, "taps": 4 * spec.taps, "supply": program, "drain": program,
            "weights": 1 << 30, "codebooks": 512, "input_orders": 4 << 20, "output_orders": 4 << 20, "input_sizes": 32,
            "input_places": 1 << 26, "output_places": 1 << 26, "parts": 1 << 22, "part_inputs": 1 << 22,
            "part_files": 1 << 30, "part_sizes": 1 << 22}

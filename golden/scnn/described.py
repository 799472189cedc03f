"""Whether what an image says of its input and its output is such as its machine and its programs can hold."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from golden.image import AGAIN, keys
from golden.scnn.program import read
from spec.scnn import ScnnSpec
from spec.scnn.image import LAYER_KEYS
from spec.scnn.program import KINDS
from spec.scnn.shape import MOST_PLANE

MOST_SIZES = 8              # axes of a shape in a network's file
MOST_STRIDE = 1 << 8        # of a form; the programs know filters of fewer taps


def layers(given: Any) -> None:
    """Refuse what a header says of the layers where it is not a name and numbers for each.

    Raises
    ------
    TypeError, ValueError
    """
    if not isinstance(given, list) or not given:
        raise TypeError(f"layers must be a list of one or more, not {given!r:.40}; {AGAIN}")
    for number, own in enumerate(given):
        keys(f"layer {number}", own, LAYER_KEYS)
        for key, value in own.items():
            kind = str if key == "name" else int
            if type(value) is not kind:
                raise TypeError(f"layer {number}: {key} must be of type {kind.__name__}, not {value!r:.40}; {AGAIN}")
        if not own["name"].isprintable():
            raise ValueError(f"layer {number}: name must be of printable characters, not {own['name']!r:.60}; {AGAIN}")


def tensor(spec: ScnnSpec, name: str, given: dict[str, Any], orders: np.ndarray) -> None:
    """Refuse a description of a tensor that names a channel, a row, a column or a block which does not exist.

    Raises
    ------
    ValueError
        With the thing, its rule and its value.
    """
    shape, forms = given["shape"], given["forms"]
    lists = shape, given["rows"], given["cols"], forms, *(forms if isinstance(forms, list) else ())
    if any(not isinstance(one, list) for one in lists) or not _whole(
            [*shape, *given["rows"], *given["cols"], given["level"], given["span"], *(one for form in forms for one in form)]):
        raise ValueError(f"{name} must be described by whole numbers from 0 on; {AGAIN}")
    if len(shape) != 3 or not 0 < min(shape) or max(shape[1:]) > MOST_PLANE:
        raise ValueError(f"shape of {name} must be channels, rows and columns, planes up to {MOST_PLANE}, not {shape}; {AGAIN}")
    if given["level"] >= len(spec.block_sides):
        raise ValueError(f"level of {name} must be below {len(spec.block_sides)}, not {given['level']}; {AGAIN}")
    high, wide = spec.block_sides[given["level"]]
    for axis, edges, tiles, size in (("rows", given["rows"], spec.rows // high, shape[1]),
                                     ("cols", given["cols"], spec.cols // wide, shape[2])):
        if len(edges) != tiles + 1 or edges[0] or edges[-1] != size or sorted(edges) != edges:
            raise ValueError(f"{axis} of {name} must be {tiles + 1} ascending numbers from 0 to {size}, not "
                             f"{str(edges):.60}; {AGAIN}")
    if len(orders) != high * wide or sorted(orders[orders >= 0].tolist()) != list(range(shape[0])):
        raise ValueError(f"{name}_orders must name each of {shape[0]} channels once at {high * wide} places; {AGAIN}")
    most = int((orders >= 0).sum(axis=1).max())
    if not forms or any(len(form) != 6 for form in forms):
        raise ValueError(f"forms of {name} must be lists of 6 numbers, one at least, not {str(forms):.60}; {AGAIN}")
    for stride_y, stride_x, _, _, first, pitch in forms:
        if not 0 < min(stride_y, stride_x) or max(stride_y, stride_x) > MOST_STRIDE:
            raise ValueError(f"strides of a form of {name} must be 1 to {MOST_STRIDE}, not {stride_y} and {stride_x}; {AGAIN}")
        columns = max(-(-(end - begin) // stride_x) for begin, end in zip(given["cols"], given["cols"][1:], strict=False))
        if pitch < columns:
            raise ValueError(f"pitch of a form of {name} must be at least {columns}, its columns, not {pitch}; {AGAIN}")
        if (last := first + (stride_y * stride_x - 1) * given["span"] + most - 1) >= spec.blocks:
            raise ValueError(f"blocks of {name} must be below {spec.blocks}, not up to {last}; {AGAIN}")


def file(members: dict[str, np.ndarray], source: Sequence[int], output: Sequence[int]) -> None:
    """Refuse orders of the network's file that do not name each element once, or a shape that has other elements.

    Raises
    ------
    ValueError
    """
    if ("input_sizes" in members) is not ("input_places" in members):
        there, lacking = ("sizes", "places") if "input_sizes" in members else ("places", "sizes")
        raise ValueError(f"members must have input_{lacking} too, not input_{there} alone; {AGAIN}")
    for name, shape in ("input_places", source), ("output_places", output):
        count = math.prod(shape)
        given = members.get(name)
        if given is None:
            continue
        if len(given) != count:
            raise ValueError(f"{name} must have {count} places, one for each element, not {len(given)}; {AGAIN}")
        if (odd := given[(given < 0) | (given >= count)]).size:
            raise ValueError(f"{name} must be 0 to {count - 1}, not {odd[0]}; {AGAIN}")
        if (times := np.bincount(given, minlength=count)).max() > 1:
            raise ValueError(f"{name} must name each place once, not {times.argmax()} {times.max()} times; {AGAIN}")
    sizes = members["input_sizes"].tolist() if "input_sizes" in members else list(source)
    if not 0 < len(sizes) <= MOST_SIZES or min(sizes) < 1 or math.prod(sizes) != math.prod(source):
        raise ValueError(f"input_sizes must be 1 to {MOST_SIZES} sizes of {math.prod(source)} elements in all, not "
                         f"{str(sizes):.60}; {AGAIN}")


def written(spec: ScnnSpec, members: dict[str, np.ndarray], output: dict[str, Any]) -> None:
    """Refuse an output that the last layer's programs do not write: other blocks, or blocks of another size.

    Raises
    ------
    ValueError
    """
    form, lanes, entry = output["forms"][0], members["lanes"].tolist(), int(members["layers"][-1])
    for pe in range(spec.pes):
        block, place = spec.position(pe, output["level"])
        wide = len(output["cols"]) - 1
        sizes = [_phases(edges[number:number + 2], form[axis], form[2 + axis]) for axis, edges, number in (
            (0, output["rows"], block // wide), (1, output["cols"], block % wide))]
        one = read(entry, lanes, members["supply"][pe].tolist(), members["drain"][pe].tolist())
        made = {step["block"] + one.drain["kc"] * number + step["k0"] + k: (step["ny"], step["nx"], step["nx"] + step["gap"])
                for step in one.steps if step["kind"] == KINDS["post"]
                for number in range(one.drain["passes"]) for k in range(step["nk"])}
        for phase, (rows, cols) in enumerate((rows, cols) for rows in sizes[0] for cols in sizes[1]):
            for at in range(int((members["output_orders"][place] >= 0).sum())):
                index = form[4] + phase * output["span"] + at
                high, across, pitch = made.get(index, (-1, -1, -1))
                empty = not rows or not cols
                if not (empty and 0 in (high, across) or (high, across) == (rows, cols) and (rows == 1 or pitch == form[5])):
                    raise ValueError(f"blocks of output must be those that the last layer writes, {rows} x {cols} values at "
                                     f"pitch {form[5]}, not block {index} of PE {pe}; {AGAIN}")


def _phases(edges: Sequence[int], stride: int, offset: int) -> list[int]:
    """Return how many rows or columns of a tile each phase has."""
    first, end = edges
    return [len(range(first + (phase - first - offset) % stride, end, stride)) for phase in range(stride)]


def _whole(numbers: Sequence[Any]) -> bool:
    return all(type(number) is int and 0 <= number < 1 << 30 for number in numbers)

"""Runs in parts: an input whose activations do not fit is run layer by layer, each output in boxes that always fit."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from files.archive import Inside, open_archive
from golden.image import AGAIN
from golden.scnn.cycles import Counters
from spec.scnn import ScnnSpec
from spec.scnn.image import PART_COLUMNS, PART_INPUT_COLUMNS, PARTS

if TYPE_CHECKING:
    from golden.scnn.image import Image, Run

INPUT = -1                  # the network's input among the tensors; a layer's output has the layer's number
MOST_PLACES = 1 << 26       # of an output's plane
MOST_ELEMENTS = 1 << 30     # of all layers' outputs together, which are kept for later layers, and of what a part is given
MOST_BYTES = 1 << 31        # of all files of parts, unpacked
ALONE = ("input_sizes", "input_places", "output_places", *PARTS)
"""Members that the image of a part does not have."""

Shape = tuple[int, int, int]
"""Channels, rows and columns."""

Box = tuple[slice, slice]
"""Rows and columns."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """A run that makes a box of a layer's output: its row of ``parts``, and the fields `spec.scnn.image.PART_COLUMNS`."""

    number: int
    layer: int
    image: int
    first_row: int
    end_row: int
    first_col: int
    end_col: int
    out_first_row: int
    out_end_row: int
    out_first_col: int
    out_end_col: int
    row_step: int
    col_step: int

    @property
    def box(self) -> Box:
        """What it reads of each input."""
        return slice(self.first_row, self.end_row), slice(self.first_col, self.end_col)

    @property
    def made(self) -> Box:
        """What it makes of the output."""
        return slice(self.out_first_row, self.out_end_row), slice(self.out_first_col, self.out_end_col)


@dataclass(frozen=True, kw_only=True)
class Read:
    """A tensor that the parts of a layer read, fields `spec.scnn.image.PART_INPUT_COLUMNS`."""

    layer: int
    tensor: int
    first_channel: int
    end_channel: int
    residual: int


@dataclass(frozen=True, kw_only=True, eq=False)
class Parts:
    """How a network runs in parts, checked.

    Parameters
    ----------
    runs : tuple of tuple of Part
        For each layer those that make its output.
    reads : tuple of tuple of Read
        For each layer the tensors that its parts read; a residual comes last.
    images : tuple of Image
        What parts run, by number of the file.
    shapes : tuple of tuple of int
        Of each layer's output.
    """

    runs: tuple[tuple[Part, ...], ...]
    reads: tuple[tuple[Read, ...], ...]
    images: "tuple[Image, ...]"
    shapes: tuple[Shape, ...]


def names(given: Iterable[str]) -> None:
    """Refuse members of which some are those of parts, but not all; raises ValueError."""
    there = [name for name in PARTS if name in given]
    if there and (lacking := [name for name in PARTS if name not in there]):
        raise ValueError(f"members must have {lacking[0]} too, not {there[0]} without it; {AGAIN}")


def alone(path, spec: ScnnSpec, outer: ScnnSpec, head: dict[str, Any], given: Iterable[str]) -> None:
    """Refuse the image of a part that is for another machine than ``outer``, has parts or orders of its own, or has bounds.

    Raises
    ------
    ValueError
    """
    if odd := [name for name in ALONE if name in given]:
        raise ValueError(f"members of {path} must be those of an image of a part, without {odd[0]}; {AGAIN}")
    if spec != outer:
        raise ValueError(f"spec of {path} must be that of the image which has the parts, not another; {AGAIN}")
    if head["input_bounds"] is not None:
        raise ValueError(f"input_bounds of {path} must be null, not {head['input_bounds']!r:.40}; {AGAIN}")


def read(path, members: dict[str, np.ndarray], *, layers: int, source: Sequence[int], output: Sequence[int],
         load: "Callable[[Inside], Image]") -> Parts:
    """Return the parts in an image, or raise one error that names the thing, its rule and its value.

    Parameters
    ----------
    path : path
        Of the image, for errors.
    members : dict
        Its members, those of the parts with the types and the dimensions that they must have.
    layers : int
        Layers of the network.
    source, output : sequence of int
        Shape of its input and of its output.
    load : callable
        Takes the file of a part's image, returns the image or refuses it.

    Raises
    ------
    ValueError, TypeError
    """
    runs = [Part(number=number, **dict(zip(PART_COLUMNS, row, strict=True)))
            for number, row in enumerate(members["parts"].tolist())]
    reads = [Read(**dict(zip(PART_INPUT_COLUMNS, row, strict=True))) for row in members["part_inputs"].tolist()]
    mine, theirs = _by_layer(path, "parts", runs, layers), _by_layer(path, "part_inputs", reads, layers)
    files = _files(path, members)
    _used(path, runs, len(files))
    images = _images(path, files, load)
    shapes = _shapes(path, mine, theirs, images, _shape(source))
    if shapes[-1] != tuple(output):
        raise ValueError(f"output of the parts of {path} must be {_text(output)}, that of the network, not "
                         f"{_text(shapes[-1])}; {AGAIN}")
    return Parts(runs=tuple(mine), reads=tuple(theirs), images=tuple(images), shapes=shapes)


def run(parts: Parts, x: np.ndarray, one: "Callable[[Image, np.ndarray], Run]") -> tuple[np.ndarray, list[Counters], bool]:
    """Return the network's int16 output for an input, counters of each layer, and whether a part saturated.

    Parameters
    ----------
    parts : Parts
    x : numpy.ndarray
        (channels, rows, columns) integers.
    one : callable
        Runs an image on its input.

    Raises
    ------
    ValueError
        If a part overflows, or its image cannot run.
    """
    tensors, counters, saturated = {INPUT: np.asarray(x).astype(np.int64)}, list[Counters](), False
    for layer, runs in enumerate(parts.runs):
        tensors[layer], total = np.zeros(parts.shapes[layer], np.int16), Counters()
        for part in runs:
            try:
                answer = one(parts.images[part.image], _input(parts, part, tensors))
            except ValueError as error:
                raise ValueError(f"part {part.number}: {error}") from error
            if answer.overflow is not None:
                raise ValueError(f"part {part.number} must always fit, not overflow in PE {answer.overflow[1]}; {AGAIN}")
            tensors[layer][:, *part.made] = answer.outputs
            _add(total, answer.counters)
            saturated |= answer.saturated
        counters.append(total)
    return tensors[len(parts.runs) - 1], counters, saturated


def _input(parts: Parts, part: Part, tensors: dict[int, np.ndarray]) -> np.ndarray:
    """Return what the image of a part is given."""
    found = []
    for one in parts.reads[part.layer]:
        planes = tensors[one.tensor][one.first_channel:one.end_channel]
        if not one.residual:
            found.append(planes[:, *part.box])
            continue
        seen = planes[:, *part.made]
        found.append(np.zeros((len(seen), *found[0].shape[1:]), seen.dtype))
        found[-1][:, :seen.shape[1] * part.row_step:part.row_step, :seen.shape[2] * part.col_step:part.col_step] = seen
    return np.concatenate(found)


def _add(total: Counters, counters: Iterable[Counters]) -> None:
    for own in counters:
        total.cycles += own.cycles
        total.entries += own.entries
        total.port_wait += own.port_wait
        for cause, slots in own.slots.items():
            total.slots[cause] += slots


def _by_layer(path, name: str, rows: Sequence[Any], layers: int) -> list[tuple[Any, ...]]:
    """Return the rows of a table for each layer, which must come in ascending order, with none left out."""
    given = [row.layer for row in rows]
    if sorted(given) != given or set(given) != set(range(layers)):
        raise ValueError(f"layers of {name} of {path} must be 0 to {layers - 1} in ascending order, each of them there, not "
                         f"{str(given):.60}; {AGAIN}")
    found: list[list[Any]] = [[] for _ in range(layers)]
    for row in rows:
        found[row.layer].append(row)
    return [tuple(own) for own in found]


def _files(path, members: dict[str, np.ndarray]) -> list[Inside]:
    sizes, whole = members["part_sizes"].astype(np.int64), members["part_files"]
    if int(sizes.min(initial=1)) < 1 or int(sizes.sum()) != len(whole):
        raise ValueError(f"part_sizes of {path} must be positive and {len(whole)} in all, the bytes of part_files, not "
                         f"{str(sizes.tolist()):.60}; {AGAIN}")
    ends = np.cumsum(sizes).tolist()
    return [Inside(whole[end - size:end].tobytes(), f"part file {number} of {path}")
            for number, (end, size) in enumerate(zip(ends, sizes.tolist(), strict=True))]


def _used(path, runs: Iterable[Part], files: int) -> None:
    """Refuse a part whose file does not exist, and a file that no part runs."""
    for part in runs:
        _keep(path, f"part {part.number}", [("image", f"one of {files} files", part.image, 0 <= part.image < files)])
    if left := sorted(set(range(files)) - {part.image for part in runs}):
        raise ValueError(f"part_files of {path} must be images that parts run, not also file {left[0]}; {AGAIN}")


def _images(path, files: Iterable[Inside], load: "Callable[[Inside], Image]") -> "list[Image]":
    """Return the images of parts; each error names the file."""
    found, total = [], 0
    for file in files:
        with open_archive(file, "image", AGAIN) as archive:
            total += sum(archive.sizes.values())
        if total > MOST_BYTES:
            raise ValueError(f"part_files of {path} must have at most {MOST_BYTES:,} bytes when unpacked, not {total:,} up to "
                             f"{file}; {AGAIN}")
        try:
            found.append(load(file))
        except (ValueError, TypeError) as error:
            if str(file) in str(error):
                raise
            raise (TypeError if isinstance(error, TypeError) else ValueError)(f"{file}: {error}") from error
    return found


def _shapes(path, runs: Sequence[Sequence[Part]], reads: Sequence[Sequence[Read]], images: "Sequence[Image]",
            source: Shape) -> tuple[Shape, ...]:
    """Check the parts of one layer after another; return the shapes of the layers' outputs."""
    shapes, elements = {INPUT: source}, 0
    for layer, (mine, theirs) in enumerate(zip(runs, reads, strict=True)):
        given = _given(path, theirs, shapes)
        for part in mine:
            _part(path, part, given, bool(theirs[-1].residual), images[part.image])
        shapes[layer] = _made(path, layer, mine, images)
        elements += math.prod(shapes[layer])
        if elements > MOST_ELEMENTS:
            raise ValueError(f"outputs of the layers of {path} must have at most {MOST_ELEMENTS:,} elements in all, not "
                             f"{elements:,} up to layer {layer}; {AGAIN}")
        _painted(path, layer, mine, shapes[layer])
        _added(path, theirs, shapes)
    return tuple(shapes[layer] for layer in range(len(runs)))


def _given(path, reads: Sequence[Read], shapes: dict[int, Shape]) -> Shape:
    """Check what the parts of a layer read; return all its channels, and rows and columns of the inputs' planes."""
    channels, plane = 0, shapes[INPUT][1:]
    for place, one in enumerate(reads):
        whose = f"input {place} of layer {one.layer}"
        _keep(path, whose, [
            ("tensor", f"{INPUT} to {one.layer - 1}", one.tensor, INPUT <= one.tensor < one.layer),
            ("residual", "0, or 1 for the last of two or more", one.residual,
             not one.residual or one.residual == 1 and 0 < place == len(reads) - 1)])
        deep, *size = shapes[one.tensor]
        if not place:
            plane = size[0], size[1]
        first, end = one.first_channel, one.end_channel
        _keep(path, whose, [
            ("channels", f"one or more of {deep}", f"{first} to {end - 1}", 0 <= first < end <= deep),
            ("plane", f"{_text(plane)} as that of input 0", _text(size), bool(one.residual) or plane == tuple(size))])
        channels += end - first
    return channels, *plane


def _part(path, part: Part, given: Shape, residual: bool, image: "Image") -> None:
    """Check a part against what its layer reads, (channels, rows, columns), and against the image that it runs."""
    channels, rows, cols = given
    box, made = _size(part.box), _size(part.made)
    last = (made[0] - 1) * part.row_step, (made[1] - 1) * part.col_step
    steps, whole = (part.row_step, part.col_step), channels * box[0] * box[1]
    source, output = _shape(image.source["shape"]), _shape(image.output["shape"])
    _keep(path, f"part {part.number}", [
        ("box of the inputs", f"within {rows} x {cols} and not empty", _ends(part.box),
         min(box) > 0 <= min(part.first_row, part.first_col) and part.end_row <= rows and part.end_col <= cols),
        ("box of the output", "from 0 on and not empty", _ends(part.made),
         min(made) > 0 <= min(part.out_first_row, part.out_first_col)),
        ("steps", "at least 1" if residual else "1 without a residual", f"{steps[0]} and {steps[1]}",
         min(steps) > 0 and (residual or steps == (1, 1))),
        ("last place of the residual", f"within the box of the inputs, {_text(box)}", f"row {last[0]} and column {last[1]}",
         not residual or last[0] < box[0] and last[1] < box[1]),
        ("input", f"at most {MOST_ELEMENTS:,} elements", f"{whole:,}", whole <= MOST_ELEMENTS),
        ("input", f"{_text(source)}, that of its file", _text((channels, *box)), source == (channels, *box)),
        ("box of the output", f"of {_text(output[1:])}, as its file makes it", _text(made), output[1:] == made)])


def _made(path, layer: int, runs: Sequence[Part], images: "Sequence[Image]") -> Shape:
    """Return the shape of a layer's output; its boxes must be of one depth, and have as many places as its plane."""
    depths = sorted({_shape(images[part.image].output["shape"])[0] for part in runs})
    if len(depths) > 1:
        raise ValueError(f"parts of layer {layer} of {path} must make equally many channels, not {depths[0]} and {depths[1]}; "
                         f"{AGAIN}")
    rows, cols = max(part.out_end_row for part in runs), max(part.out_end_col for part in runs)
    area = sum(math.prod(_size(part.made)) for part in runs)
    if area != rows * cols:
        raise ValueError(f"boxes of the output of layer {layer} of {path} must make each of {rows} x {cols} places once, not "
                         f"{area} places in all; {AGAIN}")
    if area > MOST_PLACES:
        raise ValueError(f"output of layer {layer} of {path} must have at most {MOST_PLACES:,} places, not {area:,}; {AGAIN}")
    return depths[0], rows, cols


def _painted(path, layer: int, runs: Iterable[Part], shape: Shape) -> None:
    """Refuse boxes of an output that meet; as their places are as many as those of the plane, they make all of it else."""
    seen = np.zeros(shape[1:], bool)
    for part in runs:
        if seen[part.made].any():
            raise ValueError(f"boxes of the output of layer {layer} of {path} must make each of {_text(shape[1:])} places "
                             f"once, not some again in part {part.number}; {AGAIN}")
        seen[part.made] = True


def _added(path, reads: Sequence[Read], shapes: dict[int, Shape]) -> None:
    """Refuse a residual of another shape than its layer's output."""
    last = reads[-1]
    found = last.end_channel - last.first_channel, *shapes[last.tensor][1:]
    if last.residual and found != shapes[last.layer]:
        raise ValueError(f"residual of layer {last.layer} of {path} must be {_text(shapes[last.layer])}, as the layer's "
                         f"output, not {_text(found)}; {AGAIN}")


def _keep(path, whose: str, rules: Iterable[tuple[str, str, Any, bool]]) -> None:
    """Refuse the first thing, of thing, rule, value and whether it is kept, that is not."""
    for what, rule, value, good in rules:
        if not good:
            raise ValueError(f"{what} of {whose} of {path} must be {rule}, not {value}; {AGAIN}")


def _size(box: Box) -> tuple[int, int]:
    return box[0].stop - box[0].start, box[1].stop - box[1].start


def _ends(box: Box) -> str:
    return f"rows {box[0].start} to {box[0].stop - 1} and columns {box[1].start} to {box[1].stop - 1}"


def _shape(given: Sequence[int]) -> Shape:
    channels, rows, cols = given
    return channels, rows, cols


def _text(shape: Iterable[int]) -> str:
    return " x ".join(map(str, shape))

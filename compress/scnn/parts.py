"""Parts: the runs that make a network's output, layer by layer, where the activations of an input do not fit their regions."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from compress.image import AGAIN
from spec.scnn.image import PART_COLUMNS, PART_INPUT_COLUMNS, PARTS
from spec.scnn.shape import MOST_PLANE

if TYPE_CHECKING:
    from compress.scnn.image import Image

Shape = tuple[int, ...]


class Part(NamedTuple):
    """A row of the table of parts; the fields are `spec.scnn.image.PART_COLUMNS`."""

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
    def read(self) -> tuple[slice, slice]:
        """Rows and columns of the box that is read of each input."""
        return slice(self.first_row, self.end_row), slice(self.first_col, self.end_col)

    @property
    def made(self) -> tuple[slice, slice]:
        """Rows and columns of the box of the output."""
        return slice(self.out_first_row, self.out_end_row), slice(self.out_first_col, self.out_end_col)


class Read(NamedTuple):
    """A tensor that the parts of a layer read; the fields are `spec.scnn.image.PART_INPUT_COLUMNS`."""

    layer: int
    tensor: int
    first_channel: int
    end_channel: int
    residual: int


@dataclass(frozen=True, kw_only=True, eq=False)
class Parts:
    """How a host runs an input whose activations do not fit.

    Parameters
    ----------
    rows : tuple of Part
        In the order in which they run: layer by layer.
    reads : tuple of Read
        Layer by layer.
    images : tuple of Image
        What the parts run; several parts may run one.
    """

    rows: tuple[Part, ...]
    reads: tuple[Read, ...]
    images: "tuple[Image, ...]"

    @cached_property
    def shapes(self) -> dict[int, Shape]:
        """Channels, rows and columns of the output of each layer."""
        found: dict[int, Shape] = {}
        for part in self.rows:
            before = found.get(part.layer, (0, 0, 0))
            found[part.layer] = (self.images[part.image].output.shape[0], max(before[1], part.out_end_row),
                                 max(before[2], part.out_end_col))
        return found

    def given(self, part: Part, tensors: Mapping[int, np.ndarray]) -> np.ndarray:
        """Return the input of a part's image, int16: what it reads of the tensors, by number of the layer that makes them."""
        planes = []
        for read in self.reads:
            if read.layer != part.layer:
                continue
            taken = tensors[read.tensor][read.first_channel:read.end_channel]
            if read.residual:
                own = np.zeros((len(taken), part.end_row - part.first_row, part.end_col - part.first_col), taken.dtype)
                box = taken[:, *part.made]
                own[:, :box.shape[1] * part.row_step:part.row_step, :box.shape[2] * part.col_step:part.col_step] = box
                planes.append(own)
            else:
                planes.append(taken[:, *part.read])
        return np.concatenate(planes).astype(np.int16)

    def tables(self) -> dict[str, np.ndarray]:
        """Return both tables as members of an image's file."""
        return {"parts": np.array(self.rows, np.int32).reshape(-1, len(PART_COLUMNS)),
                "part_inputs": np.array(self.reads, np.int32).reshape(-1, len(PART_INPUT_COLUMNS))}


def files(arrays: Mapping[str, np.ndarray]) -> Iterator[bytes]:
    """Yield the files of the parts' images, from the members of an image's file.

    Raises
    ------
    ValueError
        If members are missing, or the sizes are not those of the files.
    """
    if lacking := [name for name in PARTS if name not in arrays]:
        raise ValueError(f"members must be all of {', '.join(PARTS)} or none, not lack {lacking[0]}; {AGAIN}")
    whole, sizes = arrays["part_files"], arrays["part_sizes"]
    if whole.ndim != 1 or sizes.ndim != 1 or sizes.min(initial=1) < 1 or sizes.sum(dtype=np.int64) != len(whole):
        raise ValueError(f"part_sizes must be those of files of {whole.size:,} bytes in all; {AGAIN}")
    ends = np.cumsum(sizes, dtype=np.int64).tolist()
    for first, end in zip([0, *ends], ends, strict=False):
        yield whole[first:end].tobytes()


def joined(arrays: Mapping[str, np.ndarray], images: "Sequence[Image]", layers: int, source: Shape,
           output: Shape) -> Parts:
    """Return the parts of an image of so many layers, whose input and output have these shapes, or refuse wrong ones.

    Raises
    ------
    ValueError
    """
    for name, columns in ("parts", PART_COLUMNS), ("part_inputs", PART_INPUT_COLUMNS):
        if arrays[name].ndim != 2 or arrays[name].shape[1] != len(columns):
            raise ValueError(f"{name} must be of shape any x {len(columns)}, not {' x '.join(map(str, arrays[name].shape))}; "
                             f"{AGAIN}")
    made = Parts(rows=tuple(Part(*row) for row in arrays["parts"].tolist()),
                 reads=tuple(Read(*row) for row in arrays["part_inputs"].tolist()), images=tuple(images))
    for name, numbers in ("parts", [row.layer for row in made.rows]), ("part_inputs", [row.layer for row in made.reads]):
        if sorted(numbers) != numbers or sorted(set(numbers)) != list(range(layers)):
            raise ValueError(f"{name} must have rows for layers 0 to {layers - 1}, one after another; {AGAIN}")
    if any(not 0 <= row.image < len(images) for row in made.rows):
        raise ValueError(f"images of parts must be 0 to {len(images) - 1}; {AGAIN}")
    if left := sorted(set(range(len(images))) - {row.image for row in made.rows}):
        raise ValueError(f"files of part_files must be those that parts run, not also file {left[0]}; {AGAIN}")
    shapes = made.shapes | {-1: source}
    if shapes[layers - 1] != output:
        raise ValueError(f"parts must make an output of shape {_said(output)}, not {_said(shapes[layers - 1])}; {AGAIN}")
    for layer in range(layers):
        _boxes(made, layer, shapes, _depth(made, layer, shapes))
    return made


def _depth(made: Parts, layer: int, shapes: Mapping[int, Shape]) -> tuple[int, Shape, bool]:
    """Return how many channels the parts of a layer read, of which plane, and whether the last are a residual's."""
    depth, planes, reads = 0, set[Shape](), [one for one in made.reads if one.layer == layer]
    for number, one in enumerate(reads):
        if not -1 <= one.tensor < layer or not 0 <= one.first_channel < one.end_channel <= shapes[one.tensor][0]:
            raise ValueError(f"layer {layer}: part_inputs must be channels of earlier layers, not "
                             f"{one.first_channel} to {one.end_channel} of {one.tensor}; {AGAIN}")
        depth += one.end_channel - one.first_channel
        if one.residual not in (0, 1) or one.residual and not 0 < number == len(reads) - 1:
            raise ValueError(f"layer {layer}: a residual must be the last of several part_inputs; {AGAIN}")
        if one.residual:
            own = (one.end_channel - one.first_channel, *shapes[one.tensor][1:])
            if own != shapes[layer]:
                raise ValueError(f"layer {layer}: a residual must have shape {_said(shapes[layer])}, not {_said(own)}; {AGAIN}")
        else:
            planes.add(shapes[one.tensor][1:])
    if len(planes) != 1:
        raise ValueError(f"layer {layer}: planes of part_inputs must be alike; {AGAIN}")
    return depth, planes.pop(), bool(reads[-1].residual)


def _boxes(made: Parts, layer: int, shapes: Mapping[int, Shape], given: tuple[int, Shape, bool]) -> None:
    """Refuse parts of a layer whose boxes are not those of their images, or do not make each element once."""
    depth, plane, residual = given
    channels, *out = shapes[layer]
    own = [part for part in made.rows if part.layer == layer]
    area = sum((part.out_end_row - part.out_first_row) * (part.out_end_col - part.out_first_col) for part in own)
    if max(out) > MOST_PLANE or area != out[0] * out[1]:
        raise ValueError(f"layer {layer}: parts must make each of {out[0]} x {out[1]} places once; {AGAIN}")
    counts = np.zeros(out, np.uint8)
    for part in own:
        image = made.images[part.image]
        edges = [(part.first_row, part.end_row, plane[0]), (part.first_col, part.end_col, plane[1]),
                 (part.out_first_row, part.out_end_row, out[0]), (part.out_first_col, part.out_end_col, out[1])]
        if any(not 0 <= first < end <= size for first, end, size in edges):
            raise ValueError(f"layer {layer}: boxes of parts must lie in their planes; {AGAIN}")
        high, wide, high_out, wide_out = (end - first for first, end, _ in edges)
        if image.source.shape != (depth, high, wide) or image.output.shape != (channels, high_out, wide_out):
            raise ValueError(f"layer {layer}: image {part.image} must read {depth} x {high} x {wide} and make "
                             f"{channels} x {high_out} x {wide_out}, not {_said(image.source.shape)} and "
                             f"{_said(image.output.shape)}; {AGAIN}")
        steps = (part.row_step, high, high_out), (part.col_step, wide, wide_out)
        if any(step < 1 or (step > 1 and not residual) or (residual and (count - 1) * step >= size)
               for step, size, count in steps):
            raise ValueError(f"layer {layer}: steps of parts must be 1, or place a residual in {high} x {wide}, not "
                             f"{part.row_step} and {part.col_step}; {AGAIN}")
        counts[part.made] += 1
    if (counts != 1).any():
        raise ValueError(f"layer {layer}: parts must make each of {out[0]} x {out[1]} places once; {AGAIN}")


def _said(shape: Sequence[Any]) -> str:
    return " x ".join(map(str, shape))

"""A network in parts: each layer alone, its output cut into as few boxes as the array holds for every input."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from compress.scnn.assemble import Assembly
from compress.scnn.parts import Part, Read, Shape
from compress.scnn.room import memory
from compress.scnn.size import laid
from compress.scnn.tensor import Tensor
from golden.scnn.layer import Layer, Pool, source
from spec.scnn import ScnnSpec

Edges = tuple[int, int]
Kind = tuple[tuple[int, ...], tuple[int, ...]]


@dataclass(frozen=True, kw_only=True)
class Span:
    """One axis of a box: the outputs that it has, the inputs that they need, and what of these lies beyond the plane.

    ``pad`` are zeros before and after the inputs; ``absent`` sums before and after those that the pool's windows see.
    """

    made: Edges
    read: Edges
    pad: Edges
    absent: Edges

    @property
    def size(self) -> int:
        """Inputs that the box reads."""
        return self.read[1] - self.read[0]

    @property
    def kind(self) -> tuple[int, ...]:
        """What the layer of a box depends on along the axis: boxes of the same kinds run the same image."""
        return self.made[1] - self.made[0], self.size, *self.pad, *self.absent


@dataclass(frozen=True, kw_only=True, eq=False)
class Divided:
    """The parts of a network. Row ``row`` runs ``assemblies[row.image]``, one layer laid out for the array."""

    rows: list[Part]
    reads: list[Read]
    assemblies: list[Assembly]


def divided(spec: ScnnSpec, layers: Sequence[Layer], shape: Shape, density: Mapping[str, float]) -> Divided:
    """Return a network in parts that hold for every input.

    Parameters
    ----------
    spec : ScnnSpec
    layers : sequence of Layer
    shape : tuple of int
        Of the network's input.
    density : mapping
        Share of activations other than 0, by tensor, for the tiler's choice.

    Raises
    ------
    ValueError
        If the array does not hold some layer in boxes of any size, with the layer.
    """
    made = Divided(rows=[], reads=[], assemblies=[])
    numbers, shapes = {"input": -1}, {"input": shape}
    for number, layer in enumerate(layers):
        given = [(name, range(*taken.indices(shapes[name][0]))) for name, taken in map(source, layer.inputs)]
        made.reads.extend(Read(number, numbers[name], taken.start, taken.stop, 0) for name, taken in given)
        if layer.residual is not None:
            name = layer.residual[0]
            made.reads.append(Read(number, numbers[name], 0, shapes[name][0], 1))
        plane = shapes[given[0][0]][1:]
        depth = sum(len(taken) for _, taken in given)
        _layer(made, spec, number, layer, (depth, *plane), density.get(given[0][0], 0.5))
        numbers[layer.name], shapes[layer.name] = number, (len(layer.weight), *layer.outputs(*plane))
    return made


def _layer(made: Divided, spec: ScnnSpec, number: int, layer: Layer, shape: Shape, density: float) -> None:
    """Add the parts of one layer, in the largest boxes with which it fits."""
    why: ValueError | None = None
    steps = layer.stride if layer.residual is not None else (1, 1)
    for size in sizes(layer.outputs(shape[1], shape[2])):
        boxes = cut(layer, shape, size)
        found: dict[Kind, Assembly] = {}
        for kind, (rows, cols) in {(rows.kind, cols.kind): (rows, cols) for rows, cols in boxes}.items():
            own, why = _alone(spec, layer, shape[0], rows, cols, density)
            if own is None:
                break
            found[kind] = own
        else:
            image = {kind: len(made.assemblies) + at for at, kind in enumerate(found)}
            made.assemblies.extend(found.values())
            made.rows.extend(sorted((Part(number, image[rows.kind, cols.kind], *rows.read, *cols.read, *rows.made, *cols.made,
                                          *steps) for rows, cols in boxes), key=lambda part: part.image))
            return
    raise ValueError(f"{layer.name} must fit the array in parts, and does not: {why}")


def cut(layer: Layer, shape: Shape, size: tuple[int, int]) -> list[tuple[Span, Span]]:
    """Return the boxes of a layer's output, each of at most ``size`` rows and columns. ``shape`` is that of the input."""
    outputs = layer.outputs(shape[1], shape[2])
    rows, cols = ([span(layer, axis, shape[1 + axis], (first, min(outputs[axis], first + size[axis])))
                   for first in range(0, outputs[axis], size[axis])] for axis in range(2))
    return list(product(rows, cols))


def sizes(outputs: tuple[int, int]) -> Iterator[tuple[int, int]]:
    """Yield rows and columns of boxes that are tried: all, then fewer rows, then single rows of fewer columns."""
    rows, cols = (sorted({-(-extent // count) for count in range(1, extent + 1)}, reverse=True) for extent in outputs)
    yield from ((high, outputs[1]) for high in rows)
    yield from ((1, wide) for wide in cols[1:])


def span(layer: Layer, axis: int, extent: int, made: Edges) -> Span:
    """Return what the outputs ``made`` (first, end) of a layer need along one axis of ``extent`` inputs."""
    pool = layer.pool or Pool(kind="max", size=(1, 1), stride=(1, 1))
    sums = layer.plane(extent, extent)[axis]
    first, end = (made[0] * pool.stride[axis] - pool.pad[axis],
                  (made[1] - 1) * pool.stride[axis] - pool.pad[axis] + pool.size[axis])
    absent = max(0, -first), max(0, end - sums)
    stride, before = layer.stride[axis], layer.pad[2 * axis]
    low, high = (max(0, first) * stride - before,
                 (min(sums, end) - 1) * stride - before + layer.weight.shape[2 + axis])
    return Span(made=made, read=(max(0, low), min(extent, high)), pad=(max(0, -low), max(0, high - extent)), absent=absent)


def _alone(spec: ScnnSpec, layer: Layer, depth: int, rows: Span, cols: Span, density: float,
           ) -> tuple[Assembly | None, ValueError | None]:
    """Return the layer of a box laid out for every input, or why it is not."""
    high, wide = rows.size, cols.size
    try:
        own = alone(layer, rows, cols)
    except ValueError as error:
        return None, error
    depth += len(layer.weight) * (layer.residual is not None)
    made = len(layer.weight) * (rows.made[1] - rows.made[0]) * (cols.made[1] - cols.made[0])
    least = -(-(depth * high * wide + made) // (spec.pes * spec.i))
    if least > spec.memory_words:
        return None, ValueError(f"its activations must fit memory_words, not need {least} of {spec.memory_words} words per PE; "
                                f"take a larger array{memory(spec)}")
    return laid(spec, [own], (depth, high, wide), None, density=density, need=_whole)


def _whole(spec: ScnnSpec, tensor: Tensor) -> int:
    """Return the words of every input's activations."""
    return tensor.words(spec)


def alone(layer: Layer, rows: Span, cols: Span) -> Layer:
    """Return the layer that computes one box. Its input is what `compress.scnn.parts.Parts.given` returns.

    Raises
    ------
    ValueError
        If the box lies in the padding alone, or its residual does not find room in the plane of its inputs.
    """
    if min(rows.size, cols.size) < 1:
        raise ValueError("boxes must have inputs, not lie in the padding alone")
    own = replace(layer, inputs=("input",), pad=(*rows.pad, *cols.pad), residual=None)
    if layer.pool is not None:
        own = replace(own, pool=replace(layer.pool, pad=(rows.absent[0], cols.absent[0]),
                                        behind=(rows.absent[1], cols.absent[1])))
    if layer.residual is None:
        return own
    for span, taps, step in zip((rows, cols), layer.weight.shape[2:], layer.stride, strict=True):
        if span.pad[0] >= taps or (span.made[1] - span.made[0] - 1) * step >= span.size:
            raise ValueError("residual of a box must find room in the plane of its inputs, which has more padding than taps")
    return replace(own, weight=_summed(layer, layer.residual[1], rows.pad[0], cols.pad[0]), groups=1)


def _summed(layer: Layer, shift: int, row: int, col: int) -> np.ndarray:
    """Return the weights of a layer, then those of its residual: one weight per channel, at tap (``row``, ``col``)."""
    outputs, depth, *taps = layer.weight.shape
    inputs, each = depth * layer.groups, outputs // layer.groups
    weight = np.zeros((outputs, inputs + outputs, *taps), np.int16)
    for group in range(layer.groups):
        own = slice(group * each, (group + 1) * each)
        weight[own, group * depth:(group + 1) * depth] = layer.weight[own]
    weight[range(outputs), range(inputs, inputs + outputs), row, col] = 1 << shift
    return weight

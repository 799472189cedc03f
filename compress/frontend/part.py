"""Slice and Split: some elements of a value, which a layer with one weight for each passes on."""

import math

import numpy as np

from compress.frontend.linear import limit
from compress.frontend.node import Node
from compress.frontend.refuse import NodeRefusedError
from compress.frontend.tensor import Tensor, tidy
from compress.frontend.trace import Trace

AGAIN = "export the network again"


def cut(trace: Trace, node: Node) -> Tensor:
    """The elements from a start to an end along axes."""
    tensor = node.data(0)
    rank = len(tensor.shape)
    starts, ends, axes, steps = _bounds(node, rank)
    ranges = [slice(None)] * rank
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        if not -rank <= axis < rank or step < 1:
            raise NodeRefusedError("axes and steps", f"of {-rank} to {rank - 1}, and at least 1", [axis, step], AGAIN)
        ranges[axis % rank] = slice(start, end, step)
    return part(trace, node, tensor, ranges)


def _bounds(node: Node, rank: int) -> list[tuple[int, ...]]:
    """Return starts, ends, axes and steps, each as long as the others."""
    starts, ends, axes, steps = (node.integers(number, name) if node.given(number) else node.attribute(name)
                                 for number, name in enumerate(("starts", "ends", "axes", "steps"), 1))
    axes = tuple(range(len(starts or ()))) if axes is None else axes
    steps = (1,) * len(axes) if steps is None else steps
    if starts is None or ends is None or len({len(starts), len(ends), len(axes), len(steps)}) > 1:
        raise NodeRefusedError("starts, ends, axes and steps", "as many as each other", [starts, ends, axes, steps], AGAIN)
    return [starts, ends, axes, steps]


def split(trace: Trace, node: Node) -> Tensor:
    """Parts one after another along an axis."""
    tensor, names = node.data(0), node.proto.output
    rank, axis = len(tensor.shape), int(node.attribute("axis", 0))
    if not -rank <= axis < rank:
        raise NodeRefusedError("axis", f"{-rank} to {rank - 1}", axis, AGAIN)
    size = tensor.shape[axis % rank]
    each = -(-size // len(names))
    sizes = node.integers(1, "split") if node.given(1) else node.attribute("split")
    sizes = [min(each, size - each * k) for k in range(len(names))] if sizes is None else list(sizes)
    if len(sizes) != len(names) or min(sizes) < 1 or sum(sizes) != size:
        raise NodeRefusedError("split", f"{len(names)} sizes of at least 1 that make {size}", sizes, AGAIN)
    parts, first = list[Tensor](), 0
    for count in sizes:
        ranges = [slice(first, first + count) if k == axis % rank else slice(None) for k in range(rank)]
        parts.append(part(trace, node, tensor, ranges))
        first += count
    trace.tensors |= {name: own for name, own in zip(names, parts, strict=True) if name}
    return parts[0]


def part(trace: Trace, node: Node, tensor: Tensor, ranges: list[slice]) -> Tensor:
    """Return the elements in ranges of the axes, of all samples."""
    shape = tuple(len(range(*one.indices(size))) for one, size in zip(ranges, tensor.shape, strict=True))
    if min(shape) < 1 or (tensor.batch is not None and shape[tensor.batch] != tensor.shape[tensor.batch]):
        raise NodeRefusedError("part", "some elements, of every sample of a batch", f"{list(shape)} of {list(tensor.shape)}",
                               "cut each sample alone")
    if shape == tensor.shape:
        return tensor
    within = tuple(one for axis, one in enumerate(ranges) if axis != tensor.batch)
    places = (np.arange(tensor.size) if tensor.index is None else tensor.index).reshape(tensor.sample)[within].ravel()
    source = trace.shape(tensor)
    box = np.unravel_index(places, source) if len(source) == 3 else ()
    if box and math.prod(len(np.unique(axis)) for axis in box) == len(places):
        name, order = _box(node, tensor.source, source, [np.unique(axis) for axis in box])
        index = np.searchsorted(order, places)
    else:
        limit(len(places) * tensor.size)
        weight = np.zeros((len(places), math.prod(source)), np.float32)
        weight[np.arange(len(places)), places] = 1
        name, index = node.step("dense", [tensor.source], (len(places),), weight=weight, bias=None), np.arange(len(places))
    return Tensor(source=name, shape=shape, batch=tensor.batch, index=tidy(index))


def _box(node: Node, source: str, shape: tuple[int, ...], box: list[np.ndarray]) -> tuple[str, np.ndarray]:
    """Add a convolution that passes on channels, rows and columns of a value; return its name and the places it has."""
    channels, *plane = box
    kernel, strides = [], []
    for kept, size in zip(plane, shape[1:], strict=True):
        step = int(kept[1] - kept[0]) if len(kept) > 1 else size
        kernel.append(max(int(kept[0]) + 1, size - (len(kept) - 1) * step - (step - 1)))
        strides.append(step)
    weight = np.zeros((len(channels), shape[0], *kernel), np.float32)
    weight[np.arange(len(channels)), channels, int(plane[0][0]), int(plane[1][0])] = 1
    name = node.step("conv", [source], tuple(map(len, box)), weight=weight, bias=None, strides=tuple(strides),
                     pads=(0, 0, 0, 0), groups=1, picture=shape)
    return name, np.ravel_multi_index(np.ix_(*box), shape).ravel()

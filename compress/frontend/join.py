"""Concat: values one after another along their channels."""

import numpy as np

from compress.frontend.node import Node
from compress.frontend.refuse import NodeRefusedError
from compress.frontend.tensor import Tensor, tidy
from compress.frontend.trace import Trace


def concat(trace: Trace, node: Node) -> Tensor:
    """The inputs' channels one after another: axis 1, or the last one where channels lie last."""
    given = [node.data(number, f"input {number}") for number in range(len(node.proto.input))]
    first = given[0]
    if len(given) == 1:
        return first
    rank = len(first.shape)
    axis = int(node.attribute("axis", 1))
    axis = axis + rank if axis < 0 else axis
    if any(one.batch != 0 or len(one.shape) != rank for one in given) or not 0 <= axis < rank:
        raise NodeRefusedError("inputs", "values of as many dimensions, the batch first", [list(one.shape) for one in given],
                               "concatenate the channels of pictures")
    if any(size != own for one in given for place, (size, own) in enumerate(zip(first.shape, one.shape, strict=True))
           if place != axis):
        raise NodeRefusedError("shapes", "alike but for the channels", [list(one.shape) for one in given], "pad or crop before")
    last = rank == 4 and axis == 3 and all(_channels_last(trace, one) for one in given)
    if not last and (axis != 1 or any(one.index is not None for one in given)):
        raise NodeRefusedError("axis", "that of the channels, 1, or 3 where they lie last", axis, "concatenate channels")
    count = sum(one.shape[axis] for one in given)
    shape = (count, *first.shape[1:3]) if last else (count, *first.shape[2:])
    name = node.step("concat", [one.source for one in given], shape)
    size = tuple(count if place == axis else own for place, own in enumerate(first.shape))
    index = np.arange(int(np.prod(shape))).reshape(shape).transpose(1, 2, 0).ravel() if last else None
    return Tensor(source=name, shape=size, batch=0, index=None if index is None else tidy(index))


def _channels_last(trace: Trace, tensor: Tensor) -> bool:
    """Tell whether a value is a picture of channels x rows x columns, turned to rows x columns x channels."""
    shape = trace.shape(tensor)
    if len(shape) != 3 or tensor.sample != (*shape[1:], shape[0]):
        return False
    turned = np.arange(tensor.size).reshape(shape).transpose(1, 2, 0).ravel()
    return np.array_equal(turned if tensor.index is None else tensor.index, turned) and \
        (tensor.index is not None or tidy(turned) is None)

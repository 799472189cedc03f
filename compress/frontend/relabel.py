"""What computes nothing: other shapes, other orders of axes, copies."""

import math
from dataclasses import replace

from compress.frontend.node import Node
from compress.frontend.refuse import NodeRefusedError
from compress.frontend.tensor import RAW, Tensor
from compress.frontend.trace import Trace

FLOATS = {1: "float", 10: "float16", 11: "double", 16: "bfloat16"}


def same(trace: Trace, node: Node) -> Tensor:
    """The input."""
    return node.data(0, whole=True)


def dropout(trace: Trace, node: Node) -> Tensor:
    """The input: nothing is dropped outside of training."""
    mask = node.proto.output[1] if len(node.proto.output) > 1 else ""
    if mask and (mask in trace.model.outputs or any(mask in later.input for later in trace.model.nodes)):
        raise NodeRefusedError("outputs", "the value alone", "also the mask", "export in evaluation mode")
    if node.given(2) and node.constant(2, "training_mode").any():
        ratio = float(node.constant(1, "ratio").ravel()[0]) if node.given(1) else 0.5
        if ratio:
            raise NodeRefusedError("training_mode", "false", "true", "export in evaluation mode")
    return node.data(0, whole=True)


def cast(trace: Trace, node: Node) -> Tensor:
    """The input: the machine has a number format of its own."""
    if (kind := node.attribute("to")) not in FLOATS:
        raise NodeRefusedError("to", f"one of {', '.join(FLOATS.values())}", kind, "export without casts to whole numbers")
    tensor = node.data(0, whole=True)
    if tensor.grid not in (None, RAW):
        raise NodeRefusedError("input", "real numbers", "the output of QuantizeLinear", "use DequantizeLinear")
    return replace(tensor, grid=None)


def reshape(trace: Trace, node: Node) -> Tensor:
    """The same elements in the same order."""
    tensor = node.data(0, whole=True)
    wanted = list(node.integers(1, "shape") if node.given(1) else node.attribute("shape", ()))
    if not node.attribute("allowzero", 0):
        wanted = [tensor.shape[axis] if size == 0 and axis < len(tensor.shape) else size for axis, size in enumerate(wanted)]
    if wanted.count(-1) > 1 or min(wanted, default=0) < -1:
        raise NodeRefusedError("shape", "sizes, and at most one -1", wanted, "export the network again")
    if -1 in wanted:
        known = math.prod(size for size in wanted if size != -1)
        if not known or math.prod(tensor.shape) % known:
            raise NodeRefusedError("shape", f"one of {math.prod(tensor.shape)} elements", wanted, "export the network again")
        wanted[wanted.index(-1)] = math.prod(tensor.shape) // known
    return tensor.reshaped(tuple(wanted))


def flatten(trace: Trace, node: Node) -> Tensor:
    """Two axes: those before ``axis``, and the others."""
    tensor = node.data(0, whole=True)
    axis = int(node.attribute("axis", 1))
    if not -len(tensor.shape) <= axis <= len(tensor.shape):
        raise NodeRefusedError("axis", f"{-len(tensor.shape)} to {len(tensor.shape)}", axis, "export the network again")
    axis = axis + len(tensor.shape) if axis < 0 else axis
    return tensor.reshaped((math.prod(tensor.shape[:axis]), math.prod(tensor.shape[axis:])))


def transpose(trace: Trace, node: Node) -> Tensor:
    """The axes in another order."""
    tensor = node.data(0, whole=True)
    order = tuple(node.attribute("perm", tuple(reversed(range(len(tensor.shape))))))
    if sorted(order) != list(range(len(tensor.shape))):
        raise NodeRefusedError("perm", f"an order of {len(tensor.shape)} axes", list(order), "export the network again")
    return tensor.transposed(order)


def squeeze(trace: Trace, node: Node) -> Tensor:
    """Without axes of size 1."""
    tensor = node.data(0, whole=True)
    axes = node.integers(1, "axes") if node.given(1) else node.attribute("axes")
    gone = {k for k, n in enumerate(tensor.shape) if n == 1} if axes is None else _axes(axes, len(tensor.shape))
    if any(tensor.shape[axis] != 1 for axis in gone):
        raise NodeRefusedError("axes", "of size 1", sorted(gone), "export the network again")
    shape = tuple(n for k, n in enumerate(tensor.shape) if k not in gone)
    batch = None if tensor.batch is None or tensor.batch in gone else tensor.batch - sum(k < tensor.batch for k in gone)
    return replace(tensor, shape=shape, batch=batch)


def unsqueeze(trace: Trace, node: Node) -> Tensor:
    """With new axes of size 1."""
    tensor = node.data(0, whole=True)
    given = node.integers(1, "axes") if node.given(1) else node.attribute("axes", ())
    new = _axes(given, len(tensor.shape) + len(given))
    shape, batch, old = [], None, iter(range(len(tensor.shape)))
    for axis in range(len(tensor.shape) + len(new)):
        if axis in new:
            shape.append(1)
            continue
        place = next(old)
        batch = axis if place == tensor.batch else batch
        shape.append(tensor.shape[place])
    return replace(tensor, shape=tuple(shape), batch=batch)


def _axes(axes, rank: int) -> set[int]:
    found = {axis + rank if axis < 0 else axis for axis in axes}
    if len(found) != len(tuple(axes)) or not found <= set(range(rank)):
        raise NodeRefusedError("axes", f"different, of {-rank} to {rank - 1}", list(axes), "export the network again")
    return found


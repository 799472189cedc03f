"""Pad: zeros around rows and columns. They become the padding of the next convolution, or a separate layer adds them."""

from dataclasses import replace

import numpy as np

from compress.frontend.node import Node
from compress.frontend.refuse import NodeRefusedError
from compress.frontend.spatial import in_order, lift, lift_pads, picture
from compress.frontend.tensor import Tensor
from compress.frontend.trace import Trace

WAY = "give the padding to the Conv after it"


def pad(trace: Trace, node: Node) -> Tensor:
    """Zeros around rows and columns: a depthwise filter of 1 x 1, which a Conv that alone reads it takes into its own pads."""
    if (mode := node.attribute("mode", "constant")) != "constant":
        raise NodeRefusedError("mode", "constant", mode, WAY)
    value = node.constant(2, "constant_value") if node.given(2) else np.array(node.attribute("value", 0.0))
    if value.size and value.any():
        raise NodeRefusedError("constant_value", "0", f"{value.ravel()[0]:g}", WAY)
    tensor = node.data(0)
    pads = _pads(node, len(tensor.shape))
    if not any(pads):
        return tensor
    tensor, rank = picture(node), len(tensor.shape)
    spatial = (*pads[2:rank], *pads[rank + 2:])
    if any((*pads[:2], *pads[rank:rank + 2])) or not all(0 <= size <= 1 << 16 for size in spatial):
        raise NodeRefusedError("pads", "0 for batch and channels, and at least 0 for rows and columns", list(pads), WAY)
    channels, inner = tensor.shape[1], tensor.shape[2:]
    sizes = tuple(size + before + behind for size, before, behind in
                  zip(inner, spatial[:rank - 2], spatial[rank - 2:], strict=True))
    source = in_order(node, tensor)
    name = node.step("conv", [source], (channels, *lift(sizes, 1)), weight=np.ones((channels, 1, 1, 1), np.float32), bias=None,
                     strides=(1, 1), pads=lift_pads(spatial), groups=channels, picture=(channels, *lift(inner, 1)))
    trace.padded[name] = (replace(tensor, source=source, index=None), spatial)
    return Tensor(source=name, shape=(*tensor.shape[:2], *sizes), batch=0)


def _pads(node: Node, rank: int) -> tuple[int, ...]:
    """Return the zeros before each axis, then those after."""
    if not node.given(1):
        pads = tuple(node.attribute("pads", node.attribute("paddings", (0, 0) * rank)))
        axes = tuple(range(rank))
    else:
        pads = node.integers(1, "pads")
        axes = node.integers(3, "axes") if node.given(3) else tuple(range(rank))
    if len(pads) != 2 * len(axes) or not all(-rank <= axis < rank for axis in axes):
        raise NodeRefusedError("pads", f"{2 * len(axes)} sizes, for axes of {rank}", list(pads), "export the network again")
    found = [0] * (2 * rank)
    for place, axis in enumerate(axes):
        found[axis % rank], found[rank + axis % rank] = pads[place], pads[place + len(axes)]
    return tuple(found)

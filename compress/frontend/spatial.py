"""Conv and the pools: layers over rows and columns; one dimension is taken as rows of height 1."""

import math

import numpy as np

from compress.frontend.linear import limit, real
from compress.frontend.node import Node
from compress.frontend.refuse import NodeRefusedError
from compress.frontend.tensor import Tensor
from compress.frontend.trace import Handler, Trace


def conv(trace: Trace, node: Node) -> Tensor:
    """A convolution over one or two dimensions; with a kernel as large as its input it is a dense layer."""
    tensor, weight = picture(node), real(node.constant(1, "W"), "W")
    rank = len(tensor.shape) - 2
    if weight.ndim != rank + 2:
        raise NodeRefusedError("W", f"of {rank + 2} dimensions, as the input", f"of shape {list(weight.shape)}",
                               "export the network again")
    groups, channels = int(node.attribute("group", 1)), tensor.shape[1]
    if groups < 1 or channels != weight.shape[1] * groups or weight.shape[0] % groups:
        raise NodeRefusedError("group", f"a divisor of {channels} inputs and {weight.shape[0]} outputs with "
                               f"{weight.shape[1]} inputs a group", groups, "export the network again")
    node.need("kernel_shape", tuple(weight.shape[2:]), tuple(weight.shape[2:]), "export the network again")
    kernel, strides, pads = window(node, tensor.shape[2:], tuple(weight.shape[2:]))
    if tensor.source in trace.padded and tensor.index is None:      # a Pad before becomes part of this layer
        tensor, more = trace.padded[tensor.source]
        pads = tuple(own + other for own, other in zip(pads, more, strict=True))
    sizes = extent(node, tensor.shape[2:], kernel, strides, pads, upward=False)
    limit(weight.size)
    bias = node.constant(2, "B").astype(np.float64) if node.given(2) else None
    if bias is not None and bias.shape != weight.shape[:1]:
        raise NodeRefusedError("B", f"{weight.shape[0]} numbers, one per output", f"of shape {list(bias.shape)}",
                               "export the network again")
    source = in_order(node, tensor)
    outputs = weight.shape[0]
    if groups == 1 and not any(pads) and math.prod(sizes) == 1 and kernel == tensor.shape[2:]:
        name = node.step("dense", [source], (outputs, 1, 1), weight=weight.reshape(outputs, -1), bias=bias)
    else:
        weight = weight.reshape(*weight.shape[:2], *lift(kernel, 1))
        name = node.step("conv", [source], (outputs, *lift(sizes, 1)), weight=weight, bias=bias,
                         strides=lift(strides, 1), pads=lift_pads(pads), groups=groups,
                         picture=(channels, *lift(tensor.shape[2:], 1)))
    return Tensor(source=name, shape=(tensor.shape[0], outputs, *sizes), batch=0)


def max_pool(trace: Trace, node: Node) -> Tensor:
    """The largest value of each window; the output with its places is refused."""
    if len(node.proto.output) > 1 and node.proto.output[1]:
        raise NodeRefusedError("outputs", "the values alone", "also Indices", "export without return_indices")
    return pool(node, average=False)


def average_pool(trace: Trace, node: Node) -> Tensor:
    """The mean of each window, with or without its padding."""
    return pool(node, average=True)


def pool(node: Node, *, average: bool) -> Tensor:
    """Return the values of the windows that the attributes describe."""
    tensor = picture(node)
    kernel = tuple(node.attribute("kernel_shape", ()))
    if len(kernel) != len(tensor.shape) - 2 or min(kernel, default=0) < 1:
        raise NodeRefusedError("kernel_shape", f"{len(tensor.shape) - 2} sizes of at least 1", list(kernel), "export it again")
    kernel, strides, pads = window(node, tensor.shape[2:], kernel)
    sizes = extent(node, tensor.shape[2:], kernel, strides, pads, upward=bool(node.attribute("ceil_mode", 0)))
    if any(pad >= size for pad, size in zip(pads, kernel * 2, strict=True)):
        raise NodeRefusedError("pads", f"smaller than the kernel {list(kernel)}", list(pads),
                               "pad less: a window must not be empty")
    return pooled(node, tensor, sizes, average=average, kernel=kernel, strides=strides, pads=pads,
                  count_pads=bool(node.attribute("count_include_pad", 0)) and any(pads))


def global_average_pool(trace: Trace, node: Node) -> Tensor:
    """The mean of each channel."""
    tensor = picture(node)
    return pooled(node, tensor, (1,) * (len(tensor.shape) - 2), average=True, kernel=tensor.shape[2:],
                  strides=(1,) * (len(tensor.shape) - 2), pads=(0, 0) * (len(tensor.shape) - 2))


def global_max_pool(trace: Trace, node: Node) -> Tensor:
    """The largest value of each channel."""
    tensor = picture(node)
    return pooled(node, tensor, (1,) * (len(tensor.shape) - 2), average=False, kernel=tensor.shape[2:],
                  strides=(1,) * (len(tensor.shape) - 2), pads=(0, 0) * (len(tensor.shape) - 2))


def reduce_mean(trace: Trace, node: Node) -> Tensor:
    """The mean over all rows and columns, which is a global average pool."""
    return reduced(trace, node, global_average_pool)


def reduce_max(trace: Trace, node: Node) -> Tensor:
    """The largest value of all rows and columns, which is a global maximum pool."""
    return reduced(trace, node, global_max_pool)


def reduced(trace: Trace, node: Node, whole: Handler) -> Tensor:
    """Return what a global pool does, with rows and columns kept as 1 or dropped."""
    tensor = node.data(0)
    axes = node.integers(1, "axes") if node.given(1) else tuple(node.attribute("axes", ()))
    axes = tuple(sorted(axis % len(tensor.shape) for axis in axes if -len(tensor.shape) <= axis < len(tensor.shape)))
    if len(tensor.shape) not in (3, 4) or axes != tuple(range(2, len(tensor.shape))):
        raise NodeRefusedError("axes", "all rows and columns after batch and channels", list(axes), "use a global pool")
    answer = whole(trace, node)
    return answer if node.attribute("keepdims", 1) else answer.reshaped(answer.shape[:2])


def pooled(node: Node, tensor: Tensor, sizes: tuple[int, ...], *, average: bool, kernel, strides, pads,
           count_pads: bool = False) -> Tensor:
    """Add the step of a pool."""
    name = node.step("pool", [in_order(node, tensor)], (tensor.shape[1], *lift(sizes, 1)), average=average,
                     kernel=lift(kernel, 1), strides=lift(strides, 1), pads=lift_pads(pads), count_pads=count_pads,
                     picture=(tensor.shape[1], *lift(tensor.shape[2:], 1)))
    return Tensor(source=name, shape=(*tensor.shape[:2], *sizes), batch=0)


def picture(node: Node) -> Tensor:
    """Return the input, which must be batch x channels x columns or batch x channels x rows x columns."""
    tensor = node.data(0)
    if len(tensor.shape) not in (3, 4):
        raise NodeRefusedError("dimensions", "1 or 2 besides batch and channels", len(tensor.shape) - 2,
                               "use a picture for each frame")
    if tensor.batch != 0:
        raise NodeRefusedError("batch axis", "the first", tensor.batch, "export with the batch first")
    return tensor


def in_order(node: Node, tensor: Tensor) -> str:
    """Return the name of a value whose elements lie by channel, row and column; the one step that orders them where not."""
    if tensor.index is None:
        return tensor.source
    made = node.trace.orders.setdefault(tensor.source, [])
    for name, order in made:
        if np.array_equal(order, tensor.index) and node.trace.shapes[name] == tensor.sample:
            return name
    name = node.step("order", [tensor.source], tuple(tensor.sample), order=tensor.index)
    made.append((name, tensor.index))
    return name


def window(node: Node, size: tuple[int, ...], kernel: tuple[int, ...]):
    """Return kernel, strides and pads (all before, then all after), with auto_pad worked out; dilations are refused."""
    rank = len(size)
    node.need("dilations", (1,) * rank, (1,) * rank, "use a larger kernel with zeros in it")
    strides = tuple(node.attribute("strides", (1,) * rank))
    pads = tuple(node.attribute("pads", (0, 0) * rank))
    if len(strides) != rank or min(strides) < 1:
        raise NodeRefusedError("strides", f"{rank} sizes of at least 1", list(strides), "export the network again")
    if len(pads) != 2 * rank or min(pads) < 0 or max(pads) > 1 << 16:
        raise NodeRefusedError("pads", f"{2 * rank} sizes of 0 to {1 << 16}", list(pads), "export the network again")
    auto = node.attribute("auto_pad", "NOTSET")
    if auto in ("SAME_UPPER", "SAME_LOWER"):
        whole = [max((-(-n // s) - 1) * s + k - n, 0) for n, s, k in zip(size, strides, kernel, strict=True)]
        less, more = [n // 2 for n in whole], [n - n // 2 for n in whole]
        pads = (*less, *more) if auto == "SAME_UPPER" else (*more, *less)
    elif auto == "VALID":
        pads = (0, 0) * rank
    elif auto != "NOTSET":
        raise NodeRefusedError("auto_pad", "NOTSET, SAME_UPPER, SAME_LOWER or VALID", auto, "give pads")
    return kernel, strides, pads


def extent(node: Node, size, kernel, strides, pads, *, upward: bool) -> tuple[int, ...]:
    """Return the output's size; upward, a last window may begin in the input and end after it."""
    found = []
    for axis, (n, k, s) in enumerate(zip(size, kernel, strides, strict=True)):
        before, behind = pads[axis], pads[axis + len(size)]
        room = n + before + behind - k
        count = (-(-room // s) if upward else room // s) + 1
        if upward and (count - 1) * s >= n + before:
            count -= 1
        found.append(count)
    if min(found) < 1:
        raise NodeRefusedError("kernel", f"at most the padded input, {list(size)} and pads {list(pads)}", list(kernel),
                               "take a smaller kernel")
    return tuple(found)


def lift(sizes, fill: int) -> tuple[int, int]:
    """Return sizes of two dimensions from one or two."""
    return (fill, *sizes) if len(sizes) == 1 else tuple(sizes)


def lift_pads(pads) -> tuple[int, int, int, int]:
    """Return pads of two dimensions from those of one or two."""
    return (0, pads[0], 0, pads[1]) if len(pads) == 2 else tuple(pads)

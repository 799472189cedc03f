"""What works on each element alone: sums and products with constants, batch norm, activations, quantisation steps."""

from dataclasses import replace

import numpy as np

from compress.frontend.linear import real
from compress.frontend.node import Node
from compress.frontend.refuse import NodeRefusedError
from compress.frontend.tensor import RAW, Tensor, same_order
from compress.frontend.trace import Trace

INF = float("inf")


def add(trace: Trace, node: Node) -> Tensor:
    """A bias, or the sum of two values."""
    if node.is_constant(0) or node.is_constant(1):
        number = 0 if node.is_constant(0) else 1
        return affine(node, node.data(1 - number), 1.0, real(node.constant(number, "constant"), "constant"))
    return joined(trace, node, node.data(0, "A"), node.data(1, "B"))


def joined(trace: Trace, node: Node, first: Tensor, second: Tensor) -> Tensor:
    """Return the sum of two values."""
    if first.shape != second.shape or first.batch != second.batch:
        raise NodeRefusedError("shapes", "alike", f"{list(first.shape)} and {list(second.shape)}", "expand the smaller one")
    if first.source == second.source and same_order(first, second):
        return affine(node, first, 2.0, 0.0)
    if not same_order(first, second):
        raise NodeRefusedError("order of the elements", "the same in both values", "different, by a Transpose on the way",
                               "transpose both or neither")
    name = node.step("add", [first.source, second.source], trace.shape(first))
    return Tensor(source=name, shape=first.shape, batch=first.batch, index=first.index)


def total(trace: Trace, node: Node) -> Tensor:
    """A sum of one value or two; more would need more layers than the node says."""
    if len(node.proto.input) > 2:
        raise NodeRefusedError("inputs", "1 or 2", len(node.proto.input), "add two at a time, with Add")
    return add(trace, node) if len(node.proto.input) == 2 else node.data(0)


def subtract(trace: Trace, node: Node) -> Tensor:
    """The difference of a value and a constant, either way round, or of two values."""
    if node.is_constant(0):
        return affine(node, node.data(1), -1.0, real(node.constant(0, "A"), "A"))
    if not node.is_constant(1):
        return joined(trace, node, node.data(0, "A"), affine(node, node.data(1, "B"), -1.0, 0.0))
    return affine(node, node.data(0), 1.0, -real(node.constant(1, "B"), "B"))


def negate(trace: Trace, node: Node) -> Tensor:
    """The value times -1."""
    return affine(node, node.data(0), -1.0, 0.0)


def multiply(trace: Trace, node: Node) -> Tensor:
    """The product with a constant."""
    number = 0 if node.is_constant(0) else 1
    return affine(node, node.data(1 - number), real(node.constant(number, "factor"), "factor"), 0.0)


def divide(trace: Trace, node: Node) -> Tensor:
    """The quotient by a constant."""
    divisor = real(node.constant(1, "divisor"), "divisor").astype(np.float64)
    if not divisor.all():
        raise NodeRefusedError("divisor", "other than 0", 0, "export the network again")
    return affine(node, node.data(0), 1 / divisor, 0.0)


def batch_normalization(trace: Trace, node: Node) -> Tensor:
    """The stored mean and variance applied, which is one factor and one summand for each channel."""
    node.need("training_mode", 0, 0, "export in evaluation mode")
    node.need("spatial", 1, 1, "export with spatial=1")
    if len([name for name in node.proto.output if name]) > 1:
        raise NodeRefusedError("outputs", "the normalised value alone", "also the running mean", "export in evaluation mode")
    tensor = node.data(0)
    factor, shift, mean, variance = (node.constant(k, what).astype(np.float64) for k, what in
                                     enumerate(("scale", "B", "mean", "var"), 1))
    count, axis = factor.size, 1
    if len(tensor.shape) < 2 or tensor.shape[1] != count:
        axes = [k for k, n in enumerate(tensor.shape) if n == count and k != tensor.batch]
        if len(axes) != 1 or trace.model.opset > 8:
            raise NodeRefusedError("scale", f"one number for each channel of {list(tensor.shape)}", f"{count} numbers",
                                   "export the network again")
        axis = axes[0]
        trace.notices.append(f"node {node.name!r} (BatchNormalization): {count} channels lie along axis {axis} of "
                             f"{list(tensor.shape)}, where its exporter put them, not along axis 1 as the standard says")
    epsilon = float(node.attribute("epsilon", 1e-5))
    if any(part.shape != (count,) for part in (factor, shift, mean, variance)) or (variance + epsilon <= 0).any():
        raise NodeRefusedError("var", f"{count} numbers above -epsilon, as many as scale, B and mean",
                               f"{variance.size} from {variance.min(initial=0):g}", "export the network again")
    factor = factor / np.sqrt(variance + epsilon)
    along = [1] * len(tensor.shape)
    along[axis] = count
    return affine(node, tensor, factor.reshape(along), (shift - mean * factor).reshape(along))


def relu(trace: Trace, node: Node) -> Tensor:
    """``max(x, 0)``."""
    return bounded(node, node.data(0), 0.0, INF)


def clip(trace: Trace, node: Node) -> Tensor:
    """ReLU6 and its like: a bound below, above or both."""
    low, high = -INF, INF
    if trace.model.opset < 11:
        low, high = float(node.attribute("min", -3.4028234663852886e38)), float(node.attribute("max", 3.4028234663852886e38))
    else:
        low = float(node.constant(1, "min").ravel()[0]) if node.given(1) else low
        high = float(node.constant(2, "max").ravel()[0]) if node.given(2) else high
    low, high = -INF if low < -3e38 else low, INF if high > 3e38 else high
    if not low < high:
        raise NodeRefusedError("max", f"above min, {low:g}", f"{high:g}", "export the network again")
    return bounded(node, node.data(0), low, high)


def bounded(node: Node, tensor: Tensor, low: float, high: float) -> Tensor:
    """Return a value between two bounds, either of which may be infinite; `compress.frontend.bound` makes them activations."""
    name = node.step("bound", [tensor.source], node.trace.shape(tensor), low=low, high=high)
    return Tensor(source=name, shape=tensor.shape, batch=tensor.batch, index=tensor.index)


def quantize(trace: Trace, node: Node) -> Tensor:
    """The range that QuantizeLinear leaves, as a Clip; the rounding of a machine is finer.

    The value stays real: the DequantizeLinear after it, with the same scale, gives it back.
    """
    low, high = bounds(trace, node)
    tensor = bounded(node, node.data(0), low, high)
    trace.ranges[tensor.source] = max(-low, high)
    return replace(tensor, grid=scalars(node))


def dequantize(trace: Trace, node: Node) -> Tensor:
    """A value as it was before QuantizeLinear, or whole numbers that come in, turned into real ones."""
    tensor = node.data(0, whole=True)
    if tensor.grid == RAW:
        scales, zeros = along(node, tensor)
        return affine(node, replace(tensor, grid=None), scales, -zeros * scales)
    scale, zero = scalars(node)
    if tensor.grid is None or not np.isclose(tensor.grid, (scale, zero), rtol=1e-6).all():
        raise NodeRefusedError("scale and zero point", f"those of the QuantizeLinear before it, {tensor.grid}",
                               f"{(scale, zero)}", "export it again")
    return replace(tensor, grid=None)


def along(node: Node, tensor: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Return scale and zero point of whole numbers that come in: one, or one for each place along an axis."""
    scale = real(node.constant(1, "scale"), "scale").astype(np.float64)
    zero = node.constant(2, "zero point").astype(np.float64) if node.given(2) else np.zeros_like(scale)
    if scale.size == 1 and zero.size == 1:
        return scale.reshape(()), zero.reshape(())
    axis = int(node.attribute("axis", 1)) % len(tensor.shape)
    if scale.shape != (tensor.shape[axis],) or zero.shape != scale.shape or node.attribute("block_size", 0):
        raise NodeRefusedError("scale", f"one number, or {tensor.shape[axis]} along axis {axis}",
                               f"of shape {list(scale.shape)}", "quantise by tensor or by channel")
    shape = [-1 if k == axis else 1 for k in range(len(tensor.shape))]
    return scale.reshape(shape), zero.reshape(shape)


def scalars(node: Node) -> tuple[float, float]:
    """Return scale and zero point, one for the whole value."""
    scale = node.constant(1, "scale")
    zero = node.constant(2, "zero point") if node.given(2) else np.zeros(1)
    if scale.size != 1 or zero.size != 1:
        raise NodeRefusedError("scale", "one number for all of an activation", f"{scale.size} numbers",
                               "quantise activations by tensor; weights may be quantised by channel")
    if not scale.ravel()[0] > 0:
        raise NodeRefusedError("scale", "above 0", scale.ravel()[0], "quantise again")
    return float(scale.ravel()[0]), float(zero.ravel()[0])


def bounds(trace: Trace, node: Node) -> tuple[float, float]:
    """Return the lowest and highest real value of a QuantizeLinear."""
    scale, zero = scalars(node)
    kind = trace.constants[node.proto.input[2]].dtype if node.is_constant(2) else np.dtype(np.uint8)
    if kind not in (np.int8, np.uint8, np.int16, np.uint16):
        raise NodeRefusedError("type", "int8, uint8, int16 or uint16", kind, "quantise to one of these")
    limits = np.iinfo(kind)
    return (limits.min - zero) * scale, (limits.max - zero) * scale


def affine(node: Node, tensor: Tensor, factor, summand) -> Tensor:
    """Add the step ``factor * x + summand``, constants as ONNX broadcasts them."""
    trace = node.trace
    name = node.step("affine", [tensor.source], trace.shape(tensor), scale=tensor.spread(np.asarray(factor, np.float64)),
                     shift=tensor.spread(np.asarray(summand, np.float64)))
    return Tensor(source=name, shape=tensor.shape, batch=tensor.batch, index=tensor.index)


"""Gemm and MatMul: dense layers, whichever side the weights are on."""

import math

import numpy as np

from compress.frontend.node import Node
from compress.frontend.refuse import NodeRefusedError
from compress.frontend.tensor import Tensor
from compress.frontend.trace import Trace

MOST = 1 << 27      # weights of one layer


def gemm(trace: Trace, node: Node) -> Tensor:
    """``alpha * A' @ B' + beta * C`` with one of A and B constant, and C constant."""
    swap = node.is_constant(0)
    tensor, weight = node.data(1 if swap else 0), real(node.constant(0 if swap else 1, "A" if swap else "B"), "weight")
    turned = node.attribute("transB" if swap else "transA", 0), node.attribute("transA" if swap else "transB", 0)
    if len(tensor.shape) != 2 or weight.ndim != 2:
        raise NodeRefusedError("A and B", "matrices", f"of {len(tensor.shape)} and {weight.ndim} dimensions", "use MatMul")
    tensor = tensor.transposed((1, 0)) if turned[0] else tensor
    weight = weight.T if turned[1] else weight
    if swap:                                # A @ B is the transpose of B' @ A'
        tensor, weight = tensor.transposed((1, 0)), weight.T
    alpha, beta = float(node.attribute("alpha", 1.0)), float(node.attribute("beta", 1.0))
    weight = weight if alpha == 1 else weight * alpha
    answer = dense(node, tensor, weight)
    answer = answer.transposed((1, 0)) if swap else answer
    if node.given(2):
        bias = real(node.constant(2, "C"), "C") * beta
        trace.steps[-1].numbers["bias"] = answer.spread(bias)
    return answer


def matmul(trace: Trace, node: Node) -> Tensor:
    """A product of a value and a constant, each of one dimension or more."""
    if node.is_constant(0):
        tensor, weight = node.data(1), real(node.constant(0, "A"), "A")
        flip = range(len(tensor.shape) - 2)
        if len(tensor.shape) > 1:
            tensor = tensor.transposed((*flip, len(tensor.shape) - 1, len(tensor.shape) - 2))
        answer = product(node, tensor, np.swapaxes(weight, -1, -2) if weight.ndim > 1 else weight)
        if len(answer.shape) > 1 and weight.ndim > 1 and len(node.data(1).shape) > 1:
            count = len(answer.shape)
            answer = answer.transposed((*range(count - 2), count - 1, count - 2))
        return answer
    return product(node, node.data(0), real(node.constant(1, "B"), "B"))


def product(node: Node, tensor: Tensor, weight: np.ndarray) -> Tensor:
    """Return ``tensor @ weight`` as NumPy's matmul shapes it."""
    if weight.ndim > 2 and math.prod(weight.shape[:-2]) == 1 and weight.ndim <= len(tensor.shape):
        weight = weight.reshape(weight.shape[-2:])
    if len(tensor.shape) == 2 and tensor.batch == 0 and weight.ndim == 2:
        return dense(node, tensor, weight)
    return spread(node, tensor, weight)


def dense(node: Node, tensor: Tensor, weight: np.ndarray) -> Tensor:
    """Return the product of a matrix of samples, each a row, with a matrix of weights, inputs x outputs."""
    if tensor.batch != 0:
        if tensor.batch is None:
            return spread(node, tensor, weight)
        raise mixing()
    if tensor.shape[1] != weight.shape[0]:
        raise misfit(tensor.shape, weight.shape)
    limit(weight.size)
    placed = weight.T
    if tensor.index is not None:
        placed = np.empty_like(weight.T)
        placed[:, tensor.index] = weight.T
    name = node.step("dense", [tensor.source], (weight.shape[1],), weight=placed, bias=None)
    return Tensor(source=name, shape=(tensor.shape[0], weight.shape[1]), batch=0)


def spread(node: Node, tensor: Tensor, weight: np.ndarray) -> Tensor:
    """Return a product that treats parts of a sample alike: a dense layer with the weights repeated, zeros elsewhere."""
    shape, batch = tensor.shape, tensor.batch
    if batch is not None and batch == len(shape) - 1:
        raise mixing()
    if batch is not None and (axis := weight.ndim - len(shape) + batch) in range(weight.ndim - 2) and weight.shape[axis] != 1:
        raise NodeRefusedError("weights", "the same for every sample of a batch", f"of shape {list(weight.shape)}",
                               "give each sample the same weights")
    places = np.arange(tensor.size) if tensor.index is None else tensor.index
    a = places.reshape([1 if axis == batch else size for axis, size in enumerate(shape)])
    a, b = a if a.ndim > 1 else a[None, :], weight if weight.ndim > 1 else weight[:, None]
    try:
        if a.shape[-1] != b.shape[-2]:
            raise ValueError
        lead = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    except ValueError as error:
        raise misfit(shape, weight.shape) from error
    outputs = math.prod(lead) * a.shape[-2] * b.shape[-1]
    limit(outputs * tensor.size)
    a, b = np.broadcast_to(a, (*lead, *a.shape[-2:])), np.broadcast_to(b, (*lead, *b.shape[-2:]))
    row = np.arange(outputs).reshape(*lead, a.shape[-2], b.shape[-1])
    placed = np.zeros((outputs, tensor.size), weight.dtype)
    placed[row[..., :, None, :], a[..., :, :, None]] = b[..., None, :, :]
    name = node.step("dense", [tensor.source], (outputs,), weight=placed, bias=None)
    sample = [*lead, *([a.shape[-2]] if len(shape) > 1 else []), *([b.shape[-1]] if weight.ndim > 1 else [])]
    if batch is None:
        return Tensor(source=name, shape=tuple(sample), batch=None)
    after = batch + len(sample) - len(shape) + (weight.ndim == 1)
    sample[after] = shape[batch]
    return Tensor(source=name, shape=tuple(sample), batch=after)


def real(values: np.ndarray, what: str) -> np.ndarray:
    """Return weights as floats: 32 bits, or 64 where they have them."""
    if values.dtype.kind not in "fiu":
        raise NodeRefusedError(what, "real numbers", f"{values.dtype}", "export the network again")
    return values if values.dtype in (np.float32, np.float64) else values.astype(np.float32)


def limit(count: int) -> None:
    """Refuse a layer of too many weights."""
    if count > MOST:
        raise NodeRefusedError("weights", f"at most {MOST:,}", f"{count:,}", "take a smaller layer")


def mixing() -> NodeRefusedError:
    """Return the error of a product over the batch axis."""
    return NodeRefusedError("product", "one over the elements of a sample", "one over the batch axis",
                            "put the batch axis first")


def misfit(a: tuple[int, ...], b: tuple[int, ...]) -> NodeRefusedError:
    """Return the error of matrices that do not fit."""
    return NodeRefusedError("B", f"a matrix that fits {list(a)}", f"of shape {list(b)}", "export the network again")

"""Evaluates nodes whose inputs are all constant, by the reference implementation of `onnx`, within bounds."""

import math
from typing import Any

import numpy as np
import onnx
from onnx.reference import ReferenceEvaluator

from compress.frontend.refuse import NodeRefusedError

MOST = 1 << 27      # elements that folding may make
SAFE = frozenset({
    "Add", "And", "Cast", "Ceil", "Concat", "Constant", "ConstantOfShape", "DequantizeLinear", "Div", "Dropout", "Equal", "Exp",
    "Expand", "Flatten", "Floor", "Gather", "Gemm", "Greater", "Identity", "Less", "MatMul", "Max", "Min", "Mod", "Mul",
    "Neg", "Not", "Or", "Pow", "QuantizeLinear", "Range", "Reciprocal", "ReduceProd", "ReduceSum", "Reshape", "Round",
    "Shape", "Sign", "Size", "Slice", "Sqrt", "Squeeze", "Sub", "Tile", "Transpose", "Unsqueeze", "Where",
})
"""Operators whose result has a size that is known beforehand."""


def fold(node: Any, inputs: list[np.ndarray | None], opset: int) -> list[np.ndarray]:
    """Return the outputs of a node for constant inputs."""
    count = size(node, inputs)
    if count > MOST:
        raise NodeRefusedError("constant", f"of at most {MOST:,} elements", f"{count:,}", "export the network again")
    if node.op_type == "DequantizeLinear":
        return [dequantized(node, inputs)]
    names = [name for name in node.input if name]
    given = {name: array for name, array in zip(node.input, inputs, strict=True) if name and array is not None}
    ends = [[onnx.helper.make_empty_tensor_value_info(name) for name in side]
            for side in (dict.fromkeys(names), filter(None, node.output))]
    graph = onnx.helper.make_graph([node], "fold", ends[0], ends[1])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", opset)])
    try:
        with np.errstate(all="ignore"):
            answers = ReferenceEvaluator(model).run(None, given)
    except Exception as error:      # whatever the reference finds wrong is wrong with the file
        said = " ".join(str(error).split())
        raise NodeRefusedError("inputs", "constants it can be evaluated for", f"such that onnx says: {said:.60}",
                               "export the network again") from error
    whole = iter(answers)
    return [np.asarray(next(whole)) if name else np.empty(0) for name in node.output]


def dequantized(node: Any, inputs: list[np.ndarray | None]) -> np.ndarray:
    """Return quantised weights as real numbers, with one scale or one for each place along an axis.

    The reference implementation knows only the newest opsets of this operator.
    """
    whole, scale, zero = (*inputs, None)[:3]
    if whole is None or scale is None:
        raise NodeRefusedError("inputs", "weights and their scale", "without", "export the network again")
    axis = next((entry.i for entry in node.attribute if entry.name == "axis"), 1)
    blocks = next((entry.i for entry in node.attribute if entry.name == "block_size"), 0)
    if scale.size > 1:
        axis = axis + whole.ndim if axis < 0 else axis
        if blocks or scale.ndim != 1 or axis not in range(whole.ndim) or whole.shape[axis] != scale.size:
            raise NodeRefusedError("scale", "one number, or one for each place along its axis", f"of shape {list(scale.shape)}",
                                   "quantise by tensor or by channel")
        shape = [-1 if k == axis else 1 for k in range(whole.ndim)]
        scale, zero = scale.reshape(shape), None if zero is None else zero.reshape(shape)
    difference = whole.astype(np.float64) - (0 if zero is None else zero.astype(np.float64))
    return (difference * scale).astype(np.float32)


def size(node: Any, inputs: list[np.ndarray | None]) -> int:
    """Return the most elements, or steps of work, that a node on these inputs makes."""
    arrays = [array for array in inputs if array is not None]
    own = sum(array.size for array in arrays) + 1
    attributes = {attribute.name: attribute for attribute in node.attribute}
    if node.op_type in ("ConstantOfShape", "Expand", "Tile") and arrays:
        counts = [max(int(n), 1) for n in arrays[-1].ravel()[:64]]
        return math.prod(counts) * (arrays[0].size if node.op_type != "ConstantOfShape" else 1)
    if node.op_type == "Range" and len(arrays) == 3:
        first, last, step = (float(array.ravel()[0]) if array.size else 0.0 for array in arrays)
        return math.ceil(min(abs(last - first) / (abs(step) or 1e-300), 1e18))
    if node.op_type in ("MatMul", "Gemm") and len(arrays) >= 2:
        inner = max(arrays[0].shape[-2:] or (1,))
        return max(arrays[0].size * max(arrays[1].shape[-2:] or (1,)), arrays[1].size * inner) >> 6
    if node.op_type == "Gather" and len(arrays) == 2 and arrays[0].ndim:
        axis = attributes["axis"].i if "axis" in attributes else 0
        if -arrays[0].ndim <= axis < arrays[0].ndim:
            return arrays[0].size // max(arrays[0].shape[axis], 1) * arrays[1].size
    if node.op_type == "Concat":
        return own
    try:
        return max(own, math.prod(np.broadcast_shapes(*(array.shape for array in arrays))))
    except ValueError:
        return own

"""Damage to ONNX networks: edges, operators, attributes, sizes, opsets, and weights that lie elsewhere."""
import numpy as np
import onnx
from onnx import helper, numpy_helper

from tests import onnx_sample

NAMES = ("", "x", "y", "w", "h", "\x1b[31m", "[red]", "é", "x" * 500, "../x")
OPERATORS = ("Gemm", "MatMul", "Conv", "Add", "Relu", "Reshape", "Transpose", "Loop", "If", "Softmax", "Cast", "Clip", "",
             "x" * 99, "MaxPool", "BatchNormalization", "Constant", "QuantizeLinear", "Flatten", "Identity", "\x1b[31m")
SIZES = (0, 1, -1, 2, 3, 1 << 20, 1 << 31, 1 << 40, (1 << 63) - 1)
PLACES = ("/etc/passwd", "../x.npy", "x.npy", "net.onnx", "none", "", "folder", "/dev/zero", "a\0b")


def network():
    """Two dense layers with a ReLU between."""
    rng = np.random.default_rng(0)
    weights = {"w": rng.normal(size=(6, 10)).astype("f4"), "b": rng.normal(size=6).astype("f4"),
               "v": rng.normal(size=(3, 6)).astype("f4")}
    nodes = [onnx_sample.node("Gemm", ["x", "w", "b"], "g", transB=1), onnx_sample.node("Relu", ["g"], "h"),
             onnx_sample.node("Gemm", ["h", "v"], "y", transB=1)]
    return onnx_sample.model(nodes, weights, ["N", 10])


def planes():
    """A convolution with a pool, one with a stride, and a dense layer."""
    rng = np.random.default_rng(1)
    weights = {"w": rng.normal(size=(2, 1, 3, 3)).astype("f4"), "b": rng.normal(size=2).astype("f4"),
               "v": rng.normal(size=(4, 2, 2, 2)).astype("f4"), "u": rng.normal(size=(3, 4)).astype("f4")}
    nodes = [onnx_sample.node("Conv", ["x", "w", "b"], "c", pads=[1, 1, 1, 1]), onnx_sample.node("Relu", ["c"], "h"),
             onnx_sample.node("MaxPool", ["h"], "p", kernel_shape=[2, 2], strides=[2, 2]),
             onnx_sample.node("Conv", ["p", "v"], "d", strides=[2, 2]), onnx_sample.node("Flatten", ["d"], "f"),
             onnx_sample.node("Gemm", ["f", "u"], "y", transB=1)]
    return onnx_sample.model(nodes, weights, ["N", 1, 5, 5])


def graph(rng, raw):
    """A network with one to three things that are odd."""
    proto = onnx.ModelProto.FromString(raw)
    for _ in range(rng.choice((1, 1, 2, 3))):
        rng.choice(CHANGES)(rng, proto.graph, proto)
    return proto.SerializeToString()


def _edge(rng, graph, _):
    node = rng.choice(graph.node)
    side = node.input if rng.random() < 0.5 else node.output
    if len(side):
        side[rng.randrange(len(side))] = rng.choice((*NAMES, *(one for other in graph.node for one in other.output)))


def _operator(rng, graph, _):
    rng.choice(graph.node).op_type = rng.choice(OPERATORS)


def _attribute(rng, graph, _):
    node = rng.choice(graph.node)
    name = rng.choice(("transB", "alpha", "axis", "perm", "kernel_shape", "strides", "pads", "group", "to", "x"))
    value = rng.choice((*SIZES, 1.5, float("nan"), "x", [1, -1], [1 << 40] * 2, [], np.zeros(2, "f4")))
    if isinstance(value, np.ndarray):
        value = numpy_helper.from_array(value)
    node.attribute.append(helper.make_attribute(name, value, attr_type=onnx.AttributeProto.INTS if value == [] else None))


def _tensor(rng, graph, _):
    tensor = rng.choice(graph.initializer)
    kind = rng.randrange(5)
    if kind == 0:
        tensor.dims[rng.randrange(len(tensor.dims))] = rng.choice(SIZES)
    elif kind == 1:
        tensor.data_type = rng.choice((0, 1, 2, 6, 7, 8, 10, 11, 14, 16, 17, 99))
    elif kind == 2:
        tensor.raw_data = tensor.raw_data[:rng.randrange(len(tensor.raw_data) + 1)]
    elif kind == 3:
        tensor.CopyFrom(numpy_helper.from_array(np.array([[np.nan, np.inf]], "f4"), tensor.name))
    else:
        tensor.data_location = onnx.TensorProto.EXTERNAL
        where = {"location": rng.choice(PLACES), "offset": str(rng.choice(SIZES)), "length": str(rng.choice(SIZES))}
        for key, value in where.items():
            tensor.external_data.add(key=key, value=value)


def _input(rng, graph, _):
    dims = graph.input[0].type.tensor_type.shape.dim
    dims[rng.randrange(len(dims))].dim_value = rng.choice(SIZES)


def _whole(rng, graph, proto):
    kind = rng.randrange(5)
    if kind == 0:
        proto.opset_import[0].version = rng.choice((0, 1, 6, 13, 25, 1 << 40))
    elif kind == 1:
        graph.node.add().CopyFrom(rng.choice(graph.node))
    elif kind == 2 and len(graph.node) > 1:
        del graph.node[rng.randrange(len(graph.node))]
    elif kind == 3:
        graph.output[0].name = rng.choice(NAMES)
    else:
        graph.input.add(name=rng.choice(NAMES))


CHANGES = (_edge, _operator, _attribute, _tensor, _tensor, _input, _whole)

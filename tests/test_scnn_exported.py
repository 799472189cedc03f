"""Convolutional networks as exporters write them: each opset, weight type and way to store weights gives the same image."""
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from compress.frontend import onnx as frontend
from compress.scnn.lower import lower
from compress.scnn.whole import quantise
from spec.scnn import preset
from tests.onnx_sample import ask, model, node
from tests.scnn_network import NORM, K, L, norm, normal

W, C = normal(5, 6), normal(5)
NORMS = norm(6)
X = np.random.default_rng(8).normal(size=(3, 3, 8, 8)).astype(np.float32)


def network(opset=17, kind=np.float32, **changes):
    """Conv, batch norm, ReLU, pool, residual add, global average and Gemm, with names as exporters choose them."""
    pads = {"pads": [1, 1, 1, 1], "kernel_shape": [3, 3]}
    nodes = [node("Conv", ["x", "features/0/conv.weight"], "/features/0/Conv_output_0", **pads),
             node("BatchNormalization", ["/features/0/Conv_output_0", *NORM], "bn out", epsilon=1e-3),
             node("Relu", ["bn out"], "r"), node("MaxPool", ["r"], "p", kernel_shape=[2, 2], strides=[2, 2]),
             node("Conv", ["p", "l"], "e", **pads), node("Add", ["e", "p"], "s"), node("Relu", ["s"], "t"),
             node("GlobalAveragePool", ["t"], "g"), node("Flatten", ["g"], "f"), node("Gemm", ["f", "w", "c"], transB=1)]
    weights = {"features/0/conv.weight": K, "l": L, "w": W, "c": C} | NORMS | changes
    weights = {name: value.astype(kind) if value.dtype.kind == "f" else value for name, value in weights.items()}
    kinds = {np.float32: TensorProto.FLOAT, np.float64: TensorProto.DOUBLE, np.float16: TensorProto.FLOAT16}
    return model(nodes, weights, ["N", 3, 8, 8], opset=opset, kind=kinds[kind])


def whole(proto, path="net.onnx"):
    graph = frontend.from_model(proto, path) if not isinstance(proto, str) else frontend.read(proto)
    return quantise(preset("default"), graph, lower(graph), X)


def rms(found, wanted):
    return np.sqrt(np.mean(np.square(found - wanted)) / np.mean(np.square(wanted)))


PLAIN = whole(network())


def test_it_equals_onnxruntime():
    assert rms(PLAIN.outputs, ask(network(), X)) < 0.001
    assert [step.kind for step in PLAIN.lowered.steps] == ["3x3, max 2x2 /2x2", "3x3, + residual", "mean 4x4 /4x4", "1x1"]


@pytest.mark.parametrize("opset", [11, 13, 15, 19, 21, 23])
def test_every_opset_gives_the_same_integers(opset):
    for layer, wanted in zip(whole(network(opset)).layers, PLAIN.layers, strict=True):
        np.testing.assert_array_equal(layer.weight, wanted.weight)


@pytest.mark.parametrize("kind, near", [(np.float64, 0.001), (np.float16, 0.01)])
def test_double_and_half_weights(kind, near):
    assert rms(whole(network(kind=kind)).outputs, ask(network(), X)) < near


def test_an_unused_initializer_and_weights_that_two_nodes_share():
    proto = network(spare=normal(3))
    proto.graph.node[4].input[1] = "shared"
    proto.graph.initializer.append(numpy_helper.from_array(L, "shared"))
    np.testing.assert_array_equal(whole(proto).outputs, PLAIN.outputs)


def test_weights_in_constant_nodes():
    proto = network()
    kept = [value for value in proto.graph.initializer if value.name != "l"]
    made = helper.make_node("Constant", [], ["l"], value=numpy_helper.from_array(L, "l"))
    del proto.graph.initializer[:]
    proto.graph.initializer.extend(kept)
    proto.graph.node.insert(0, made)
    np.testing.assert_array_equal(whole(proto).outputs, PLAIN.outputs)


def test_weights_in_a_file_beside(tmp_path):
    onnx.save(network(), tmp_path / "net.onnx", save_as_external_data=True, location="net.data", size_threshold=0)
    assert (tmp_path / "net.data").stat().st_size > 4 * (K.size + L.size)
    np.testing.assert_array_equal(whole(str(tmp_path / "net.onnx")).outputs, PLAIN.outputs)


def test_a_fixed_batch_is_any_number_of_samples():
    proto = network()
    proto.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 2
    np.testing.assert_array_equal(whole(proto).outputs, PLAIN.outputs)


def test_a_quantised_network_keeps_its_ranges():
    """QDQ: the scale of an activation says how large it becomes, whatever the calibration data."""
    proto = network()
    graph = proto.graph
    graph.initializer.extend([numpy_helper.from_array(np.float32(0.1), "scale of t"),
                              numpy_helper.from_array(np.uint8(0), "zero of t")])
    graph.node.insert(7, node("QuantizeLinear", ["t", "scale of t", "zero of t"], "q"))
    graph.node.insert(8, node("DequantizeLinear", ["q", "scale of t", "zero of t"], "u"))
    graph.node[9].input[0] = "u"
    made = whole(proto)
    limited = [step for step in made.lowered.steps if step.activation.ceiling is not None]
    assert [made.scales[step.name] * 32767 for step in limited] == [pytest.approx(25.5, rel=1e-6)]
    assert rms(made.outputs, ask(proto, X)) < 0.03

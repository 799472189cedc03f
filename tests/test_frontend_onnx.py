"""Hand-made networks, odd ones among them, equal onnxruntime once they are read; what cannot be mapped is named."""
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from compress.frontend import onnx as frontend
from compress.frontend.execute import output
from compress.frontend.graph import INPUT, Add, Conv, Dense, Relabel
from compress.frontend.refuse import NetworkRefusedError
from tests.onnx_sample import ask, model, node

RANDOM = np.random.default_rng(7)


def normal(*shape):
    return RANDOM.normal(size=shape).astype(np.float32)


W, V, B, C = normal(6, 4), normal(4, 3), normal(4), normal(3)
NORM = {"scale": abs(normal(4)) + 0.5, "shift": normal(4), "mean": normal(4), "var": abs(normal(4)) + 0.1}
NORMS = ["scale", "shift", "mean", "var"]
K, D = normal(4, 3, 3, 3), normal(4, 2, 2, 2)


def mlp(opset=17, **changes):
    weights = {"w": W, "b": B, "v": V} | changes
    return model([node("MatMul", ["x", "w"], "a"), node("Add", ["a", "b"], "s"), node("Relu", ["s"], "r"),
                  node("MatMul", ["r", "v"])], weights, ["N", 6], opset=opset)


DENSE = {
    "two layers": mlp(),
    "oldest opset": mlp(opset=11),
    "newest opset that onnxruntime knows": mlp(opset=23),
    "unused initializer": mlp(unused=normal(9)),
    "double weights": model([node("MatMul", ["x", "w"])], {"w": W.astype(np.float64)}, ["N", 6], kind=TensorProto.DOUBLE),
    "gemm, both transposed": model([node("Transpose", ["x"], "t", perm=[1, 0]),
                                    node("Gemm", ["t", "w", "b"], transA=1, transB=1, alpha=0.5, beta=2.0)],
                                   {"w": W.T.copy(), "b": B}, ["N", 6]),
    "gemm without a bias": model([node("Gemm", ["x", "w"])], {"w": W}, ["N", 6]),
    "weights on the left": model([node("Transpose", ["x"], "t"), node("MatMul", ["w", "t"], "m"), node("Transpose", ["m"])],
                                 {"w": W.T.copy()}, ["N", 6]),
    "gemm with weights on the left": model([node("Gemm", ["w", "x"], "m", transB=1, transA=1), node("Transpose", ["m"])],
                                           {"w": W}, ["N", 6]),
    "batch norm after": model([node("MatMul", ["x", "w"], "a"), node("BatchNormalization", ["a", *NORMS], epsilon=1e-3)],
                               {"w": W} | NORM, ["N", 6]),
    "batch norm before": model([node("MatMul", ["x", "w"], "a"), node("Relu", ["a"], "r"),
                                node("BatchNormalization", ["r", *NORMS], "n"), node("MatMul", ["n", "v"])],
                               {"w": W, "v": V} | NORM, ["N", 6]),
    "batch norm on its own": model([node("BatchNormalization", ["x", *NORMS], "n"), node("Relu", ["n"])], NORM, ["N", 4]),
    "one weight for two layers": model([node("MatMul", ["x", "w"], "a"), node("Relu", ["a"], "r"), node("MatMul", ["r", "w"])],
                                       {"w": normal(6, 6)}, ["N", 6]),
    "relu6": model([node("MatMul", ["x", "w"], "a"), node("Clip", ["a", "low", "high"])],
                   {"w": W, "low": np.float32(0), "high": np.float32(1.5)}, ["N", 6]),
    "clip from below 0": model([node("MatMul", ["x", "w"], "a"), node("Clip", ["a", "low", "high"], "c"), node("MatMul",
        ["c", "v"])],
                               {"w": W, "v": V, "low": np.float32(-1), "high": np.float32(1.5)}, ["N", 6]),
    "clip above alone": model([node("MatMul", ["x", "w"], "a"), node("Clip", ["a", "", "high"])],
                              {"w": W, "high": np.float32(0.5)}, ["N", 6]),
    "names with slashes and spaces": model(
        [helper.make_node("Gemm", ["x", "/fc 1/w", "/fc 1/b"], ["/fc 1/out put"], name="/fc 1/Gemm"),
         helper.make_node("Relu", ["/fc 1/out put"], ["y"], name="/fc 1/Relu")], {"/fc 1/w": W, "/fc 1/b": B}, ["N", 6]),
    "shapes computed by the network": model(
        [node("Shape", ["x"], "s"), node("Gather", ["s", "zero"], "n", axis=0), node("Unsqueeze", ["n", "zeros"], "u"),
         node("Concat", ["u", "minus"], "c", axis=0), node("Reshape", ["x", "c"], "f"), node("MatMul", ["f", "w"])],
        {"zero": np.int64(0), "zeros": np.array([0]), "minus": np.array([-1]), "w": W}, ["N", 2, 3]),
    "weights in Constant nodes": model(
        [node("Constant", [], "w", value=numpy_helper.from_array(W)), node("MatMul", ["x", "w"])], {}, ["N", 6]),
    "weights after Identity and Cast": model(
        [node("Identity", ["h"], "i"), node("Cast", ["i"], "w", to=TensorProto.FLOAT), node("MatMul", ["x", "w"])],
        {"h": W.astype(np.float16)}, ["N", 6]),
    "product in parts": model([node("MatMul", ["x", "w"])], {"w": normal(3, 4)}, ["N", 2, 3]),
    "fixed batch that mixes": model([node("Add", ["x", "b"], "a"), node("Relu", ["a"])], {"b": normal(2, 3)}, [2, 3]),
    "scaled input, Dropout, Identity": model(
        [node("Div", ["x", "c"], "d"), node("Sub", ["d", "m"], "s"), node("Dropout", ["s"], "o"), node("Identity", ["o"], "i"),
         node("Gemm", ["i", "w", "b"])], {"c": np.float32(255), "m": normal(6), "w": W, "b": B}, ["N", 6]),
}

IMAGES = {
    "convolution": model([node("Conv", ["x", "k", "b"], strides=[2, 1], pads=[1, 0, 0, 2])], {"k": K, "b": B}, ["N", 3, 7, 6]),
    "groups": model([node("Conv", ["x", "k"], group=2, auto_pad="SAME_LOWER", strides=[2, 2])], {"k": D}, ["N", 4, 7, 6]),
    "convolution of one dimension": model([node("Conv", ["x", "k"], "c", pads=[1, 1]), node("MaxPool",
        ["c"], kernel_shape=[2])],
                                          {"k": normal(4, 3, 3)}, ["N", 3, 9]),
    "batch norm, relu and pool": model(
        [node("Conv", ["x", "k"], "c"), node("BatchNormalization", ["c", *NORMS], "n"), node("Relu", ["n"], "r"),
         node("MaxPool", ["r"], kernel_shape=[3, 2], strides=[2, 2], pads=[1, 0, 1, 1], ceil_mode=1)], {"k": K} | NORM,
         ["N", 3, 8, 8]),
    "batch norm before padding": model(
        [node("BatchNormalization", ["x", *NORMS], "n"), node("Conv", ["n", "k"], pads=[1, 1, 1, 1])],
        {"k": normal(2, 4, 3, 3)} | NORM, ["N", 4, 5, 5]),
    "batch norm before a convolution": model(
        [node("BatchNormalization", ["x", *NORMS], "n"), node("Conv", ["n", "k"], group=2)],
        {"k": D} | NORM, ["N", 4, 5, 5]),
    "mean pool without its padding": model([node("AveragePool", ["x"], kernel_shape=[3, 3], pads=[1, 1, 1, 1], strides=[2, 2])],
                                           {}, ["N", 2, 7, 7]),
    "mean pool with its padding": model(
        [node("AveragePool", ["x"], kernel_shape=[3, 3], pads=[1, 0, 1, 2], strides=[2, 2], count_include_pad=1)], {},
            ["N", 2, 7, 7]),
    "skip": model([node("Conv", ["x", "k"], "c", pads=[1, 1, 1, 1]), node("Add", ["c", "x"], "a"), node("Relu", ["a"], "r"),
                   node("GlobalAveragePool", ["r"], "g"), node("Flatten", ["g"], "f"), node("MatMul", ["f", "v"])],
                  {"k": normal(4, 4, 3, 3), "v": V}, ["N", 4, 5, 5]),
    "channels last outside": model(
        [node("Transpose", ["x"], "t", perm=[0, 3, 1, 2]), node("Conv", ["t", "k"], "c"), node("Transpose", ["c"],
            "u", perm=[0, 2, 3, 1]),
         node("Relu", ["u"], "r"), node("Transpose", ["r"], "v", perm=[0, 3, 1, 2]), node("Conv", ["v", "l"], "e"),
         node("Transpose", ["e"], perm=[0, 2, 3, 1])], {"k": K, "l": normal(2, 4, 2, 2)}, ["N", 6, 7, 3]),
    "flattened channels last": model(
        [node("Conv", ["x", "k"], "c"), node("Transpose", ["c"], "t", perm=[0, 2, 3, 1]), node("Flatten", ["t"], "f"),
         node("Gemm", ["f", "w"])], {"k": K, "w": normal(4 * 3 * 4, 5)}, ["N", 3, 5, 6]),
    "a kernel as large as the picture": model([node("Conv", ["x", "k", "b"], "c"), node("Flatten", ["c"])],
                                              {"k": normal(4, 3, 4, 5), "b": B}, ["N", 3, 4, 5]),
    "a factor for each place, then a convolution": model(
        [node("Mul", ["x", "p"], "m"), node("Add", ["m", "zero"], "a"), node("Conv", ["a", "k"])],
        {"k": K, "p": normal(3, 5, 5), "zero": np.float32(0)}, ["N", 3, 5, 5]),
    "a factor for each of what becomes a picture": model(
        [node("Mul", ["x", "f"], "m"), node("Reshape", ["m", "s"], "r"), node("Conv", ["r", "k"])],
        {"k": normal(2, 1, 3, 3), "f": normal(16), "s": np.array([0, 1, 4, 4])}, ["N", 16]),
    "one dimension, the input added": model([node("Conv", ["x", "k"], "c", pads=[1, 1]), node("Add", ["c", "x"])],
                                            {"k": normal(3, 3, 3)}, ["N", 3, 7]),
    "normalised before channels come first": model(
        [node("Sub", ["x", "m"], "a"), node("Mul", ["a", "f"], "n"), node("Transpose", ["n"], "t", perm=[0, 3, 1, 2]),
         node("Conv", ["t", "k"], "c", pads=[1, 1, 1, 1]), node("Conv", ["t", "l"], "d"), node("Add", ["c", "d"])],
        {"k": K, "l": normal(4, 3, 1, 1), "m": normal(3), "f": normal(3)}, ["N", 5, 6, 3]),
    "a constant for each place": model([node("Conv", ["x", "k"], "c"), node("Add", ["c", "p"], "a"), node("Relu", ["a"])],
                                       {"k": K, "p": normal(4, 3, 3)}, ["N", 3, 5, 5]),
}


@pytest.mark.parametrize("name", [*DENSE, *IMAGES])
def test_a_network_equals_onnxruntime(name):
    proto = (DENSE | IMAGES)[name]
    kind = proto.graph.input[0].type.tensor_type
    shape = [dim.dim_value or 3 for dim in kind.shape.dim]
    x = RANDOM.normal(size=shape).astype(np.float64 if kind.elem_type == TensorProto.DOUBLE else np.float32)
    network = frontend.from_model(proto)
    answers = output(network, x.reshape(-1, *network.shape))
    wanted = ask(proto, x)
    np.testing.assert_allclose(answers.ravel(), wanted.ravel(), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", ["two layers", "batch norm after", "batch norm before", "clip from below 0", "relu6",
                                  "scaled input, Dropout, Identity", "names with slashes and spaces"])
def test_everything_is_folded_into_dense_layers(name):
    network = frontend.from_model(DENSE[name])
    products = sum(node.op_type in ("MatMul", "Gemm") for node in DENSE[name].graph.node)
    assert [type(layer) for layer in network.layers] == [Dense] * products


def test_what_normalises_an_input_comes_after_its_new_order():
    """As TensorFlow's exporters write it: the host turns the picture, and the first layer stands in the array's order."""
    network = frontend.from_model(IMAGES["normalised before channels come first"])
    assert [type(layer) for layer in network.layers] == [Relabel, Conv, Conv, Conv, Add]
    assert network.layers[0].inputs == (INPUT,)
    assert network.layers[1].groups == 3


def test_a_step_between_layers_keeps_its_node_names():
    network = frontend.from_model(IMAGES["batch norm, relu and pool"])
    assert isinstance(network.layers[0], Conv) and network.layers[0].activation.relu
    assert [name.split(" (")[1] for name in network.layers[0].nodes] == ["Conv)", "BatchNormalization)", "Relu)"]


def test_the_end_is_left_to_the_host():
    network = frontend.from_model(model([node("MatMul", ["x", "w"], "a"), node("Softmax", ["a"])], {"w": W}, ["N", 6]))
    assert network.host == ("y (Softmax)",) and len(network.layers) == 1


@pytest.mark.parametrize(("nodes", "weights", "shape", "said"), [
    ([node("Selu", ["x"])], {}, ["N", 4], r"node 'y' \(Selu\): operator must be .*, not Selu; train with Relu"),
    ([node("Conv", ["x", "k"], dilations=[2, 2])], {"k": K}, ["N", 3, 9, 9],
     r"node 'y' \(Conv\): dilations must be \[1, 1\], not \[2, 2\]"),
    ([node("Conv", ["x", "k"])], {"k": normal(1, 1, 2, 2, 2)}, ["N", 1, 4, 4, 4], "dimensions must be 1 or 2 .*, not 3"),
    ([node("MatMul", ["x", "x"])], {}, [4, 4], "B must be constant .*, not computed by the network"),
    ([node("Softmax", ["x"], "a"), node("MatMul", ["a", "w"])], {"w": W}, ["N", 6],
     r"\(Softmax\): .*only a Softmax at the very end"),
    ([node("Reshape", ["x", "s"])], {"s": np.array([1, -1])}, ["N", 6],
     "shape must be one that keeps the samples of a batch apart"),
    ([node("MaxPool", ["x"], ["y", "z"], kernel_shape=[2, 2])], {}, ["N", 1, 4, 4],
     "outputs must be the values alone, not also Indices"),
    ([node("BatchNormalization", ["x", *NORMS], training_mode=1)], NORM, ["N", 4], "training_mode must be 0, not 1"),
    ([node("MatMul", ["x", "w"])], {"w": np.full((6, 2), np.nan, np.float32)}, ["N", 6],
     r"B must be finite, not nan at \(0, 0\)"),
    ([node("Transpose", ["x"], "t"), node("MatMul", ["t", "w"])], {"w": normal(2, 2)}, ["N", 6],
     "B must be|over the batch axis"),
])
def test_what_cannot_be_mapped_is_named(nodes, weights, shape, said):
    with pytest.raises(NetworkRefusedError, match=said):
        frontend.from_model(model(nodes, weights, shape))


def test_every_refused_node_is_named_at_once():
    nodes = [node("Selu", ["x"], "a"), node("MatMul", ["a", "w"], "b"), node("Elu", ["b"], "c"),
             node("Conv", ["x", "k"])]
    with pytest.raises(NetworkRefusedError) as caught:
        frontend.from_model(model(nodes, {"w": W, "k": K}, ["N", 6]))
    assert [line.operator for line in caught.value.refusals] == ["Selu", "Elu", "Conv"]


def test_two_branches_read_a_value_before_and_after_its_relu():
    proto = model([node("MatMul", ["x", "w"], "a"), node("Relu", ["a"], "r"), node("Add", ["a", "r"])], {"w": W}, ["N", 6])
    x = normal(5, 6)
    np.testing.assert_allclose(output(frontend.from_model(proto), x), ask(proto, x), rtol=1e-5, atol=1e-5)


def test_half_precision_weights_are_taken_exactly():
    half = W.astype(np.float16)
    proto = model([node("MatMul", ["x", "w"])], {"w": half}, ["N", 6], kind=TensorProto.FLOAT16)
    np.testing.assert_array_equal(frontend.from_model(proto).layers[0].weight, half.T.astype(np.float32))


def test_weights_beside_the_file(tmp_path):
    proto = mlp()
    path = tmp_path / "net.onnx"
    onnx.save(proto, path, save_as_external_data=True, location="net.weights", size_threshold=0)
    x = normal(4, 6)
    np.testing.assert_allclose(output(frontend.read(path), x), ask(str(path), x), rtol=1e-5, atol=1e-5)


def quantised(x):
    """A layer with weights of 8 bits per channel and activations of 8 bits, as quantisers write them."""
    scale = (abs(W).max(0) / 127).astype(np.float32)
    whole = np.rint(W / scale).astype(np.int8)
    return model(
        [node("QuantizeLinear", ["x", "sx", "zx"], "q"), node("DequantizeLinear", ["q", "sx", "zx"], "d"),
         node("DequantizeLinear", ["wq", "sw"], "w", axis=1), node("MatMul", ["d", "w"], "a"), node("Add", ["a", "b"], "p"),
         node("QuantizeLinear", ["p", "sy", "zy"], "r"), node("DequantizeLinear", ["r", "sy", "zy"])],
        {"sx": np.float32(abs(x).max() / 127), "zx": np.int8(0), "wq": whole, "sw": scale, "b": B,
         "sy": np.float32(0.05), "zy": np.uint8(0)}, ["N", 6])


def test_a_quantised_network_comes_with_its_scales():
    x = normal(50, 6)
    proto = quantised(x)
    network = frontend.from_model(proto)
    error = output(network, x) - ask(proto, x)
    assert abs(error).max() <= 0.05 / 2 + abs(x).max() / 127 / 2 * abs(W).sum(0).max()
    layer = network.layers[-1]
    assert layer.activation.relu and layer.activation.ceiling == pytest.approx(255 * 0.05)
    assert len(network.layers) == 1
    assert network.ranges["input"] == pytest.approx(128 * abs(x).max() / 127)
    assert network.ranges[layer.name] == pytest.approx(255 * 0.05)

"""Networks that no one here made equal onnxruntime once they are read, and the one that cannot be mapped is named."""
import os
from pathlib import Path

import numpy as np
import onnx
import pytest

from compress.frontend.execute import output
from compress.frontend.graph import Dense
from compress.frontend.onnx import read
from compress.frontend.refuse import NetworkRefusedError
from tests.onnx_sample import ask

FOLDER = Path(os.environ.get("NONZERO_NETWORKS") or Path(__file__).parents[2] / "shared" / "networks")
HOST = {"Softmax": lambda y: np.exp(y) / np.exp(y).sum(1, keepdims=True), "Sigmoid": lambda y: 1 / (1 + np.exp(-y))}


def file(name):
    if not (FOLDER / name).is_file():
        pytest.skip(f"{name} is not in ../shared/networks nor in NONZERO_NETWORKS")
    return FOLDER / name


def answers(network, x):
    y = output(network, x)
    return HOST[network.host[0].split("(")[1].rstrip(")")](y) if network.host else y


@pytest.mark.parametrize("name", ["anomaly_detection", "dense_big_keras", "resnet8_cifar10"])
def test_a_network_equals_onnxruntime(name):
    path = file(f"{name}.onnx")
    network = read(path)
    batch = 1 if "keras" in name else 3
    x = np.random.default_rng(1).random((batch, *network.shape)).astype(np.float32)
    np.testing.assert_allclose(answers(network, x), ask(str(path), x), rtol=1e-4, atol=1e-5)


def test_a_baked_in_batch_is_no_hindrance():
    path = file("two_layer_pytorch.onnx")
    network = read(path)
    proto = onnx.load(path)
    for value in proto.graph.input:
        if value.name == "0":
            value.type.tensor_type.shape.dim[0].dim_value = 5
    x = np.random.default_rng(1).normal(size=(5, 10)).astype(np.float32)
    np.testing.assert_allclose(answers(network, x), ask(proto, x), rtol=1e-5, atol=1e-6)
    assert any("789,444" in notice for notice in network.notices)


def test_batch_norm_along_the_axis_its_exporter_meant():
    """onnxruntime refuses the file, whose batch norms lie between two transposes; without these it answers."""
    path = file("three_layer_bn_keras.onnx")
    network = read(path)
    proto = onnx.load(path)
    for node in proto.graph.node:
        if node.op_type == "Transpose":
            node.op_type = "Identity"
    del proto.graph.value_info[:]
    x = np.random.default_rng(1).normal(size=(1, 16)).astype(np.float32)
    np.testing.assert_allclose(answers(network, x), ask(proto, x), rtol=1e-4, atol=1e-6)
    assert sum("axis 0" in notice for notice in network.notices) == 4
    assert [type(layer) for layer in network.layers] == [Dense] * 4


def test_an_activation_without_a_machine_is_named():
    with pytest.raises(NetworkRefusedError) as caught:
        read(file("conv2d_small_mp_keras.onnx"))
    assert [line.operator for line in caught.value.refusals] == ["Selu"] * 3

"""A network written as ONNX answers in onnxruntime, and read again, as it did; what has no node is refused."""
import warnings

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits

from compress.frontend.execute import output
from compress.frontend.onnx import from_model, read
from compress.frontend.sklearn import from_perceptron
from compress.frontend.write import as_model, save
from tests.commands import leave
from tests.onnx_sample import ask, model, node
from tests.scnn_network import NETWORKS

REFUSED = {"channels last at the input": "layer 'a' must keep the order of elements, not be a relabel; write the network",
           "channel shuffle": "layer 'y' must keep the order of elements",
           "rows and columns exchanged": "layer 'y' must keep the order of elements",
           "turned answer": "answers must be in the order"}


@pytest.mark.parametrize("name", sorted(NETWORKS))
def test_it_answers_as_before(name):
    network = from_model(NETWORKS[name], name)
    x = np.random.default_rng(1).normal(size=(3, *network.shape)).astype(np.float32)
    if name in REFUSED:
        with pytest.raises(ValueError, match=REFUSED[name]):
            as_model(network)
        return
    made, wanted = as_model(network), output(network, x)
    np.testing.assert_allclose(ask(made, x).reshape(3, -1), wanted, rtol=1e-4, atol=1e-4)
    again = from_model(made, name)
    np.testing.assert_allclose(output(again, x), wanted, rtol=1e-5, atol=1e-5)
    assert [type(layer) for layer in again.layers] == [type(layer) for layer in network.layers]


def test_turned_answers_of_a_dense_layer_and_its_ceiling(tmp_path):
    w = np.random.default_rng(2).normal(size=(4, 6)).astype(np.float32)
    network = from_model(model([node("MatMul", ["x", "w"], "a"), node("Clip", ["a", "", "high"], "b"),
                                node("Reshape", ["b", "pairs"], "c"), node("Transpose", ["c"], perm=[0, 2, 1])],
                               {"w": w, "high": np.float32(0.5), "pairs": np.array([0, 2, 3])}, ["N", 4]), "x")
    assert network.order is not None
    save(network, tmp_path / "net.onnx")
    x = np.random.default_rng(3).normal(size=(5, 4))
    again = read(tmp_path / "net.onnx")
    np.testing.assert_allclose(output(again, x), output(network, x), rtol=1e-5, atol=1e-6)
    assert again.order is None
    with pytest.raises(ValueError, match="path must end in .onnx, not '.npz'"):
        save(network, tmp_path / "net.npz")


def test_a_classifier_from_python_becomes_an_image(tmp_path):
    x, y = load_digits(return_X_y=True)
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore")
        fitted = MLPClassifier((32,), max_iter=30, random_state=0).fit(x, y)
    save(from_perceptron(fitted, "digits"), tmp_path / "net.onnx")
    np.save(tmp_path / "x.npy", x.astype(np.float32))
    left = leave("compress.build", tmp_path / "net.onnx", "-o", tmp_path / "net.npz", "--pes", "4",
                 "--data", tmp_path / "x.npy")
    assert (left.code, left.faults) == (0, [])
    assert (tmp_path / "net.npz").is_file()

"""ONNX networks of dense layers, from the file to what the machine answers, beside onnxruntime."""
import json

import numpy as np
import pytest
from onnx import helper
from typer.testing import CliRunner

from compress.build import application
from compress.eie.load import load
from compress.frontend.refuse import NetworkRefusedError
from golden import image as golden_image
from golden.eie import run as golden
from tests.onnx_sample import ask, model, node
from tests.test_frontend_networks import HOST, file

RANDOM = np.random.default_rng(3)


def normal(*shape):
    return RANDOM.normal(size=shape).astype(np.float32)


def built(folder, network, data, *options):
    """The image, the figures and the golden model's real answers for the data."""
    np.save(folder / "x.npy", data)
    arguments = [str(network), "-o", str(folder / "net.npz"), "--data", str(folder / "x.npy"),
                 "--json", str(folder / "net.json"), "--pes", "8", *options]
    done = CliRunner().invoke(application(arguments), arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    image = load(folder / "net.npz")
    answers = golden(golden_image.load(folder / "net.npz"), data.reshape(len(data), -1)).outputs
    return image, json.loads((folder / "net.json").read_text()), np.asarray(answers) * image.output_scale


def off(answers, wanted):
    return np.sqrt(np.mean((answers - wanted) ** 2) / np.mean(wanted ** 2))


def test_relu6_saturates_where_the_network_does(tmp_path):
    w, v = normal(6, 12), normal(12, 3)
    proto = model([node("MatMul", ["x", "w"], "a"), node("Clip", ["a", "low", "high"], "c"), node("MatMul", ["c", "v"])],
                  {"w": w, "v": v, "low": np.float32(0), "high": np.float32(1.5)}, ["N", 6])
    (tmp_path / "net.onnx").write_bytes(proto.SerializeToString())
    x = normal(300, 6)
    image, _, answers = built(tmp_path, tmp_path / "net.onnx", x, "--bits", "8")
    assert off(answers, ask(proto, x)) < 0.01
    assert abs(answers).max() < 1.05 * abs(ask(proto, x)).max()
    assert (x @ w > 2).mean() > 0.1         # the bound was at work


def test_pictures_accuracy_and_an_output_in_another_order(tmp_path):
    w = normal(12, 4)
    proto = model([node("Transpose", ["x"], "t", perm=[0, 2, 3, 1]), node("Flatten", ["t"], "f"), node("Gemm", ["f", "w"], "g"),
                   node("Softmax", ["g"])], {"w": w}, ["N", 3, 2, 2])
    (tmp_path / "net.onnx").write_bytes(proto.SerializeToString())
    x = normal(64, 3, 2, 2)
    labels = ask(proto, x).argmax(1)
    np.save(tmp_path / "y.npy", labels)
    _, facts, answers = built(tmp_path, tmp_path / "net.onnx", x, "--bits", "8", "--labels", str(tmp_path / "y.npy"))
    assert facts["accuracy"]["float"] == 1.0 and facts["accuracy"]["integer"] >= 0.95
    assert (answers.argmax(1) == labels).mean() == facts["accuracy"]["integer"]
    assert facts["host"] == ["y (Softmax)"]


def test_weights_of_few_values_stay_as_they_are(tmp_path):
    values = np.array([0, -0.5, 0.25, 0.75, 1.5], np.float32)
    w, v = values[RANDOM.integers(0, 5, (20, 30))], values[RANDOM.integers(0, 5, (30, 5))]
    proto = model([node("MatMul", ["x", "w"], "a"), node("Relu", ["a"], "r"), node("MatMul", ["r", "v"])],
                  {"w": w, "v": v}, ["N", 20])
    (tmp_path / "net.onnx").write_bytes(proto.SerializeToString())
    x = normal(200, 20)
    image, facts, answers = built(tmp_path, tmp_path / "net.onnx", x)
    assert facts["error"]["shared"] == 0 and off(answers, ask(proto, x)) < 1e-3
    assert [layer["nonzeros"] for layer in facts["layers"]] == [np.count_nonzero(w), np.count_nonzero(v)]
    for layer in image.layers:
        book = image.codebooks[layer.codebook].astype(float)
        np.testing.assert_allclose(book[1:5] / abs(book).max(), values[1:] / 1.5, atol=1e-4)


@pytest.mark.parametrize(("name", "options", "most"), [
    pytest.param("anomaly_detection", ("--bits", "8", "--codebooks", "10", "--slots", "128", "--entries", "65536"),
                 0.01, marks=pytest.mark.full),
    pytest.param("dense_big_keras", ("--bits", "8", "--codebooks", "6"), 0.002, marks=pytest.mark.full),
    ("two_layer_pytorch", ("--bits", "8"), 0.002),
    ("three_layer_bn_keras", ("--bits", "8"), 0.01),
])
def test_a_network_no_one_here_made_runs_on_golden(name, options, most, tmp_path):
    path = file(f"{name}.onnx")
    if name == "anomaly_detection":
        x = np.load(file("anomaly_detection_inputs.npy"))
    else:
        x = normal(100, 10 if name == "two_layer_pytorch" else 16)
    _, facts, answers = built(tmp_path, path, x, *options)
    assert facts["error"]["integer"] <= most
    if name == "anomaly_detection":
        wanted = ask(str(path), x.astype(np.float32))
        assert off(answers, wanted) == pytest.approx(facts["error"]["integer"], rel=0.02)
        float_error, ours = np.mean((wanted - x) ** 2), np.mean((answers - x) ** 2)
        assert float_error == pytest.approx(9.484, abs=0.001) and abs(ours - float_error) < 0.2
    if name == "two_layer_pytorch":
        assert HOST["Sigmoid"](answers).shape == (100, 1)


@pytest.mark.parametrize(("name", "operator"), [("conv2d_small_mp_keras", "Selu"), ("resnet8_cifar10", "Conv|Relu")])
def test_what_the_eie_cannot_take_is_refused_by_name(name, operator, tmp_path):
    path = file(f"{name}.onnx")
    with pytest.raises(NetworkRefusedError, match=operator):
        CliRunner().invoke(application([]), [str(path), "-o", str(tmp_path / "net.npz")], catch_exceptions=False)
    assert not list(tmp_path.iterdir())


def test_a_skip_around_dense_layers_is_refused(tmp_path):
    proto = model([node("MatMul", ["x", "w"], "a"), node("Relu", ["a"], "r"),
                   helper.make_node("Add", ["r", "x"], ["y"], name="skip")], {"w": normal(4, 4)}, ["N", 4])
    (tmp_path / "net.onnx").write_bytes(proto.SerializeToString())
    with pytest.raises(NetworkRefusedError, match=r"node 'skip' \(Add\)"):
        CliRunner().invoke(application([]), [str(tmp_path / "net.onnx"), "-o", str(tmp_path / "net.npz")],
                           catch_exceptions=False)

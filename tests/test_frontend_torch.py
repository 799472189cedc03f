"""Convolutional networks that both exporters of PyTorch wrote answer as PyTorch does, in floats and in whole numbers.

The files in `tests/exported` are checked wherever PyTorch is not installed; where it is, it exports them again.
"""
from pathlib import Path

import numpy as np
import pytest

from compress.frontend import onnx
from compress.frontend.execute import output
from compress.scnn.lower import lower
from compress.scnn.whole import quantise
from spec.scnn import preset

FOLDER = Path(__file__).with_name("exported")
FILES = sorted(path.stem for path in FOLDER.glob("*.onnx"))
NOTHING_LEFT = {"lenet": "LogSoftmax"}


def check(path, name, inputs, answers):
    network = onnx.read(path)
    if name in NOTHING_LEFT:
        assert len(network.host) == 1
        assert network.host[0].endswith(f"({NOTHING_LEFT[name]})")
    else:
        assert network.host == ()
    whole = quantise(preset("default"), network, lower(network), inputs.reshape(len(inputs), -1))
    for found, near in (output(network, inputs), 1e-5), (whole.outputs, 1e-3):
        found = _log_softmax(found) if name in NOTHING_LEFT else found
        wanted = answers.reshape(len(answers), -1)
        assert np.sqrt(np.mean(np.square(found - wanted)) / np.mean(np.square(wanted))) < near
    return network


def _log_softmax(x):
    x = x - x.max(1, keepdims=True)
    return x - np.log(np.exp(x).sum(1, keepdims=True))


def test_every_module_is_there_from_both_exporters():
    names = {name.rpartition("_")[0] for name in FILES}
    assert len(names) == 8
    assert FILES == sorted(f"{name}_{exporter}" for name in names for exporter in ("script", "dynamo"))


@pytest.mark.parametrize("file", FILES)
def test_a_file_answers_as_pytorch_did(file):
    name = file.rpartition("_")[0]
    with np.load(FOLDER / "answers.npz") as arrays:
        check(FOLDER / f"{file}.onnx", name, arrays[f"{name}.inputs"], arrays[f"{name}.answers"])


def test_what_a_user_would_expect_of_the_layers():
    def kinds(file):
        network = onnx.read(FOLDER / f"{file}.onnx")
        return [step.kind for step in lower(network).steps]

    assert kinds("resnet_script") == kinds("resnet_dynamo")
    assert kinds("resnet_script") == ["3x3", "3x3", "3x3, + residual", "3x3 /2x2", "3x3", "1x1 /2x2, + residual",
                                      "mean 6x6 /6x6", "1x1"]
    assert kinds("normalised_script")[:2] == ["depthwise 1x1", "3x3 /2x2"]      # zeros come after the mean is taken away
    assert kinds("shufflenet_script") == ["1x1 in 2 groups", "1x1", "depthwise 3x3", "1x1 in 2 groups"]


@pytest.mark.parametrize("file", FILES)
def test_pytorch_exports_it_again(file, tmp_path):
    torch = pytest.importorskip("torch", reason="PyTorch is an extra that is not installed")
    name, _, exporter = file.rpartition("_")
    if exporter == "dynamo":
        pytest.importorskip("onnxscript", reason="torch's newer exporter needs onnxscript")
    from tests.exported.modules import made
    from tests.exported.write import export
    torch.manual_seed(5)
    module, shape = made(name)
    x = torch.rand(4, *shape)
    path = tmp_path / "net.onnx"
    export(module, x[:2], str(path), exporter)
    with torch.no_grad():
        check(path, name, x.numpy(), module(x).numpy())

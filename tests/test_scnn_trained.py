"""Trained networks on the generated array, each output compared with golden: the digits, and ResNet-8 with residual adds."""
import json
import os
from pathlib import Path

import numpy as np
import pytest

from sim.scnn.outcome import TOLERANCE
from tests.commands import leave

FOLDER = Path(os.environ.get("NONZERO_NETWORKS") or Path(__file__).parents[2] / "shared" / "networks")


def ran(image, folder, *arguments):
    """The figures of a run of an image; no value and no counter differs from golden's."""
    left = leave("sim.run", str(image), *arguments, "--json", str(folder / "run.json"), "--out", str(folder / "run"))
    assert left.code == 0, left.out + left.err
    figures = json.loads((folder / "run.json").read_text())
    assert f"within {100 * TOLERANCE:g} %, different: 0" in left.out
    return figures


@pytest.mark.full
def test_a_hundred_digits(tmp_path):
    """All layers in a row; at most a point of the held-back images' accuracy is lost against the dense float network."""
    image = tmp_path / "digits.npz"
    left = leave("compress.build", "--design", "scnn", "--example", "digits-cnn", "--preset", "ecp5", "--rows", "2", "--cols",
                 "2", "-o", str(image), "--json", str(tmp_path / "facts.json"))
    assert left.code == 0, left.err
    facts = json.loads((tmp_path / "facts.json").read_text())
    assert facts["accuracy"]["float"] - facts["accuracy"]["integer"] <= 0.01
    figures = ran(image, tmp_path, "--input", str(tmp_path / "digits_inputs.npy"), "--labels",
                  str(tmp_path / "digits_labels.npy"), "--first", "100")
    assert figures["accuracy"] >= 0.97


@pytest.mark.full
def test_resnet_8_names_the_nine_pictures_that_the_float_network_does(tmp_path):
    """Ten pictures on 4 x 4 PEs, 37,500 cycles each."""
    path = FOLDER / "resnet8_cifar10.onnx"
    if not path.is_file():
        pytest.skip("resnet8_cifar10.onnx is not in ../shared/networks nor in NONZERO_NETWORKS")
    inputs, labels = (str(FOLDER / f"cifar10_{name}.npy") for name in ("inputs", "labels"))
    image = tmp_path / "resnet8.npz"
    left = leave("compress.build", "--design", "scnn", str(path), "--rows", "4", "--cols", "4", "-o", str(image), "--data",
                 inputs, "--labels", labels)
    assert left.code == 0, left.err
    figures = ran(image, tmp_path, "--input", inputs, "--labels", labels, "--outputs", str(tmp_path / "y.npy"))
    named = np.load(tmp_path / "y.npy").reshape(10, -1).argmax(1)
    assert np.flatnonzero(named != np.load(labels)).tolist() == [0]
    assert figures["accuracy"] == 0.9


@pytest.mark.full
@pytest.mark.parametrize("name", ["keyword", "lenet", "normalised", "shufflenet", "densenet", "squeezenet", "mobilenet",
                                  "resnet"])
def test_what_pytorch_exported_runs_on_the_array(name, tmp_path):
    """One picture of each network that lies in tests/exported, on the same 2 x 2 PEs."""
    folder = Path(__file__).with_name("exported")
    with np.load(folder / "answers.npz") as arrays:
        np.save(tmp_path / "x.npy", arrays[f"{name}.inputs"])
    image = tmp_path / "net.npz"
    left = leave("compress.build", "--design", "scnn", str(folder / f"{name}_dynamo.onnx"), "--preset", "ecp5", "--rows", "2",
                 "--cols", "2", "-o", str(image), "--data", str(tmp_path / "x.npy"))
    assert left.code == 0, left.err
    ran(image, tmp_path, "--input", str(tmp_path / "x.npy"), "--first", "1")

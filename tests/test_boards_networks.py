"""Whole networks on the virtual board, every output compared with golden, also through noise."""
import os
from pathlib import Path

import numpy as np
import pytest

from boards.device import take
from boards.virtual.machine import board
from compress.build import application as build
from rtl import machine
from tests import boards_help as help

ROOT = Path(__file__).parents[1]
NETWORKS = Path(os.environ.get("NONZERO_NETWORKS", ROOT.parent / "shared" / "networks"))

pytestmark = pytest.mark.full


def made(*arguments):
    from typer.testing import CliRunner
    done = CliRunner().invoke(build(list(arguments)), list(arguments))
    assert done.exit_code == 0, done.output


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    path = tmp_path_factory.mktemp("digits") / "digits.npz"
    made("--example", "digits", "--pes", "4", "--preset", "ecp5", "-o", str(path))
    return path, np.load(path.with_name("digits_inputs.npy"))[:100]


@pytest.fixture(scope="module")
def autoencoder(tmp_path_factory):
    if not (NETWORKS / "anomaly_detection.onnx").is_file():
        pytest.skip(f"the networks are not in {NETWORKS}; set NONZERO_NETWORKS to their folder")
    path, inputs = tmp_path_factory.mktemp("autoencoder") / "autoencoder.npz", NETWORKS / "anomaly_detection_inputs.npy"
    network = NETWORKS / "anomaly_detection.onnx"
    made(str(network), "--calibrate", str(inputs), "--density", "0.1", "--pes", "16", "-o", str(path))
    return path, np.load(inputs)


def answers(path, vectors, *, link, rate=0.0):
    _, image, _ = take(path)
    with board(machine.generate("eie", image.spec), link=link) as running, help.device(running, rate=rate, seed=3) as device:
        assert device.load(path)
        found = np.array([image.logical(result.outputs) for result in device.results(vectors)])
        spoilt = device._port.spoilt if rate else 0
    print(f"{path.stem}, link {link}: {running.figures}, {device.link.statistics}, {spoilt} bytes spoilt")
    return found, spoilt


@pytest.mark.parametrize(("link", "rate"), [("fast", 0.0), ("serial", 0.0), ("fast", 0.001)])
def test_a_hundred_digits(digits, link, rate):
    path, vectors = digits
    found, spoilt = answers(path, vectors, link=link, rate=rate)
    np.testing.assert_array_equal(found, help.golden(path, vectors).outputs)
    assert (spoilt > 0) == (rate > 0)


@pytest.mark.parametrize("rate", [0.0, 0.001])
def test_forty_vectors_of_the_autoencoder(autoencoder, rate):
    path, vectors = autoencoder
    found, _ = answers(path, vectors, link="fast", rate=rate)
    np.testing.assert_array_equal(found, help.golden(path, vectors).outputs)

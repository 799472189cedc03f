"""Whole networks on the virtual board, every output compared with golden, also through noise."""
import os
from pathlib import Path

import numpy as np
import pytest

from boards.catalogue import named
from boards.choice import largest
from boards.device import take
from boards.virtual.machine import board
from compress.build import application as build
from compress.scnn.actions import inputs
from golden import scnn
from rtl import machine
from spec import machines
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


@pytest.fixture(scope="module")
def convolutions(tmp_path_factory):
    """A small network of convolutions, for the SCNN array that `boards.build` makes of a ULX3S-85F by itself."""
    folder, draw = tmp_path_factory.mktemp("convolutions"), np.random.default_rng(4)
    spec = largest(named("ulx3s-85f"), "scnn")

    def weights(*shape):
        return draw.normal(size=shape) * (draw.random(shape) < 0.4) / np.sqrt(0.4 * np.prod(shape[1:]))

    network, samples, path = folder / "network.npz", folder / "samples.npy", folder / "image.npz"
    np.savez(network, **{"input.shape": [1, 12, 12], "conv1.weight": weights(8, 1, 3, 3), "conv1.bias": draw.normal(size=8),
                         "conv1.padding": 1, "conv1.pool": 2, "conv2.weight": weights(16, 8, 3, 3)})
    np.save(samples, draw.random((3, 1, 12, 12)).astype(np.float32))
    options = machines.specification("scnn").preset("ecp5")
    asked = [f"--{name.replace('_', '-')}={value}" for name, value in vars(spec).items() if value != getattr(options, name)]
    made("--design", "scnn", "--preset", "ecp5", *asked, str(network), "--data", str(samples), "-o", str(path))
    return path, np.load(samples)


def test_convolutions_on_the_scnn_of_a_board(convolutions):
    path, values = convolutions
    _, image, _ = take(path)
    assert image.spec == largest(named("ulx3s-85f"), "scnn")
    with board(machine.generate("scnn", image.spec), link="fast") as running, help.device(running) as device:
        assert device.load(path)
        integers, _ = inputs(image, values)
        for whole, result in zip(integers, device.results(values), strict=True):
            right = scnn.run(scnn.load(path), whole)
            np.testing.assert_array_equal(image.answers(result.outputs[None])[0], right.outputs)
            assert right.outputs.any()

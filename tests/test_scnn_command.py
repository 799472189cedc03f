"""The SCNN array as a machine of the commands: built, run, refused; nothing is left half-written."""

import json

import numpy as np
import pytest

from cli import design as designs
from compress.scnn import image
from compress.scnn.assemble import assemble
from golden.scnn.layer import forward
from spec import machines
from spec.scnn import preset
from tests.commands import leave
from tests.scnn_sample import conv, sparse

SAME = (1, 1, 1, 1)


@pytest.fixture
def folder(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def network(spec, *, level=0, **scales):
    """An image of two layers, the layers, and two inputs."""
    rng = np.random.default_rng(12)
    layers = [conv(rng, "a", "input", 6, 3, 3, pad=SAME, shift=6), conv(rng, "b", "a", 5, 6, 1, shift=5, relu=False)]
    xs = sparse(rng, (2, 3, 9, 8), 0.5, -100, 100).astype(np.int16)
    made = assemble(spec, layers, xs.shape[1:], levels=[level] * 2)
    return image.of(made, **scales), layers, xs


def refused(text, *arguments):
    left = leave(*arguments)
    assert left.code == 2 and not left.faults, left
    assert text in left.err, left.err


def test_pes_is_short_for_rows_and_columns():
    machine = machines.specification("scnn")
    assert (preset(pes=64).rows, preset(pes=64).cols) == (8, 8) and preset("ecp5", pes=6).cols == 3
    assert designs.specification(machine, {"pes": 8}, preset("ecp5")) == preset("ecp5", rows=2, cols=4)
    assert "pes" in designs.options(machine) and designs.values(machine, "pes", ["1", "4"]) == [1, 4]
    for changes, text in (({"pes": 8, "rows": 2}, "^pes must be left out beside rows"), ({"pes": 17}, "^pes must be rows x"),
                          ({"pes": 0}, "^pes must be at least 1"), ({"pes": "8"}, "^pes must be of type int")):
        with pytest.raises((ValueError, TypeError), match=text):
            preset(**changes)
    with pytest.raises(ValueError, match="^--pes must be left out beside --cols"):
        designs.specification(machine, {"pes": 8, "cols": 2}, preset("ecp5"))


def test_build(folder):
    assert leave("rtl.build", "--design", "scnn", "--preset", "ecp5", "--pes", 1, "--out", "made").code == 0
    told = json.loads((folder / "made" / "manifest.json").read_text())
    assert told["design"] == "scnn" and told["spec"]["rows"] == told["spec"]["cols"] == 1
    assert {"name": "s_weight_tdata", "direction": "input", "bits": 64} in told["ports"]
    image.save(network(preset("ecp5", rows=1, cols=1))[0], "net.npz")
    assert leave("rtl.build", "--image", "net.npz", "--out", "of_image").code == 0
    assert (folder / "of_image" / "scnn_1x1.v").read_text() == (folder / "made" / "scnn_1x1.v").read_text()


@pytest.mark.parametrize("options, text", [
    (["--banks", 24], "banks must be a power of two, not 24"), (["--banks", 16], "banks must be at least 32, not 16"),
    (["--rows", 17], "rows must be 1 to 16, not 17"), (["--pes", 6, "--cols", 3], "pes must be left out beside cols"),
    (["--weight-lanes", 65], "weight_lanes must be "),
    (["--rows", 2, "--cols", 2, "--weight-lanes", 5], "weight_lanes must be at most 4, the PEs, not 5; take 4"),
    (["--f", 3], "f must be a power of two"),
    (["--acc-bits", 24], "acc_bits must be 32 without product_shift_bits"),
    (["--weight-port-bits", 100], "weight_port_bits must be whole bytes")])
def test_a_machine_that_cannot_be_built_is_refused(folder, options, text):
    refused(text, "rtl.build", "--design", "scnn", *options, "--out", "made")
    assert not list(folder.iterdir())


def test_an_image_runs_and_every_output_is_that_of_a_dense_convolution(folder):
    made, layers, xs = network(preset("ecp5", rows=1, cols=1), input_scale=0.5, output_scale=0.25)
    image.save(made, "net.npz")
    np.save("x.npy", xs * 0.5)
    np.save("labels.npy", np.zeros(2, np.int64))
    left = leave("sim.run", "net.npz", "--input", "x.npy", "--outputs", "y.npy", "--labels", "labels.npy", "--json", "run.json")
    assert left.code == 0 and not left.faults and "different: 0; counters compared: 26 within 1 %, different: 0" in left.out
    want = np.stack([forward(layers, x)["b"] for x in xs])
    np.testing.assert_array_equal(np.load("y.npy"), want * 0.25)
    told = json.loads((folder / "run.json").read_text())
    assert told["values_compared"] == want.size and told["mismatches"] == told["counter_mismatches"] == 0
    assert told["predictions"] == want.reshape(2, -1).argmax(1).tolist() and told["accuracy"] == np.mean(
        np.array(told["predictions"]) == 0)
    for counters, model in zip(told["counters"], told["model"], strict=True):
        assert counters["products"] == model["products"] and counters["entries"] == model["entries"]


def test_wrong_inputs_and_images_are_refused_before_anything_runs(folder):
    made, _, xs = network(preset("ecp5", rows=1, cols=1))
    np.save("x.npy", xs)
    image.save(made, "net.npz")
    np.save("short.npy", xs[0, :, :5])
    np.save("labels.npy", np.array([0, 500]))
    refused("input in short.npy must hold vectors of 216 inputs (3 x 9 x 8), one in each row, not an array of shape (3, 5, 8)",
            "sim.run", "net.npz", "--input", "short.npy")
    refused("labels in labels.npy must be 0 to 359", "sim.run", "net.npz", "--input", "x.npy", "--labels", "labels.npy")
    refused("--outputs", "sim.run", "net.npz", "--input", "x.npy", "--outputs", "x.npy")
    assert sorted(path.name for path in folder.iterdir()) == ["labels.npy", "net.npz", "short.npy", "x.npy"]

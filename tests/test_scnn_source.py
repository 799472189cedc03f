"""A file of a convolutional network becomes a checked image: golden reads it, and its answers are those of the build."""
import os
from pathlib import Path

import numpy as np
import pytest

from compress.frontend.file import read_network
from compress.frontend.onnx import from_model
from compress.scnn.image import load, save
from compress.scnn.size import free
from compress.scnn.source import Request, build
from compress.scnn.table import sentences, tables
from golden import scnn
from spec import machines
from spec.scnn import SLOT_COUNTERS, preset
from tests.onnx_sample import ask
from tests.scnn_network import NETWORKS

FOLDER = Path(os.environ.get("NONZERO_NETWORKS") or Path(__file__).parents[2] / "shared" / "networks")


@pytest.fixture(autouse=True)
def registered(monkeypatch):
    """The array is in the registry, whether or not this version's commands know it."""
    monkeypatch.setattr(machines, "MACHINES", tuple(dict.fromkeys((*machines.MACHINES, "scnn"))))


def made(network, name, samples=None, labels=None, level=0, **choices):
    spec = preset("default")
    request = Request(preset=spec, free=free(spec, "default"), level=level, **choices)
    return build(network, Path(name), spec, request, samples, labels)


def answers(path, whole, samples):
    """What golden's own reader and machine make of an image, in real numbers."""
    image = scnn.load(path)
    runs = [scnn.run(image, x, crossbars=False) for x in whole.inputs(samples)]
    assert not any(run.saturated or run.overflow for run in runs)
    return whole.lowered.answers(np.array([run.outputs for run in runs])) * image.output_scale, runs


@pytest.mark.parametrize("name", ["flatten and dense", "residual, strided", "concat, then relu and pool",
                                  "channels last at the input", "turned answer"])
def test_golden_answers_from_the_file_what_the_build_says(name, tmp_path):
    network = from_model(NETWORKS[name], f"{name}.onnx")
    samples = np.random.default_rng(3).normal(size=(3, network.size))
    built = made(network, f"{name}.onnx", samples)
    save(built.image, tmp_path / "net.npz")
    found, runs = answers(tmp_path / "net.npz", built.whole, samples)
    np.testing.assert_array_equal(found, built.whole.outputs)
    load(tmp_path / "net.npz")
    assert [row["layer"] for row in built.facts["layers"][:-1]] == [layer.name for layer in built.whole.layers]
    spec = built.assembly.spec
    assert built.facts["error"]["integer"] < 0.002
    total = built.facts["layers"][-1]
    assert sum(total["slots"].values()) == total["cycles"] * spec.multipliers
    assert set(total["slots"]) == set(SLOT_COUNTERS)
    assert abs(total["cycles"] / sum(own.cycles for own in runs[0].counters) - 1) < 0.01
    assert tables(built.facts["layers"]).count("\n") > len(built.whole.layers)


def test_pruning_and_labels_are_told():
    network = from_model(NETWORKS["flatten and dense"], "net.onnx")
    samples = np.random.default_rng(3).normal(size=(40, network.size))
    labels = ask(NETWORKS["flatten and dense"], samples.astype(np.float32).reshape(40, *network.shape)).argmax(1)
    facts = made(network, "net.onnx", samples, labels, density=0.3).facts
    assert facts["accuracy"]["float"] == 1
    assert facts["accuracy"]["pruned"] == facts["accuracy"]["integer"] > 0.3
    assert 0.25 < facts["density"] <= 0.3
    assert facts["error"]["pruned"] > facts["rounding"]
    assert any("dense layers run as filters" in line for line in sentences(facts))


def test_without_data_the_range_counts():
    network = from_model(NETWORKS["conv, bias, relu"], "net.onnx")
    assert any("random inputs of 0 to 1 for want of data" in said for said in made(network, "net.onnx").facts["warnings"])
    told = made(network, "net.onnx", input_range=(-2.0, 2.0))
    assert told.facts["warnings"] == []
    assert told.image.input_scale == pytest.approx(2 / 32767)


def test_an_array_that_was_asked_for_is_kept_or_refused():
    network = from_model(NETWORKS["global average and dense"], "net.onnx")
    spec = preset("default", rows=4, cols=8)
    request = Request(preset=spec, free=free(spec, "default"))
    with pytest.raises(ValueError, match=r"must lie in its neighbours' .*; take another --level, or other --rows and --cols$"):
        build(network, Path("net.onnx"), spec, request, None, None)
    smaller = made(network, "net.onnx")
    assert smaller.facts["array"] == [2, 2]
    assert [said[:19] for said in smaller.facts["notices"][-2:]] == ["8 x 8 PEs do not do", "4 x 4 PEs do not do"]


def test_memories_that_were_asked_for_are_kept_or_refused():
    network = from_model(NETWORKS["flatten and dense"], "net.onnx")
    spec = preset("default", rows=1, cols=1, memory_words=64)
    with pytest.raises(ValueError, match="must fit memory_words, not need"):
        build(network, Path("net.onnx"), spec, Request(preset=spec, free=free(spec, "default")), None, None)


def test_resnet_8_names_the_same_nine_pictures(tmp_path):
    """One picture on golden here; the Verilog and all ten in `tests/test_scnn_resnet.py`."""
    if not (FOLDER / "resnet8_cifar10.onnx").is_file():
        pytest.skip("resnet8_cifar10.onnx is not in ../shared/networks nor in NONZERO_NETWORKS")
    x, labels = (np.load(FOLDER / f"cifar10_{name}.npy") for name in ("inputs", "labels"))
    network = read_network(FOLDER / "resnet8_cifar10.onnx")
    built = made(network, "resnet8_cifar10.onnx", x.reshape(10, -1).astype(float), labels)
    assert built.facts["accuracy"] == {"float": 0.9, "pruned": 0.9, "integer": 0.9}
    floats = ask(str(FOLDER / "resnet8_cifar10.onnx"), x.astype(np.float32))
    for found in built.whole.outputs, floats:
        assert np.flatnonzero(found.argmax(1) != labels).tolist() == [0]
    assert built.facts["error"]["integer"] < 0.001
    assert sum(row["kind"].endswith("+ residual") for row in built.facts["layers"][:-1]) == 3
    save(built.image, tmp_path / "net.npz")
    found, _ = answers(tmp_path / "net.npz", built.whole, x[:1])
    np.testing.assert_array_equal(found, built.whole.outputs[:1])

"""A file of a convolutional network becomes a checked image: golden reads it, and its answers are those of the build."""
import json
import os
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest

from compress.frontend.file import read_network
from compress.frontend.onnx import from_model
from compress.page.array import figures
from compress.scnn.image import load, save
from compress.scnn.size import free
from compress.scnn.source import Request, build
from compress.scnn.table import sentences, tables
from golden import scnn
from spec.scnn import SLOT_COUNTERS, preset
from tests.commands import leave
from tests.onnx_sample import ask, model, node
from tests.scnn_network import NETWORKS

FOLDER = Path(os.environ.get("NONZERO_NETWORKS") or Path(__file__).parents[2] / "shared" / "networks")



def made(network, name, samples=None, labels=None, level=0, bits=0, **choices):
    spec = preset("default", weight_code_bits=bits)
    request = Request(preset=spec, free=free(), level=level, **choices)
    return build(network, Path(name), spec, request, samples, labels)


def answers(path, whole, samples):
    """What golden's own reader and machine make of an image, in real numbers."""
    image = scnn.load(path)
    runs = [scnn.run(image, x, crossbars=False) for x in whole.inputs(samples)]
    assert not any(run.saturated or run.overflow for run in runs)
    return whole.lowered.answers(np.array([run.outputs for run in runs])) * image.output_scale, runs


@pytest.mark.parametrize("name, bits, level", [
    ("flatten and dense", 0, 0), ("flatten and dense", 0, None), ("residual, strided", 4, 0), ("residual, strided", 0, None),
    ("concat, then relu and pool", 0, 0), ("concat", 4, 0), ("channels last at the input", 0, 0), ("turned answer", 0, 0)])
def test_golden_answers_from_the_file_what_the_build_says(name, bits, level, tmp_path):
    network = from_model(NETWORKS[name], f"{name}.onnx")
    samples = np.random.default_rng(3).normal(size=(3, network.size))
    built = made(network, f"{name}.onnx", samples, bits=bits, level=level)
    save(built.image, tmp_path / "net.npz")
    found, runs = answers(tmp_path / "net.npz", built.whole, samples)
    np.testing.assert_array_equal(found, built.whole.outputs)
    load(tmp_path / "net.npz")
    assert [row["layer"] for row in built.facts["layers"][:-1]] == [layer.name for layer in built.whole.layers]
    spec = built.assembly.spec
    assert built.facts["rounding"] < 0.002
    assert built.facts["error"]["integer"] < (0.2 if bits else 0.002)
    if bits:
        save(replace(built.image, arrays=built.image.arrays | {"codebooks": np.zeros((0, 16), np.int16)}), tmp_path / "odd.npz")
        with pytest.raises(ValueError, match="codebooks must be 1 to 16, not 0"):
            scnn.load(tmp_path / "odd.npz")
    steps = {step["name"]: step["bits"] for step in figures(built, [])["steps"]}
    assert list(steps) == ["float", "pruned", *["shared"] * (bits > 0), "integer"]
    assert not bits or steps["shared"] < steps["pruned"] / 3
    for layer in built.whole.layers if bits else ():
        assert len(np.unique(layer.weight[layer.weight != 0])) <= 15 - (layer.residual is not None)
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
    request = Request(preset=spec, free=free(["rows", "cols"]))
    with pytest.raises(ValueError, match=r"must lie in its neighbours' .*; take another --level, or other --rows and --cols$"):
        build(network, Path("net.onnx"), spec, request, None, None)
    smaller = made(network, "net.onnx")
    assert smaller.facts["array"] == [2, 2]
    assert [said[:19] for said in smaller.facts["notices"][-2:]] == ["8 x 8 PEs do not do", "4 x 4 PEs do not do"]


def test_memories_that_were_asked_for_are_kept_or_refused():
    network = from_model(NETWORKS["flatten and dense"], "net.onnx")
    spec = preset("default", rows=1, cols=1, memory_words=64)
    with pytest.raises(ValueError, match="must fit memory_words, not need"):
        build(network, Path("net.onnx"), spec, Request(preset=spec, free=free(["memory_words"])), None, None)


def test_resnet_8_names_the_same_nine_pictures(tmp_path):
    """One picture on golden here; the Verilog and all ten in `tests/test_scnn_trained.py`."""
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


def test_the_command_writes_image_page_and_figures(tmp_path):
    network = NETWORKS["flatten and dense"]
    onnx.save(network, tmp_path / "net.onnx")
    x = np.random.default_rng(3).normal(size=(20, 3, 8, 10)).astype(np.float32)
    np.save(tmp_path / "x.npy", x)
    np.save(tmp_path / "y.npy", ask(network, x).argmax(1))
    given = [f"{tmp_path}/{name}" for name in ("net.onnx", "net.npz", "x.npy", "y.npy", "page.html", "facts.json")]
    left = leave("compress.build", "--design", "scnn", given[0], "-o", given[1], "--data", given[2], "--labels", given[3],
                 "--density", "0.5", "--report", given[4], "--json", given[5])
    assert left.code == 0, left.err
    assert "accuracy on 20 inputs: float 100.00 %" in left.out
    facts = json.loads((tmp_path / "facts.json").read_text())
    shown = json.loads((tmp_path / "page.figures.json").read_text())
    assert facts.pop("tools")
    assert shown["facts"] == facts
    assert [step["name"] for step in shown["steps"]] == ["float", "pruned", "integer"]
    assert shown["steps"][0]["bits"] == 32 * (162 + 6 + 480 * 7 + 7 + 28)
    page = (tmp_path / "page.html").read_text()
    assert page.count("data:image/png;base64,") == 3
    assert not re.search(r"(src|href)=\"(?!data:)", page)
    assert "<script" not in page
    work = [row["work"] for row in facts["layers"][:-1]]
    assert [sum(own) for own in work] == [row["products"] for row in facts["layers"][:-1]]


@pytest.mark.parametrize("arguments, said", [
    (["--example", "digits"], "example must be digits-cnn for an scnn, not 'digits'; digits is one for --design eie"),
    (["--example", "digits-cnn", "--density", "0.5"], "--density must come with a file, not with --example digits-cnn"),
    ([], "source must be a network file or --example digits-cnn, not neither"),
    (["net.onnx", "--labels", "y.npy"], "labels must come with the inputs that they are of, not alone"),
    (["net.onnx", "--level", "7"], "level must be 0 to 3 on 8 x 8 PEs, or fastest, not '7'"),
    (["net.onnx", "--density", "1.5"], "density must be above 0 and at most 1, not 1.5"),
    (["net.onnx", "--report", "page.txt"], "report must end in .html, not '.txt'"),
    (["net.onnx", "--input-range", "2,1"], "--input-range must be two numbers, the least and the largest input, not '2,1'"),
    (["net.onnx", "--data", "x.npy"], "--data in x.npy must hold vectors of 240 inputs (3 x 8 x 10), one in each row"),
    (["selu.onnx"], "selu.onnx: node 'y' (Selu): operator must be one that is mapped (docs/networks.md has the list)"),
])
def test_odd_commands_are_refused_and_nothing_is_written(arguments, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    onnx.save(NETWORKS["conv, bias, relu"], "net.onnx")
    onnx.save(model([node("Selu", ["x"])], {}, ["N", 4]), "selu.onnx")
    np.save("x.npy", np.zeros((2, 5)))
    np.save("y.npy", np.zeros(2, int))
    left = leave("compress.build", "--design", "scnn", *arguments, "-o", "net.npz")
    assert left.code == 2 and not left.faults, left
    assert said in left.err
    assert not (tmp_path / "net.npz").exists()

"""The bound is never below what is measured, both halve with every bit, and the advice is the least width that serves."""
import json
from dataclasses import replace

import numpy as np
import onnx
import pytest
from typer.testing import CliRunner

from compress.frontend import rounding
from compress.frontend.execute import output
from compress.frontend.graph import Activation, Conv
from compress.frontend.onnx import from_model
from compress.network import Dense
from compress.precision import BITS, app, measure, norm
from spec.eie import preset
from tests.scnn_network import NETWORKS

RANDOM = np.random.default_rng(5)
LAYERS = [Dense(name="a", weight=RANDOM.normal(size=(20, 12)), bias=RANDOM.normal(size=20)),
          Dense(name="b", weight=RANDOM.normal(size=(6, 20)) / 4, relu=False)]
X = RANDOM.normal(size=(100, 12))


@pytest.fixture(scope="module")
def found():
    machine = preset("default", codebook_bits=8, codebooks=16)
    return list(measure(LAYERS, replace(machine, slots=1024), X))


def test_the_bound_holds_for_every_layer_and_width(found):
    assert [line["bits"] for line in found] == list(range(4, 17))
    for line in found:
        assert all(0 < share <= bound for share, bound in zip(line["measured"], line["bound"], strict=True)), line


def test_a_bit_more_about_halves_the_error(found):
    last = [line["measured"][-1] for line in found]
    assert all(1.2 < before / after < 3.5 for before, after in zip(last, last[1:], strict=False))


def test_the_norm_is_the_largest_stretch():
    from scipy import sparse
    weight = RANDOM.normal(size=(5, 7))
    stretch = max(np.linalg.norm(weight @ x) / np.linalg.norm(x) for x in RANDOM.normal(size=(200, 7)))
    assert stretch <= norm(sparse.csr_array(weight)) == pytest.approx(np.linalg.svd(weight)[1].max())


def test_the_command_advises_and_draws(tmp_path):
    np.savez(tmp_path / "net.npz", **{"a.weight": LAYERS[0].weight, "a.bias": LAYERS[0].bias, "b.weight": LAYERS[1].weight})
    np.save(tmp_path / "x.npy", X)
    done = CliRunner().invoke(app, [str(tmp_path / "net.npz"), "--data", str(tmp_path / "x.npy"), "--error", "0.01",
                                    "--plot", str(tmp_path / "p.svg"), "--json", str(tmp_path / "p.json")],
                              catch_exceptions=False)
    facts = json.loads((tmp_path / "p.json").read_text())
    enough = [line["bits"] for line in facts["widths"] if line["measured"][-1] <= 0.01]
    assert done.exit_code == 0 and facts["recommended"] == enough[0] and f"--act-bits {enough[0]}" in done.output
    assert (tmp_path / "p.svg").read_text().rstrip().endswith("</svg>")
    with pytest.raises(ValueError, match="error must be above 0 and below 1"):
        CliRunner().invoke(app, [str(tmp_path / "net.npz"), "--data", str(tmp_path / "x.npy"), "--error", "0"],
                           catch_exceptions=False)


@pytest.mark.parametrize("name", ["residual, strided", "depthwise and 1 x 1", "groups", "average pool after relu", "concat",
                                  "max pool without relu", "global average and dense", "relu6", "same upper, stride 2"])
def test_the_bound_holds_over_rows_and_columns_too(name):
    network = from_model(NETWORKS[name], name)
    x = np.random.default_rng(3).normal(size=(4, network.size))
    lines = list(rounding.measure(network, x, BITS))
    for line in lines:
        assert all(0 <= share <= bound for share, bound in zip(line["measured"], line["bound"], strict=True)), line
        assert len(line["measured"]) == len(network.layers)
    last = [line["measured"][-1] for line in lines]
    assert 1.6 < (last[0] / last[-1]) ** (1 / 12) < 2.4         # a bit more about halves the error


def test_a_convolution_lengthens_no_vector_by_more_than_its_norm():
    network = from_model(NETWORKS["groups"], "groups")
    for layer in (layer for layer in network.layers if isinstance(layer, Conv)):
        plain = replace(layer, bias=None, activation=Activation(), inputs=("input",))
        alone = replace(network, shape=layer.picture, layers=(plain,))
        x = np.random.default_rng(4).normal(size=(50, alone.size))
        stretch = np.linalg.norm(output(alone, x), axis=1) / np.linalg.norm(x, axis=1)
        assert stretch.max() <= rounding.norm(layer, np.abs(layer.weight))


def test_a_convolutional_network_is_measured_without_data(tmp_path):
    onnx.save(NETWORKS["residual"], tmp_path / "net.onnx")
    done = CliRunner().invoke(app, [str(tmp_path / "net.onnx"), "--json", str(tmp_path / "p.json"),
                                    "--plot", str(tmp_path / "p.png")], catch_exceptions=False)
    facts = json.loads((tmp_path / "p.json").read_text())
    assert done.exit_code == 0
    assert f"{facts['recommended']} bits are enough, of the 16 of an scnn" in done.output
    assert len(facts["layers"]) == 3
    assert (tmp_path / "p.png").stat().st_size > 1000

"""The bound is never below what is measured, both halve with every bit, and the advice is the least width that serves."""
import json
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from compress.network import Dense
from compress.precision import app, measure, norm
from spec.eie import preset

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

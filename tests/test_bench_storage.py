"""The table of storage stands for the code as it is, and the bars of Deep Compression's shape are met."""
import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from bench.storage.__main__ import app
from compress.digits import enlarged
from golden import scnn
from tests.commands import leave

RESULTS = Path(__file__).parents[1] / "bench" / "results"
LENET5 = json.loads((RESULTS / "storage_lenet5.json").read_text())
FACTS = json.loads((RESULTS / "storage.json").read_text())


@pytest.mark.parametrize("facts", [FACTS, LENET5], ids=["lenet-300-100", "lenet-5"])
def test_the_stored_table_meets_the_papers_figures(facts):
    assert facts["accuracy"]["float"]["of"] == 1797
    assert max(line["loss"] for line in facts["accuracy"].values()) <= 0.2
    assert facts["sizes"]["steps"]["coded (all of the file)"]["ratio"] >= facts["paper"]["ratio"]


@pytest.mark.parametrize("facts, parameters", [(FACTS, 784 * 300 + 300 * 100 + 100 * 10 + 410), (LENET5, 431080)],
                         ids=["lenet-300-100", "lenet-5"])
def test_every_bit_is_accounted_for(facts, parameters):
    sizes = facts["sizes"]
    coded = sizes["steps"]["coded (all of the file)"]["bits"]
    assert sum(sizes["parts"].values()) == pytest.approx(coded * sizes["parameters"])
    assert sizes["parameters"] == parameters


def test_enlarged_pictures_keep_their_corners_and_range():
    small = np.random.default_rng(1).random((3, 64)).astype(np.float32)
    large = enlarged(small, 28).reshape(3, 28, 28)
    np.testing.assert_allclose(large[:, ::27, ::27], small.reshape(3, 8, 8)[:, ::7, ::7], rtol=1e-6)
    assert large.min() >= small.min() - 1e-6 and large.max() <= small.max() + 1e-6
    np.testing.assert_allclose(enlarged(small, 15).reshape(3, 15, 15)[:, ::2, ::2], small.reshape(3, 8, 8), rtol=1e-5)
    assert enlarged(small, 8) is small


@pytest.mark.full
def test_the_command_trains_and_codes(tmp_path):
    done = CliRunner().invoke(app, ["--folds", "1", "--hidden", "32", "--passes", "3,3,1", "--json", str(tmp_path / "x.json"),
                                    "--image", str(tmp_path / "net.npz")], catch_exceptions=False)
    facts = json.loads((tmp_path / "x.json").read_text())
    assert done.exit_code == 0 and (tmp_path / "net_inputs.npy").is_file()
    assert sum(facts["sizes"]["parts"].values()) / facts["sizes"]["parameters"] == pytest.approx(
        facts["sizes"]["steps"]["coded (all of the file)"]["bits"])


@pytest.mark.full
def test_a_fold_of_lenet_5(tmp_path):
    """Fewer passes than the stored table has; some minutes."""
    done = CliRunner().invoke(app, ["--network", "lenet-5", "--folds", "1", "--passes", "4,6,1", "--json",
                                    str(tmp_path / "x.json"), "--image", str(tmp_path / "net.npz")], catch_exceptions=False)
    facts = json.loads((tmp_path / "x.json").read_text())
    assert done.exit_code == 0
    assert facts["sizes"]["steps"]["coded (all of the file)"]["ratio"] >= 39
    assert facts["accuracy"]["integer"]["right"] >= facts["accuracy"]["shared"]["right"] - 1
    assert (tmp_path / "net_inputs.npy").is_file()
    image = scnn.load(tmp_path / "net.npz")
    assert image.spec.weight_code_bits == 4


@pytest.mark.full
@pytest.mark.parametrize("network, right, values", [("lenet-300-100", 353, 360 * 512), ("lenet-5", 358, 360 * 10)])
def test_the_first_fold_on_the_verilog_is_right_as_often_as_the_table_says(network, right, values, tmp_path):
    """As docs/storage.md has it: trained and built, then all 360 pictures held back; 4 and 12 minutes alone on two cores."""
    image, facts, figures = (tmp_path / name for name in ("net.npz", "facts.json", "run.json"))
    left = leave("bench.storage", "--network", network, "--folds", "1", "--image", image, "--json", facts)
    assert left.code == 0, left.err
    left = leave("sim.run", image, "--input", tmp_path / "net_inputs.npy", "--labels", tmp_path / "net_labels.npy", "--json",
                 figures, "--out", tmp_path / "run")
    assert left.code == 0, left.out + left.err
    accuracy, found = json.loads(facts.read_text())["accuracy"]["integer"], json.loads(figures.read_text())
    assert (accuracy["right"], accuracy["of"]) == (right, 360)
    assert found["accuracy"] == accuracy["share"]
    assert f"values compared with golden: {values}, different: 0; counters compared: " in left.out


def test_a_network_that_is_not_there_is_refused():
    for arguments in (["--network", "lenet-4"], ["--network", "lenet-5", "--folds", "6"]):
        with pytest.raises(ValueError, match="^(network|folds) must be "):
            CliRunner().invoke(app, arguments, catch_exceptions=False)

"""The table of storage stands for the code as it is, and the bars of Deep Compression's shape are met."""
import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from bench.storage.__main__ import app
from compress.digits import enlarged

FACTS = json.loads((Path(__file__).parents[1] / "bench" / "results" / "storage.json").read_text())


def test_the_stored_table_meets_the_papers_figures():
    assert FACTS["accuracy"]["float"]["of"] == 1797
    assert max(line["loss"] for line in FACTS["accuracy"].values()) <= 0.2
    assert FACTS["sizes"]["steps"]["coded (all of the file)"]["ratio"] >= FACTS["paper"]["ratio"]


def test_every_bit_is_accounted_for():
    sizes = FACTS["sizes"]
    coded = sizes["steps"]["coded (all of the file)"]["bits"]
    assert sum(sizes["parts"].values()) == pytest.approx(coded * sizes["parameters"])
    assert sizes["parameters"] == 784 * 300 + 300 * 100 + 100 * 10 + 410


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

"""The Verilog of block-scaled dot units against golden, at the latency of their page."""
import json
import re
from pathlib import Path

import numpy as np
import pytest

from rtl.mac.scaled.build import MODULE, generate
from sim import lint
from sim.launch import launch
from sim.mac.scaled import operations
from spec.mac.scaled import SCALED

PAGE = Path(__file__).parents[2] / "docs" / "mac" / "scaled.md"
QUICK, BLOCKS = 3_000, 100_000


def latency(name):
    """Return the latency that the page promises."""
    return int(re.search(rf"^\| `{name}` \|.*\| (\d+) \|$", PAGE.read_text(), re.MULTILINE)[1])


def compare(name, count, folder, *, seed):
    stim = operations(name, count, seed)
    finite = stim["d"] & 0x7F800000 != 0x7F800000
    assert 0.5 * count < finite.sum() < count and (stim["d"] == 0x7FFFFFFF).any(), "results must be finite, and some not"
    np.savez(folder / "stim.npz", **stim)
    launch(sources=[generate(SCALED[name])[0]], top=MODULE, module="sim.mac.bench_scaled", at_least=1, folder=folder,
           env={"MAC_FORMAT": name, "MAC_STIM": folder / "stim.npz", "MAC_LATENCY": latency(name)})


@pytest.mark.parametrize("name", [name if name in ("mxfp6_e2m3", "nvfp4") else pytest.param(name, marks=pytest.mark.full)
                                  for name in SCALED])
def test_random_blocks_match_golden(name, tmp_path):
    compare(name, QUICK, tmp_path, seed=1)


@pytest.mark.full
@pytest.mark.parametrize("name", SCALED)
def test_many_random_blocks_match_golden(name, tmp_path):
    compare(name, BLOCKS * SCALED[name].block // SCALED[name].terms, tmp_path, seed=2)


@pytest.mark.parametrize("name", ["mxint8", "nvfp4"])
def test_text_is_clean(name):
    for tool in (lint.verilator, lint.yosys):
        assert not tool(generate(SCALED[name])[0], MODULE)


def test_the_command_writes_the_unit_and_its_latency(tmp_path):
    from typer.testing import CliRunner

    from rtl.mac.scaled.__main__ import app
    done = CliRunner().invoke(app, ["--format", "mxint8", "--out", str(tmp_path / "unit")])
    assert done.exit_code == 0 and "a result 33 cycles after its operands" in done.output
    about = json.loads((tmp_path / "unit" / "mac_scaled.json").read_text())
    assert about["latency"] == latency("mxint8") == sum(stages for _, stages in about["stages"])
    assert "module mac_scaled(" in (tmp_path / "unit" / "mac_scaled.v").read_text()
    for bad, text in ((["--format", "mxfp5"], "--format must be one of mxfp8_e4m3"),
                      (["--format", "mxint8", "--target", "asic"], "--target must be one of ecp5")):
        with pytest.raises(ValueError, match=text):
            CliRunner().invoke(app, [*bad, "--out", str(tmp_path / "none")], catch_exceptions=False)
    assert not (tmp_path / "none").exists()

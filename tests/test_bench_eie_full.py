"""The whole table as RTL against its bars, and the golden model's speed."""

import json
import subprocess
import sys
import time

import pytest

from bench.eie import case, deep
from bench.eie.reference import RECONSTRUCTION
from golden.eie.patterns import TABLE


def bench(path, *arguments):
    done = subprocess.run([sys.executable, "-m", "bench.eie", "--json", path, *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(path.read_text())


def golden_seconds(names):
    """Return processor seconds of values and cycles, drawing and encoding apart."""
    spec, spent = deep.benched(), 0.0
    for name in names:
        made = case.make(name, spec, seed=1, order="modulo")
        start = time.process_time()
        case.answer(made, spec)
        spent += time.process_time() - start
    return spent


def test_golden_takes_alex_7_in_a_second():
    assert golden_seconds(["Alex-7"]) <= 1


@pytest.mark.full
def test_golden_takes_the_whole_table_in_half_a_minute():
    assert golden_seconds(TABLE) <= 30


@pytest.mark.full
def test_the_default_preset_keeps_its_bars_on_nine_layers_as_rtl(tmp_path):
    data = bench(tmp_path / "default.json", "--seeds", "1,2,3")
    for name, layer in data["layers"].items():
        assert layer["mismatches"] == layer["counter_mismatches"] == 0
        assert layer["over_limit"] <= (1.13 if name == "NT-We" else 1.06), f"{name}: {layer['over_limit']:.4f}"
    assert data["geomean_over_limit"] <= 1.045


@pytest.mark.full
def test_the_paper_preset_in_one_pass_is_within_3_percent_of_the_reconstruction(tmp_path):
    data = bench(tmp_path / "paper.json", "--preset", "paper", "--batch-slots", "0")
    for name, layer in data["layers"].items():
        assert layer["mismatches"] == layer["counter_mismatches"] == 0
        assert abs(layer["cycles"] / RECONSTRUCTION[name] - 1) <= 0.03, f"{name}: {layer['cycles']}"

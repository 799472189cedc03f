import os
from dataclasses import replace
from fractions import Fraction
from math import floor
from pathlib import Path

import numpy as np
import pytest

from golden.mac import recording
from golden.mac.product import dot
from spec.mac.generation import RULES
from tests import mac_oracle

FOLDER = Path(os.environ.get("NONZERO_RECORDINGS") or Path(__file__).parents[2] / "shared" / "tensor_core")
NAMES = ("v100_fp16_fp32", "v100_fp16_fp16", "a100_fp16_fp32", "a100_fp16_fp16", "a100_bf16_fp32",
         "h200_fp16_fp32", "h200_fp16_fp16", "h200_bf16_fp32", "h200_e4m3_fp32", "h200_e5m2_fp32")
MORE = ("a100_tf32_fp32", "a2_bf16_fp32", "a2_fp16_fp16", "a2_fp16_fp32", "a2_tf32_fp32", "ada_bf16_fp32", "ada_e4m3_fp16",
        "ada_e4m3_fp32", "ada_e5m2_fp16", "ada_e5m2_fp32", "ada_fp16_fp16", "ada_fp16_fp32", "ada_tf32_fp32", "b200_bf16_fp32",
        "b200_e4m3_fp16", "b200_e4m3_fp32", "b200_e5m2_fp16", "b200_e5m2_fp32", "b200_fp16_fp16", "b200_fp16_fp32",
        "b200_tf32_fp32", "h200_tf32_fp32")
SHARP = tuple(f"more/{name}" for name in MORE if not name.startswith("b200_e") and name.endswith("fp32") and "tf32" not in name)


OWN = sorted((Path(__file__).parent / "recordings").glob("*.npz"))
"""Rows that `golden.gpu` recorded on an H100, of 38 instructions."""


def load(name):
    path = FOLDER / f"{name}.npz"
    if not path.exists():
        pytest.skip(f"no recording {path}; set NONZERO_RECORDINGS to the folder that holds it")
    return recording.load(path)


@pytest.mark.parametrize("name", (*NAMES, *(f"more/{name}" for name in MORE)))
def test_golden_reproduces_every_row(name):
    row = recording.check(FOLDER / f"{name}.npz") if load(name) else {}
    assert row["rows"] == 500 and row["match"] == 500, row


@pytest.mark.parametrize("name", NAMES)
def test_oracle_reproduces_every_row(name):
    rec = load(name)
    for n in range(len(rec.d)):
        got = mac_oracle.dot(rec.arch, rec.a[n], rec.b[n], int(rec.c[n]), rec.ab_format, rec.cd_format)
        assert got == rec.d[n], f"row {n}: oracle {got:x}, GPU {rec.d[n]:x}"


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.stem)
def test_golden_and_oracle_reproduce_what_an_h100_computed(path):
    rec, row = recording.load(path), recording.check(path)
    assert rec.arch == "hopper" and row["rows"] == row["match"] == 96, row
    if "int" in rec.ab_format or (rec.ab_format in ("e4m3", "e5m2") and "mma.s" in rec.instruction):
        return                                                  # the oracle has neither integers nor emulated sums
    for n in range(0, 96, 4):
        got = mac_oracle.dot("hopper", rec.a[n], rec.b[n], int(rec.c[n]), rec.ab_format, rec.cd_format)
        assert got == rec.d[n], f"row {n}: oracle {got:x}, GPU {rec.d[n]:x}"


def test_the_recordings_of_an_h100_are_all_there_and_tell_rules_apart():
    assert len(OWN) == 38
    sharp = {(rec.ab_format, rec.cd_format, rec.instruction.split(".")[0]): rec for rec in map(recording.load, OWN)
             if rec.ab_format in ("fp16", "tf32") and rec.a.shape[1] == RULES["hopper", rec.ab_format, rec.cd_format].terms}
    assert len(sharp) >= 5
    for rec in sharp.values():
        rule = RULES["hopper", rec.ab_format, rec.cd_format]
        assert mismatches(rec, terms=rule.terms // 2) > 3 and mismatches(rec, keep=rule.keep - 1) > 3
        if rec.cd_format == "fp32":
            assert mismatches(rec, frac=rule.frac - 1) > 3 and mismatches(rec, frac=rule.frac + 1) > 3


def mismatches(rec, **change):
    rule = replace(RULES[rec.arch, rec.ab_format, rec.cd_format], **change)
    return int((dot(rec.arch, rec.a, rec.b, rec.c, rec.ab_format, rec.cd_format, rule=rule) != rec.d).sum())


@pytest.mark.parametrize("name", (*(n for n in NAMES if n.endswith("_fp32")), *SHARP))
def test_recordings_refuse_a_wrong_rule(name):
    rec = load(name)
    rule = RULES[rec.arch, rec.ab_format, rec.cd_format]
    assert mismatches(rec) == 0
    assert mismatches(rec, frac=rule.frac - 1) > 10
    assert mismatches(rec, frac=rule.frac + 1) > 10
    assert mismatches(rec, terms=rule.terms // 2) > 10
    assert mismatches(rec, round="rne") > 10
    assert mismatches(rec, keep=rule.keep - 1) > 10


@pytest.mark.parametrize("name", ["v100_fp16_fp16", "a100_fp16_fp16", "h200_fp16_fp16"])
def test_half_recordings_refuse_truncation_and_short_blocks(name):
    rec = load(name)
    assert mismatches(rec, round="rz") > 100
    assert mismatches(rec, terms=RULES[rec.arch, rec.ab_format, rec.cd_format].terms // 2) > 0


@pytest.mark.parametrize("name", ["v100_fp16_fp32", "h200_fp16_fp32"])
@pytest.mark.parametrize("broken", [{"cut": floor}, {"normalise": True}], ids=["floor", "normalised"])
def test_recordings_refuse_a_wrong_alignment(name, broken):
    rec = load(name)
    rows = zip(rec.a, rec.b, rec.c.tolist(), rec.d, strict=True)
    wrong = sum(mac_oracle.dot(rec.arch, a, b, c, "fp16", "fp32", **broken) != d for a, b, c, d in rows)
    assert wrong > 10


def test_chaining_narrower_blocks_gives_other_bits():
    rec = load("a100_fp16_fp32")
    assert mismatches(rec, terms=4) == 127


def sample(**change):
    fields = dict(a=np.ones((2, 4), np.uint16), b=np.ones((2, 4), np.uint16), c=np.zeros(2, np.uint32),
                  d=np.zeros(2, np.uint32), gpu="NVIDIA V100", instruction="mma.sync", ab_format="fp16",
                  cd_format="fp32")
    return recording.Recording(**fields | change)


def test_a_recording_survives_the_file(tmp_path):
    recording.save(tmp_path / "x.npz", sample())
    again = recording.load(tmp_path / "x.npz")
    assert again.gpu == "NVIDIA V100" and again.arch == "volta"
    assert (again.a == 1).all() and again.c.dtype == np.uint32
    assert [path.name for path in tmp_path.iterdir()] == ["x.npz"]


def test_a_wrong_row_is_named(tmp_path):
    recording.save(tmp_path / "x.npz", sample(d=np.array([0x28800000, 9], np.uint32)))
    row = recording.check(tmp_path / "x.npz")
    assert (row["rows"], row["match"], row["first"]) == (2, 1, {"row": 1, "gpu": "9", "golden": "28800000"})


@pytest.mark.parametrize("change, text", [
    (dict(ab_format="fp12"), r"format must be one of fp16.*not 'fp12'; correct the recording"),
    (dict(a=np.ones((2, 3), np.uint16)), r"a and b must have one shape \(N, K\), .* not \(2, 3\) and \(2, 4\)"),
    ({name: np.zeros((0, 4)[:2 if name in "ab" else 1], np.uint16) for name in "abcd"}, r"N and K at least 1, not \(0, 4\)"),
    (dict(c=np.zeros(3, np.uint32)), r"c and d must have shape \(2,\), not \(3,\)"),
])
def test_a_bad_recording_is_refused(change, text):
    with pytest.raises(ValueError, match=text):
        sample(**change)


def test_an_unknown_gpu_is_refused():
    with pytest.raises(ValueError, match=r"gpu must be one whose generation is known \(V100.*not 'MI300X'"):
        _ = sample(gpu="MI300X").arch


def test_a_file_that_is_no_recording_is_refused(tmp_path):
    np.savez(tmp_path / "x.npz", a=np.zeros(3), d=np.array([Fraction(1)]))
    with pytest.raises(ValueError, match=r"must hold the arrays of a recording, not lack b, c, gpu"):
        recording.load(tmp_path / "x.npz")
    (tmp_path / "y.npz").write_text("not a zip")
    with pytest.raises(ValueError, match=r"must be a whole \.npz recording"):
        recording.load(tmp_path / "y.npz")

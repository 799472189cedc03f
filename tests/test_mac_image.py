"""An image of a MAC machine: built from matrices, read by both readers alike, refused where it is not legal."""
from dataclasses import replace

import numpy as np
import pytest

import compress.image
import golden.image
from cli import command
from compress.build import application
from compress.image import digest, write
from compress.mac import Image, inputs, load, outputs, save
from compress.mac.actions import Result
from golden.mac import load as golden_load
from golden.mac import run, to_bits, to_values
from spec.mac import MacSpec, preset

RNG = np.random.default_rng(5)


def call(capsys, *arguments):
    words = list(map(str, arguments))
    with pytest.raises(SystemExit) as left:
        command.main(lambda: application(words), words, name="build")
    return left.value.code or 0, *capsys.readouterr()


@pytest.fixture
def matrices(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    b, c = RNG.normal(size=(6, 5)), RNG.normal(size=5)
    np.save("b.npy", b)
    np.save("c.npy", c)
    return b, c


def test_two_matrices_become_an_image(matrices, capsys):
    b, c = matrices
    code, said, _ = call(capsys, "--design", "mac", "b.npy", "--c", "c.npy", "--arch", "ampere", "--formats", "bf16,fp16",
                         "--k", 8, "-o", "t.npz", "--json", "t.json")
    assert code == 0 and "B of 6 x 5 in bf16, C in fp32" in said
    image = load("t.npz")
    assert image.spec == MacSpec(arch="ampere", formats=("bf16", "fp16"), k=8) and image.fmt == "bf16"
    assert np.array_equal(image.b, to_bits("bf16", b)) and np.array_equal(image.c, to_bits("fp32", c[None]))
    trusted = golden_load("t.npz")
    assert compress.image.design_of("t.npz") == "mac" and type(golden.image.load("t.npz")) is type(trusted)
    a = RNG.normal(size=(3, 6))
    answer = run(trusted, a)
    given, saturated = inputs(image, a)
    assert given.shape == (1, 3, 6) and saturated == 0 and np.array_equal(given[0], to_bits("bf16", a))
    real = outputs(image, Result(outputs=answer.outputs, counters={}, flags={}))
    assert real == pytest.approx(to_values("bf16", to_bits("bf16", a)) @ to_values("bf16", to_bits("bf16", b)) + c, rel=1e-4)


def test_the_same_content_gives_the_same_bytes_and_c_may_be_absent(tmp_path):
    image = Image(spec=preset("lns"), fmt="lns", b=np.arange(12, dtype=np.uint32).reshape(4, 3))
    for name in "one", "two":
        save(image, tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    assert load(tmp_path / "one").c is None and golden_load(tmp_path / "two").c is None


def parts():
    spec, b, c = MacSpec(), np.ones((4, 3), np.uint32), np.zeros((1, 3), np.uint32)
    head = compress.image.envelope("mac", spec) | {"format_ab": "fp16", "inputs": 4, "outputs": 3, "rows_c": 1}
    return head, {"b": b, "c": c}


WRONG = {
    "format": ({"format_ab": "bf16"}, {}, "must be one"),
    "kind of format": ({"format_ab": 3}, {}, "format_ab must be"),
    "rows": ({"inputs": 5}, {}, "shape"),
    "too many": ({"inputs": 1 << 20, "outputs": 1 << 20}, {}, "values"),
    "negative": ({"rows_c": -1}, {}, "rows_c must be|c must have"),
    "text": ({"outputs": "3"}, {}, "outputs must be|must have 0 to"),
    "wide": ({}, {"b": np.full((4, 3), 1 << 16, np.uint32)}, "patterns|16 bits|65535"),
    "spare": ({}, {"d": np.zeros(1, np.uint32)}, "not 'd'|not b, c, d"),
    "missing": ({}, {"b": None}, "b must have the shape|members must be b, c"),
    "other machine": ({"machine": "eie"}, {}, "machine of .* must be 'mac', not 'eie'"),
    "spec": ({"spec": {}}, {}, "spec must have the keys arch, "),
}


@pytest.mark.parametrize("reader", [load, golden_load], ids=["compress", "golden"])
@pytest.mark.parametrize("name", WRONG)
def test_a_broken_rule_is_named_by_both_readers(name, reader, tmp_path):
    changes, members, text = WRONG[name]
    head, arrays = parts()
    head |= changes
    arrays = {key: value for key, value in (arrays | members).items() if value is not None}
    write(tmp_path / "t.npz", head | {"sha256": digest(head, arrays)}, arrays)
    with pytest.raises((ValueError, TypeError, OverflowError), match=text) as caught:
        reader(tmp_path / "t.npz")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("change", "text"), [
    ({"fmt": "e4m3"}, "format must be one this build holds"),
    ({"b": np.ones(3, np.uint32)}, "b must be a matrix of uint32 patterns"),
    ({"c": np.ones((1, 4), np.uint32)}, "c must have 3 columns as b has, not 4"),
])
def test_what_a_build_cannot_multiply_is_refused(change, text):
    image = Image(spec=MacSpec(), fmt="fp16", b=np.ones((4, 3), np.uint32))
    with pytest.raises(ValueError, match=text):
        replace(image, **change)


@pytest.mark.parametrize(("arguments", "text"), [
    (["b.npy", "--fmt", "int8"], "format must be one this build holds"),
    (["none.npy"], "B must be a file that is there"),
    (["b.npy", "--c", "b.npy", "--k", 5], "k must be one of 4, 8, 16, 32, not 5"),
    (["b.npy", "--c", "wide.npy"], "c must have 5 columns as b has, not 6"),
    (["b.npy", "--pes", 4], "No such option: --pes"),
])
def test_bad_input_is_one_line_and_no_file(matrices, capsys, tmp_path, arguments, text):
    np.save("wide.npy", np.ones((1, 6)))
    code, said, errors = call(capsys, "--design", "mac", *arguments, "-o", "t.npz")
    assert (code, said) == (2, "") and errors.count("\n") == 1 and text in errors
    assert not (tmp_path / "t.npz").exists()

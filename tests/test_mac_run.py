"""`python -m sim.run` on two matrices, as a user calls it."""
import json

import numpy as np
import pytest

from compress.mac import Image, save
from golden.mac import matmul, to_bits, to_values
from spec.mac import MacSpec
from tests.commands import leave


def call(*arguments):
    return leave("sim.run", "--design", "mac", *arguments)


def test_two_matrices(tmp_path):
    rng = np.random.default_rng(3)
    a, b, c = (rng.normal(size=shape) for shape in ((9, 23), (23, 7), (9, 7)))
    for name, x in (("a", a), ("b", b), ("c", c)):
        np.save(tmp_path / f"{name}.npy", x)
    done = call(tmp_path / "a.npy", tmp_path / "b.npy", "--c", tmp_path / "c.npy", "--fold", 16, "--tiles", 2,
                "--outputs", tmp_path / "d.npy", "--json", tmp_path / "d.json")
    assert done.code == 0, done.err
    spec = MacSpec(tiles=2, fold=16)
    want = matmul(spec, to_bits("fp16", a), to_bits("fp16", b), to_bits("fp32", c), fmt="fp16")
    assert (np.load(tmp_path / "d.npy") == to_values("fp32", want)).all()
    figures = json.loads((tmp_path / "d.json").read_text())
    assert figures["padded"] == [12, 24, 8] and figures["different"] == 0 and figures["values"] == 63
    assert figures["operations"] == 3 * 6 and "12 x 24 x 8" in done.out


def test_an_image(tmp_path):
    """B and C from an image, A as input; what is not in the image is not asked for again."""
    rng = np.random.default_rng(4)
    a, b, c = rng.normal(size=(6, 9)), rng.normal(size=(9, 4)), rng.normal(size=4)
    for name, x in (("a", a), ("b", b), ("c", c)):
        np.save(tmp_path / f"{name}.npy", x)
    spec = MacSpec(arch="ampere", k=8, fold=16)
    patterns = {"b": to_bits("fp16", b).astype(np.uint32), "c": to_bits("fp32", c[None]).astype(np.uint32)}
    save(Image(spec=spec, fmt="fp16", **patterns), tmp_path / "tile.npz")
    given = [tmp_path / "tile.npz", "--input", tmp_path / "a.npy", "--outputs", tmp_path / "d.npy", "--json",
             tmp_path / "d.json"]
    done = leave("sim.run", *given)
    assert done.code == 0, done.err
    want = matmul(spec, to_bits("fp16", a), to_bits("fp16", b), to_bits("fp32", np.tile(c, (6, 1))), fmt="fp16")
    assert (np.load(tmp_path / "d.npy") == to_values("fp32", want)).all()
    figures = json.loads((tmp_path / "d.json").read_text())
    assert figures["different"] == 0 and figures["values"] == 24 and figures["operations"] == 2 * 2


@pytest.mark.parametrize(("shapes", "options", "message"), [
    (((2, 3), (4, 2)), (), "the K of both must agree"),
    (((2, 3), (3, 2)), ("--fmt", "e4m3"), "format must be one this build holds"),
    (((2, 3), (3, 2)), ("--arch", "volta", "--formats", "e4m3"), "volta offers"),
    (((2, 3), (3,)), (), "B must be a matrix"),
    (((2, 4), (4, 2)), ("--arch", "ampere", "--sparse"), "a must have at most 2 of 4 neighbours that are not zero"),
    (((2, 4), (4, 2)), ("--sparse",), "sparse must be off for volta"),
])
def test_bad_input_is_one_line(shapes, options, message, tmp_path):
    for name, shape in zip("ab", shapes, strict=True):
        np.save(tmp_path / f"{name}.npy", np.ones(shape))
    done = call(tmp_path / "a.npy", tmp_path / "b.npy", *options)
    assert done.code == 2 and message in done.err and done.err.count("\n") == 1, done.err


@pytest.mark.parametrize("values", [np.ones((4, 4), complex), np.array([["a", "b"]] * 2), np.zeros((4, 4), [("x", "i4")]),
                                    np.zeros((4, 4), "datetime64[s]"), np.ones((4, 4), bool)])
def test_what_is_no_number_is_refused(values, tmp_path):
    np.save(tmp_path / "a.npy", np.ones((4, 4)))
    np.save(tmp_path / "b.npy", values)
    done = call(tmp_path / "a.npy", tmp_path / "b.npy")
    told = "B: values must be real numbers", "B must be a whole .npy file of numbers"
    assert done.code == 2 and any(text in done.err for text in told), done.err
    assert done.err.count("\n") == 1, done.err


def test_nan_into_integers_is_refused(tmp_path):
    np.save(tmp_path / "a.npy", np.full((4, 4), np.nan))
    np.save(tmp_path / "b.npy", np.ones((4, 4)))
    done = call(tmp_path / "a.npy", tmp_path / "b.npy", "--arch", "ampere", "--formats", "int8")
    assert done.code == 2 and "NaN" in done.err and done.err.count("\n") == 1, done.err

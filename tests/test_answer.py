"""What a run answers: real values, integers, the error against the float network, and warnings that name share and option."""
import json
import re
import sys
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from cli import command
from compress import build
from compress.eie.actions import inputs
from compress.eie.load import load
from compress.span import read_range
from golden import image as golden_image
from golden.eie import run as golden_run
from sim import run as sim_run
from sim.eie.answer import Answer


def leave(application, *arguments):
    """Run a command here; return its exit code."""
    given = [str(argument) for argument in arguments]
    with pytest.raises(SystemExit) as left, pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["command", *given])
        command.main(application, given, name="command")
    return left.value.code or 0


def network(path, *, outputs=3, seed=0):
    rng = np.random.default_rng(seed)
    weights = {"a.weight": rng.normal(size=(20, 12)) * 0.3, "a.bias": rng.normal(size=20),
               "b.weight": rng.normal(size=(outputs, 20))}
    np.savez(path, **weights)
    return weights


def floats(weights, x):
    """The network in float, by hand."""
    return np.maximum(x @ weights["a.weight"].T + weights["a.bias"], 0) @ weights["b.weight"].T


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("answer")
    weights, x = network(folder / "net.npz"), np.random.default_rng(1).normal(size=(30, 12))
    np.save(folder / "x.npy", x)
    assert leave(build.application, folder / "net.npz", "-o", folder / "image.npz", "--pes", 2, "--codebook-bits", 8,
                 "--calibrate", folder / "x.npy") == 0
    return folder, weights, x


def answer(folder, x, name="image.npz"):
    image = load(folder / name)
    golden = golden_run(golden_image.load(folder / name), x)
    return Answer(image, golden.outputs, x, golden)


def test_outputs_are_real_values_near_those_of_the_float_network(built):
    folder, weights, x = built
    got, wanted = answer(folder, x), floats(weights, x)
    assert np.abs(got.real - wanted).max() < 0.02 * np.abs(wanted).max()
    assert got.error == pytest.approx(np.sqrt(np.mean((got.real - wanted) ** 2) / np.mean(wanted ** 2)), rel=1e-3)
    assert got.warnings() == []
    assert got.lines()[0].startswith(f"outputs of vector 0: {got.real[0, 0]:.6g} ") and len(got.lines()) == 5


def test_int16_inputs_are_steps_of_the_scale(built):
    folder, _, x = built
    steps = np.rint(x / load(folder / "image.npz").input_scale).astype(np.int16)
    assert np.array_equal(answer(folder, steps).real, answer(folder, x).real)
    assert answer(folder, steps).error == pytest.approx(answer(folder, x).error, rel=0.2)


def test_inputs_are_quantised_half_to_even_by_exact_arithmetic(built):
    folder, _, _ = built
    image = replace(golden_image.load(folder / "image.npz"), input_scale=0.25)
    x = np.random.default_rng(5).normal(size=(8, 12))
    x[0] = 0.25 * np.array([0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 1e9, -1e9, 32767.5, -32768.5, 0, -0.0])
    given = golden_run(image, x, count=False).inputs
    sent, _ = inputs(replace(load(folder / "image.npz"), input_scale=0.25), x)
    for value, whole, same in zip(x.ravel().tolist(), given.ravel().tolist(), sent.ravel().tolist(), strict=True):
        nearest = round(Fraction(value) / Fraction(1, 4))               # of a fraction: exact, half to even
        assert whole == same == max(-32768, min(32767, nearest)), value


def test_saturating_inputs_and_layers_are_told_with_share_and_option(built):
    folder, _, x = built
    said = answer(folder, 20 * x).warnings()
    assert "of the inputs (" in said[0] and "saturated: they go from " in said[0] and "--input-range=" in said[0]
    count = int((np.abs(20 * x / load(folder / "image.npz").input_scale) > 32767.5).sum())
    assert f"({count} of 360)" in said[0] and f"{100 * count / 360:.1f} %" in said[0]
    assert any("of the outputs of a (" in text and "--calibrate FILE" in text for text in said)


def test_a_range_that_is_advised_is_one_that_the_command_takes(built):
    folder, _, x = built
    for given in (20 * x, np.full_like(x, 1e9), np.full_like(x, -1e9)):
        advised = re.search(r"--input-range=(\S+)", answer(folder, given).warnings()[0])[1]
        low, high = read_range(advised)
        assert (low, high) == pytest.approx((min(given.min(), 0), max(given.max(), 0)), rel=1e-5)


def test_an_image_without_data_says_so_on_every_run(tmp_path):
    network(tmp_path / "net.npz")
    x = np.random.default_rng(1).random((3, 12))
    for more, told in ((), True), (("--input-range", "0,1"), False):
        assert leave(build.application, tmp_path / "net.npz", "-o", tmp_path / "image.npz", "--pes", 2, *more) == 0
        said = answer(tmp_path, x).warnings()
        assert ["--calibrate FILE" in text and "--input-range" in text for text in said if "for want of data" in text] \
            == [True] * told
    said = answer(tmp_path, x - 0.5).warnings()
    assert any("% of the inputs are negative" in text for text in said)


def test_an_image_without_the_float_network_says_that(tmp_path):
    network(tmp_path / "net.npz")
    assert leave(build.application, tmp_path / "net.npz", "-o", tmp_path / "image.npz", "--pes", 2, "--input-range=-2,2",
                 "--no-reference") == 0
    got = answer(tmp_path, np.ones((1, 12)))
    assert got.error is None and "not known" in got.lines()[-2]


def test_the_command_writes_the_outputs_and_ends_with_the_warnings(tmp_path, capsys):
    weights = network(tmp_path / "net.npz", outputs=1)
    x = np.random.default_rng(1).normal(size=(2, 12))
    np.save(tmp_path / "x.npy", x)
    assert leave(build.application, tmp_path / "net.npz", "-o", tmp_path / "image.npz", "--pes", 2, "--codebook-bits", 8) == 0
    assert "WARNING: scales were chosen on 256 random vectors of 0 to 1" in capsys.readouterr().err
    ask = [sim_run.application, tmp_path / "image.npz", "--input", tmp_path / "x.npy"]
    assert leave(*ask, "--outputs", tmp_path / "y.npy", "--out", tmp_path / "out", "--json", tmp_path / "y.json") == 0
    said = capsys.readouterr()
    assert "outputs of vector 0: " in said.out and "predictions" not in said.out and " 12 " in said.out
    assert said.err.splitlines()[-1].startswith("WARNING: ") and "% of the inputs" in said.err
    y, image = np.load(tmp_path / "y.npy"), load(tmp_path / "image.npz")
    assert y.shape == (2, 1) and y.dtype == np.float64
    limits = np.clip(x, -32768 * image.input_scale, 32767 * image.input_scale)
    assert np.abs(y - floats(weights, limits)).max() < 0.05 * np.abs(floats(weights, limits)).max()
    assert json.loads((tmp_path / "y.json").read_text())["warnings"]
    answer(tmp_path, x).save(tmp_path / "whole.npy", integers=True)
    whole = np.load(tmp_path / "whole.npy")
    assert whole.dtype == np.int16 and np.array_equal(whole * image.output_scale, y)
    assert leave(*ask, "--outputs", tmp_path / "x.npy") == 2
    assert np.array_equal(np.load(tmp_path / "x.npy"), x)

"""How much generations differ: known sums, pairs, bad input in one line."""
import json
from fractions import Fraction

import numpy as np
import pytest

from cli import command
from golden.mac import __main__ as program
from golden.mac.compare import EDGES, _exact, compare
from golden.mac.convert import to_bits, to_values


def operands(rng, rows=6, length=64, columns=5):
    return rng.standard_normal((rows, length)), rng.standard_normal((length, columns))


def test_a_known_sum_differs_by_a_known_number_of_places():
    a, b = np.array([[1.0, 1.0]]), np.array([[1.0], [-(2.0**-24)]])
    c = np.array([[-1 + 2.0**-24]])                             # the true sum is 0, and Volta says 2^-23
    found = compare(["volta", "ampere"], a, b, c)
    by = {pair["pair"]: pair for pair in found["pairs"]}
    assert by["ampere - exact"]["equal"] == 1 and by["ampere - exact"]["largest_ulp"] == 0
    assert by["volta - exact"]["equal"] == 0 and by["volta - exact"]["largest_ulp"] == 0x34000000
    assert by["volta - ampere"]["bins"] == [0] * (len(EDGES) - 1) + [1]


def test_every_result_is_in_a_bin():
    a, b = operands(np.random.default_rng(1))
    found = compare(["ampere", "hopper", "blackwell"], a, b)
    assert found["values"] == 30 and len(found["pairs"]) == 6
    assert all(sum(pair["bins"]) + pair["not_finite"] == 30 for pair in found["pairs"])
    assert next(pair for pair in found["pairs"] if pair["pair"] == "hopper - blackwell")["equal"] == 1


def test_the_exact_sum_of_a_long_row_is_rounded_once():
    a, b = np.random.default_rng(4).random((6, 400)), np.random.default_rng(5).random((400, 5))
    a, b = a.astype(np.float16), b.astype(np.float16)
    scaled = np.rint(a.astype(float) * 2**24).astype(object) @ np.rint(b.astype(float) * 2**24).astype(object)
    want = np.array([[int(Fraction(int(x), 2**48) * 2**17 + Fraction(1, 2)) for x in row] for row in scaled])
    assert want.min() > 2**23 * 0.9, "sums of 64 to 128: a last place is 2^-17"
    hopper = compare(["hopper"], a, b)["pairs"][0]
    got = to_values("fp32", _exact("fp16", "fp32", to_bits("fp16", a), to_bits("fp16", b), None))
    assert (got * 2**17 == want).all() and hopper["equal"] < 0.2 and 20 < hopper["mean_ulp"] < 40


def test_nothing_to_compare_is_refused():
    with pytest.raises(ValueError, match=r"a and b must have elements, not shapes \(0, 3\) and \(3, 2\)"):
        compare(["hopper"], np.ones((0, 3)), np.ones((3, 2)))


def run(capsys, *arguments):
    with pytest.raises(SystemExit) as ended:
        command.main(program.app, [str(argument) for argument in arguments], name="golden.mac")
    out, err = capsys.readouterr()
    return ended.value.code, out, err


def test_the_command_prints_writes_and_draws(capsys, tmp_path):
    a, b = operands(np.random.default_rng(2))
    np.savez(tmp_path / "x.npz", a=a, b=b)
    code, out, _ = run(capsys, "--compare", "volta,ada", "--data", tmp_path / "x.npz", "--plot", tmp_path / "x.svg",
                       "--json", tmp_path / "x.json")
    assert code in (0, None) and "volta - ada" in out
    assert json.loads((tmp_path / "x.json").read_text())["compare"]["values"] == 30
    assert (tmp_path / "x.svg").read_text().startswith("<?xml")


@pytest.mark.parametrize(("arguments", "text"), [
    (("--compare", "hopper,pascal"), "compare must name generations of volta, ampere, ada, hopper, blackwell, exact, not "),
    (("--compare", "volta", "--fmt", "bf16"), "volta offers fp16->fp32"),
    (("--compare", "exact"), "compare must name a generation or more"),
    (("--compare", "volta", "--plot", "x.txt"), "plot must be a .svg, .png or .pdf file"),
])
def test_bad_input_is_one_line(capsys, tmp_path, arguments, text):
    a, b = operands(np.random.default_rng(2))
    np.savez(tmp_path / "x.npz", a=a, b=b)
    code, _, err = run(capsys, *arguments, "--data", tmp_path / "x.npz")
    assert code == 2 and text in err and err.count("\n") == 1


def test_arrays_that_are_missing_are_named(capsys, tmp_path):
    np.savez(tmp_path / "x.npz", a=np.ones((2, 2)))
    code, _, err = run(capsys, "--compare", "volta", "--data", tmp_path / "x.npz")
    assert code == 2 and "must have the arrays a and b, not lack b" in err

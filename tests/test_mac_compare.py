"""How much generations differ: known sums, pairs, bad input in one line."""
import json

import numpy as np
import pytest

from cli import command
from golden.mac import __main__ as program
from golden.mac.compare import EDGES, compare


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
    (("--compare", "pascal"), "format must be one that every generation has, not fp16->fp32; pascal offers nothing"),
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

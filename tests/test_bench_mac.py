"""The MAC results' command and page."""
import json

import pytest

from bench.mac import page
from sim.mac.builds import BUILDS
from sim.mac.recorded import FILES
from tests.commands import leave


def call(*arguments):
    return leave("bench.mac", *arguments)


def test_the_page_is_what_the_results_say():
    text = page.PAGE.read_text(encoding="utf-8")
    assert page.fill(text, json.loads(page.RESULTS.read_text())) == text, "run python -m bench.mac.page"


def test_the_results_hold_every_bar():
    data = json.loads(page.RESULTS.read_text())
    rows = data["recordings"]["rows"]
    assert len(rows) == len(FILES) and all(row["golden"] == row["tile"] == row["rows"] == 500 for row in rows)
    assert {row["build"] for row in data["random"]["rows"]} == set(BUILDS)
    assert all(row["operations"] >= 100_000 and row["different"] == 0 for row in data["random"]["rows"])
    assert all(row["different"] == 0 for row in data["whole"]["rows"])


def test_a_few_operations_and_a_table(tmp_path):
    out = tmp_path / "mac.json"
    out.write_text('{"clock": {"rows": []}, "random": {"rows": [{"build": "lns"}, {"build": "int_pairs", "different": 9}]}}')
    done = call("--parts", "random", "--builds", "int_pairs", "--operations", "50", "--json", str(out))
    assert done.code == 0 and "0 values differ" in done.out, done.err
    data = json.loads(out.read_text())
    other, row = data["random"]["rows"]                          # rows of builds that were not asked for stay
    assert other == {"build": "lns"}
    assert row["values"] == 2 * 50 * 16 and row["different"] == 0 and data["clock"] == {"rows": []}
    assert "| `int_pairs` | ampere | int8 -> int32, int4 -> int32 | 4 | 16 |" in page.held([row])


@pytest.mark.parametrize("arguments, text", [
    (("--builds", "tesla"), "builds must be among volta_fp32"), (("--parts", "all"), "parts must be among recordings"),
    (("--operations", "0"), "--operations"), (("--parts", "clock", "--devices", "xc2000"), "part must be one of"),
])
def test_bad_input_is_one_line(arguments, text):
    done = call(*arguments)
    assert done.code == 2 and text in done.err and done.err.count("\n") == 1, done.err

"""The estimate: quick, beside every result, and true to what was measured."""
import dataclasses
import json
import os
import subprocess
import sys

import pytest

import cli.command
from cli import design as designs
from spec import machines
from spec.eie import preset
from synth import estimate, fit, pages
from synth import part as parts

ROWS = json.loads(fit.MEASURED.read_text())
TARGET = parts.named("lfe5u-85f-6")


def command(*arguments):
    words = [str(word) for word in arguments]
    with pytest.raises(SystemExit) as ended:
        cli.command.main(lambda: designs.application(estimate.run, "Estimate.", machines, words), words)
    return ended.value.code or 0


def test_the_table_is_that_of_the_measurements():
    assert json.loads(estimate.TABLE.read_text()) == json.loads(json.dumps(fit.fit(ROWS))), "run python -m synth.fit"


def test_the_page_is_that_of_the_measurements():
    page = pages.PAGE.read_text()
    assert pages.filled(page, pages.table(ROWS)) == page, "run python -m synth.pages"


@pytest.mark.parametrize("row", ROWS, ids=[f"{row['kind']}-{row['part']}-{row['comb']}" for row in ROWS])
def test_estimates_are_near_what_was_measured(row):
    guess = estimate.estimate(row["kind"], row["spec"], parts.named(row["part"]))
    assert guess["comb"] == pytest.approx(row["comb"], rel=0.35)
    assert guess["dsp"] == row["dsp"]
    if parts.named(row["part"]).family == "ecp5" and row["kind"] == "eie":
        assert guess["bram"] == row["bram"]


def test_more_of_everything_takes_more():
    before = None
    for pes in (1, 4, 16, 64):
        guess = estimate.estimate("eie", dataclasses.asdict(preset("ecp5", pes=pes)), TARGET)
        assert guess["dsp"] == pes and guess["bram"] == 3 * pes
        assert before is None or guess["comb"] > before["comb"] and guess["ff"] > before["ff"]
        before = guess


def test_the_answer_takes_less_than_a_second_of_the_processor(tmp_path):
    words = ["-m", "synth.estimate", "--pes", "64", "--preset", "ecp5", "--json", str(tmp_path / "out.json")]
    process = subprocess.Popen([sys.executable, *words], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0 and usage.ru_utime + usage.ru_stime < 1.0
    assert json.loads((tmp_path / "out.json").read_text())["dsp"] == 64


def test_a_result_gets_its_estimate_with_the_ratio():
    spec_ = dataclasses.asdict(preset("ecp5", pes=4))
    guess = estimate.estimate("eie", spec_, TARGET)
    data = {"design": {"kind": "eie", "spec": spec_}, **{figure: 2 * guess[figure] for figure in estimate.FIGURES}}
    ratio = estimate.beside(data, TARGET)["ratio"]
    assert {ratio[figure] for figure in estimate.FIGURES} == {2.0}
    data["design"]["kind"] = ""
    assert estimate.beside(data, TARGET) is None


@pytest.mark.parametrize(("arguments", "complaint"), [
    (["--part", "gw5a"], "part must be one of"),
    (["--pes", "0"], "pes must be 1 to 256, not 0"),
    (["--image", "missing.npz"], "missing.npz"),
])
def test_bad_input_is_one_line(arguments, complaint, capsys):
    assert command(*arguments) == 2
    said = capsys.readouterr().err.strip().splitlines()
    assert len(said) == 1 and said[0].startswith("error: ") and complaint in said[0]


def test_a_family_without_measurements_is_named(monkeypatch, tmp_path):
    (tmp_path / "table.json").write_text(json.dumps({"kinds": {"eie": {"ecp5": {}}}}))
    monkeypatch.setattr(estimate, "TABLE", tmp_path / "table.json")
    with pytest.raises(ValueError, match="not eie on gowin; there are eie on ecp5"):
        estimate.estimate("eie", dataclasses.asdict(preset("ecp5")), parts.named("gw2a-18"))


def test_only_whole_machines_are_recorded(tmp_path):
    data = {"design": {"kind": "", "name": "eie_1-eie_pe", "spec": {}}, "part": TARGET.name}
    with pytest.raises(ValueError, match="must be for a whole machine, not for eie_1-eie_pe"):
        fit.record(data, tmp_path / "measured.json")
    row = {"kind": "eie", "name": "eie_1", "spec": dataclasses.asdict(preset("ecp5", pes=1))}
    for comb in (1000, 900):
        fit.record({"design": row, "part": TARGET.name, "comb": comb, "ff": 1, "dsp": 1, "bram": 3},
                   tmp_path / "measured.json")
    assert [one["comb"] for one in json.loads((tmp_path / "measured.json").read_text())] == [900]

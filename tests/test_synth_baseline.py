"""The baseline: what counts as a regression, and that there is none."""
import json

import pytest

from synth import baseline

ROWS = baseline.load()
ROW = {"design": "eie", "options": {}, "part": "lfe5u-85f-6", "seeds": 5, "figures": {
    "comb": {"value": 1000, "better": "lower", "tolerance": 0.02},
    "fmax_mhz": {"value": 150.0, "better": "higher", "tolerance": 0.03},
    "bram": {"value": 3, "better": "lower", "tolerance": 0.0}}}


@pytest.mark.parametrize(("now", "worse"), [
    ({"comb": 1000, "fmax_mhz": 150.0, "bram": 3}, []),
    ({"comb": 1020, "fmax_mhz": 145.6, "bram": 3}, []),
    ({"comb": 500, "fmax_mhz": 300.0, "bram": 2}, []),
    ({"comb": 1021, "fmax_mhz": 150.0, "bram": 3}, ["comb must be lower"]),
    ({"comb": 1000, "fmax_mhz": 145.0, "bram": 3}, ["fmax_mhz must be higher"]),
    ({"comb": 1500, "fmax_mhz": 50.0, "bram": 4}, ["comb", "fmax_mhz", "bram"]),
])
def test_a_regression_is_worse_by_more_than_the_tolerance(now, worse):
    found = baseline.regressions(ROW, now)
    assert len(found) == len(worse) and all(text.startswith(start) for text, start in zip(found, worse, strict=True))


def test_an_update_keeps_direction_and_tolerance():
    new = baseline.updated(ROW, {"comb": 900, "fmax_mhz": 160.0, "bram": 3})
    assert new["figures"]["comb"] == {"value": 900, "better": "lower", "tolerance": 0.02}
    assert ROW["figures"]["comb"]["value"] == 1000


@pytest.mark.parametrize(("change", "complaint"), [
    ({"better": "bigger"}, "must be lower or higher, not 'bigger'"),
    ({"tolerance": 0.01}, "tolerance of fmax_mhz must be at least 0.03, not 0.01"),
])
def test_a_wrong_baseline_is_refused(change, complaint, tmp_path):
    row = json.loads(json.dumps(ROW))
    row["figures"]["fmax_mhz"] |= change
    (tmp_path / "baseline.json").write_text(json.dumps({"rows": {"pe": row}}))
    with pytest.raises(ValueError, match=complaint):
        baseline.load(tmp_path / "baseline.json")


@pytest.mark.full
@pytest.mark.parametrize("name", ROWS)
def test_nothing_regresses(name):
    found = baseline.regressions(ROWS[name], baseline.measured(ROWS[name]))
    assert not found, "; ".join(found)

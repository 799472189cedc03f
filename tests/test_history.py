"""Figures over time: what is kept of a commit, what is named as worse, the page."""
import json
import shutil
import subprocess
import sys
from dataclasses import replace

import pytest

from bench.history import judge, measure, page, store, times
from bench.history.figures import FIGURES
from tests.commands import leave


def point(number, accepted=None, **figures):
    told = {"commit": f"{number:040x}", "date": f"2026-01-{number:02}T00:00:00+00:00", "subject": f"commit {number}",
            "figures": figures, "tools": {"python": "3.11"}}
    return told | ({"accepted": accepted} if accepted else {})


def worse(*points):
    return [(one.figure, int(one.commit, 16), int(one.since, 16)) for one in judge.regressions(points)]


def test_the_commit_that_made_a_figure_worse_is_named():
    points = [point(1, eie_cycles=1000, eie_pe_mhz=150.0), point(2, eie_cycles=1005, eie_pe_mhz=149.0),
              point(3, eie_cycles=1011, eie_pe_mhz=142.4), point(4, eie_cycles=1011, eie_pe_mhz=142.6)]
    assert worse(*points[:2]) == []
    assert worse(*points[:3]) == [("eie_cycles", 3, 1), ("eie_pe_mhz", 3, 1)]
    assert worse(*points) == [("eie_cycles", 3, 1)], "a clock that is back within 5 % is no regression any more"
    text = str(next(judge.regressions(points)))
    assert text == "eie_cycles is 1.1% worse since 000000000: 1,011 cycles, and 1,000 at 000000000; 1% is allowed"


def test_small_steps_add_up_and_a_better_value_is_the_new_measure():
    points = [point(number, eie_pe_lut=value) for number, value in enumerate((1000, 1020, 1029, 1031), 1)]
    assert worse(*points) == [("eie_pe_lut", 4, 1)]
    assert worse(point(1, eie_pe_lut=1000), point(2, eie_pe_lut=900), point(3, eie_pe_lut=930)) == [("eie_pe_lut", 3, 2)]


def test_a_figure_that_a_commit_lacks_is_passed_over():
    assert worse(point(1, eie_cycles=1000), point(2), point(3, eie_cycles=1020), point(4)) == [("eie_cycles", 3, 1)]


def test_what_is_accepted_is_the_new_measure():
    meant = {"eie_verilog": "a second bus"}
    points = [point(1, eie_verilog=1000), point(2, meant, eie_verilog=1500), point(3, eie_verilog=1550)]
    assert worse(*points) == [] and worse(*points, point(4, eie_verilog=1651)) == [("eie_verilog", 4, 2)]
    assert "`eie_verilog`: a second bus" in page.page(points, "x.svg")


def test_times_of_machines_of_other_speed_are_compared_by_their_ratio_to_a_yardstick():
    def timed(number, seconds, stick, **areas):
        return point(number, test_seconds=seconds) | {"yardsticks": {"test_seconds": stick}, "tests": areas}
    slow = timed(2, 2000.0, 0.2, sim=1600.0, tests=400.0)
    assert worse(timed(1, 1000.0, 0.1), slow) == [], "a machine of half the speed"
    assert worse(timed(1, 1000.0, 0.1), point(2, test_seconds=2000.0)) == [("test_seconds", 2, 1)], "nobody knows its speed"
    told, = judge.regressions([timed(1, 1000.0, 0.1, sim=900.0, tests=100.0), timed(2, 1290.0, 0.1),
                               timed(3, 1400.0, 0.1, sim=950.0, tests=450.0)])
    assert str(told) == ("test_seconds is 40.0% worse since 000000000: 1,400.0 s, and 1,000.0 at 000000000; 30% is allowed; "
                         "most of it in tests: 450.0 s, and 100.0 before")
    assert int(told.commit, 16) == 3


def test_every_figure_is_worse_in_its_own_direction():
    for name, figure in FIGURES.items():
        edge = 1 + figure.tolerance * (1 if figure.lower else -1)
        assert worse(point(1, **{name: 1000.0}), point(2, **{name: 1000.0 * edge})) == []
        past = edge + (0.001 if figure.lower else -0.001)
        assert worse(point(1, **{name: 1000.0}), point(2, **{name: 1000.0 * past})) == [(name, 2, 1)]


def test_the_file_is_read_as_it_was_written_and_one_commit_stands_once(tmp_path):
    file = tmp_path / "h.json"
    store.save(file, [point(2, eie_cycles=5), point(1, eie_cycles=7), point(2, eie_cycles=6)])
    assert [(int(one["commit"], 16), one["figures"]["eie_cycles"]) for one in store.load(file)] == [(1, 7), (2, 6)]


@pytest.mark.parametrize(("data", "said"), [
    ({"format": 2, "points": []}, "must be a file of bench.history of format 1"),
    ({"format": 1}, "must be a file of bench.history"),
    ({"format": 1, "points": [{"commit": "x"}]}, "each point of the history must have commit, date"),
    ({"format": 1, "points": [point(1, eie_cycles=0)]}, "figures of the history must be numbers above 0"),
    ({"format": 1, "points": [point(1, speed=3)]}, "not 'speed'; take it out"),
    ({"format": 1, "points": [point(1, eie_cycles=1) | {"yardsticks": {"test_seconds": 0}}]}, "yardsticks of the history must"),
    ({"format": 1, "points": [point(1, eie_cycles=1) | {"tests": [3]}]}, "tests of the history must be seconds by name")])
def test_another_file_is_refused(tmp_path, data, said):
    (tmp_path / "h.json").write_text(json.dumps(data))
    left = leave("bench.history", "--file", tmp_path / "h.json")
    assert left.code == 2 and said in left.err and left.err.count("\n") == 1


def test_the_command_names_what_is_worse_and_writes_the_page(tmp_path):
    store.save(tmp_path / "h.json", [point(1, eie_cycles=1000, eie_pe_lut=9), point(2, eie_cycles=1100, eie_pe_lut=9)])
    left = leave("bench.history", "--file", tmp_path / "h.json", "--page", tmp_path / "p.md", "--json", tmp_path / "j.json")
    assert left.code == 1 and "eie_cycles is 10.0% worse since 000000000" in left.out
    text = (tmp_path / "p.md").read_text()
    assert "| 2026-01-02 | `000000000` | 1,100 | 9 |" in text and "eie_cycles is 10.0% worse" in text
    assert "eie_cycles cycles" in (tmp_path / "p.svg").read_text()
    assert [one["figure"] for one in json.loads((tmp_path / "j.json").read_text())["worse"]] == ["eie_cycles"]


@pytest.mark.parametrize(("arguments", "said"), [
    (["--accept", "speed=why", "--record", "HEAD"], "--accept must be FIGURE=REASON"),
    (["--tests"], "--tests must come with --record"),
    (["--accept", "eie_cycles= ", "--record", "HEAD"], "--accept must be FIGURE=REASON")])
def test_options_that_make_no_sense_are_refused(tmp_path, arguments, said):
    left = leave("bench.history", "--file", tmp_path / "h.json", *arguments)
    assert left.code == 2 and said in left.err and not list(tmp_path.iterdir())


def test_what_a_commit_holds_is_read_from_git(tmp_path, monkeypatch):
    if not shutil.which("git"):
        pytest.skip("git is not on PATH")
    nine = {"geomean_over_limit": 1.25, "layers": {str(number): {"cycles": 100 + number} for number in range(9)}}
    rows = {"pe": {"figures": {"fmax_mhz": {"value": 155.5}}}, "mac_tile": {"figures": {}}}
    (tmp_path / "bench" / "results").mkdir(parents=True)
    (tmp_path / "synth").mkdir()
    (tmp_path / "bench" / "results" / "eie_default.json").write_text(json.dumps(nine))
    (tmp_path / "synth" / "baseline.json").write_text(json.dumps({"rows": rows}))
    scnn = {"networks": {"VGG-16": {"speedup_over_dense_macs": 4.5967}}}
    (tmp_path / "bench" / "results" / "scnn.json").write_text(json.dumps(scnn))
    commit = ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qam"]
    for line in (["init", "-q"], ["add", "."], [*commit, "first: one."]):
        subprocess.run(["git", *line], cwd=tmp_path, check=True)
    monkeypatch.setattr(measure, "ROOT", tmp_path)
    found = measure.point("HEAD")
    assert found["subject"] == "first: one." and len(found["commit"]) == 40
    assert found["figures"] == {"eie_over_limit": 1.25, "eie_cycles": 936, "eie_pe_mhz": 155.5,
                                "scnn_vgg": 4.597}, "nothing can be built in it"
    with pytest.raises(ValueError, match="commit must be one of this repository, not 'nowhere'.*; name another"):
        measure.point("nowhere")
    del nine["layers"]["8"]
    (tmp_path / "bench" / "results" / "eie_default.json").write_text(json.dumps(nine))
    subprocess.run(["git", *commit, "second: eight."], cwd=tmp_path, check=True)
    assert "eie_cycles" not in measure.point("HEAD")["figures"], "the sum of eight layers is no figure"


def test_the_page_is_made_from_the_file():
    points = store.load(store.FILE)
    assert len(points) >= 5 and page.PAGE.read_text() == page.page(points, "history.svg")


SUITE = """
import pytest
def work():
    return sum(number * number for number in range(2_000_000))
def test_long():
    assert work()
@pytest.mark.full
def test_of_the_long_suite():
    raise RuntimeError
"""


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A small repository whose tests are timed as ours are, and how a run of them is started."""
    if not shutil.which("git"):
        pytest.skip("git is not on PATH")
    (tmp_path / "part" / "inner").mkdir(parents=True)
    (tmp_path / "part" / "test_one.py").write_text(SUITE)
    (tmp_path / "part" / "inner" / "test_two.py").write_text("def test_short():\n    pass\n")
    (tmp_path / "conftest.py").write_text(f"import sys\nsys.path.insert(0, {str(measure.ROOT)!r})\nfrom tests import times\n\n"
                                          "def pytest_configure(config):\n    times.register(config)\n")
    (tmp_path / "pyproject.toml").write_text('[tool.pytest.ini_options]\ntestpaths = ["part"]\nmarkers = ["full: long"]\n'
                                             'addopts = ["-m", "not full", "-p", "no:cacheprovider"]\n')
    (tmp_path / ".gitignore").write_text("build/\n__pycache__/\n")
    commit = ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "first: one."]
    for line in (["init", "-q"], ["add", "."], commit):
        subprocess.run(["git", *line], cwd=tmp_path, check=True)
    monkeypatch.setenv("NONZERO_CACHE", str(tmp_path / "build" / "cache"))
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)

    def run(*arguments):
        done = subprocess.run([sys.executable, "-m", "pytest", "-q", *arguments], cwd=tmp_path, capture_output=True, text=True,
                              check=False)
        assert "passed" in done.stdout, done.stdout + done.stderr
        return times.load(tmp_path)
    return tmp_path, run


def test_the_times_of_a_whole_run_are_recorded_with_its_commit(checkout, monkeypatch):
    place, run = checkout
    found = run("-n", "2")                  # the times come from the workers
    commit, file = times.clean_commit(place), place / "build" / "h.json"
    assert found.passed == 2 and found.failed == 0 and found.cold and found.yardstick > 0
    assert found.areas["part"] > 0.01 and found.areas["part"] > 5 * found.areas.get("part/inner", 0)
    assert len(commit) == 40 and found.why_not(commit) == "" and found.why_not("f" * 40) == f"it ran on {commit[:9]}"
    monkeypatch.setattr(measure, "ROOT", place)
    left = leave("bench.history", "--file", file, "--record", "HEAD")
    kept, = store.load(file)
    assert left.code == 0 and left.out.startswith(f"recorded {commit[:9]} in ") and "without" not in left.out
    assert kept["figures"]["test_seconds"] == found.seconds == round(sum(kept["tests"].values()), 1)
    assert kept["yardsticks"]["test_seconds"] == found.yardstick and set(kept["tests"]) <= {"part", "part/inner"}
    (place / times.FILE).unlink()
    left = leave("bench.history", "--file", file, "--record", "HEAD")
    assert "without test times: no `make test` was timed; `make clean test` in a checkout of it, or --tests" in left.out


def test_times_that_say_nothing_of_a_commit_are_not_kept_of_it(checkout):
    place, run = checkout
    commit = times.clean_commit(place)
    cached = place / "build" / "cache" / "sim" / "a"
    cached.mkdir(parents=True)
    (cached / "seal.json").write_text("{}")
    with (place / "part" / "test_one.py").open("a") as file:
        file.write("def test_wrong():\n    assert 0\n")
    found = run()
    assert found.commit == "" and found.failed == 1 and found.passed == 2 and not found.cold
    assert found.why_not(commit) == "1 of its tests failed and 2 passed"
    found = replace(found, failed=0)
    assert found.why_not(commit) == "simulations were in its cache"
    assert replace(found, cold=True).why_not(commit) == "it ran on changed files"


@pytest.mark.full
def test_a_part_of_the_tests_is_not_kept_and_a_copy_of_a_commit_is_timed(checkout, monkeypatch):
    place, run = checkout
    assert run("part/test_one.py") is None and run("-k", "long") is None
    monkeypatch.setattr(measure, "ROOT", place)
    leave("bench.history", "--file", place / "build" / "h.json", "--record", "HEAD", "--tests")
    kept, = store.load(place / "build" / "h.json")
    assert kept["tests"]["part"] > 0.01


@pytest.mark.full
def test_a_commit_is_built_and_measured(tmp_path):
    if not shutil.which("git") or not (measure.ROOT / ".git").exists():
        pytest.skip("this is no git checkout")
    left = leave("bench.history", "--file", tmp_path / "h.json", "--record", "HEAD")
    [found] = store.load(tmp_path / "h.json")
    wanted = {"eie_verilog", "mac_verilog", "eie_pe_lut", "eie_pe_ff", "build_seconds"}
    assert left.code == 0 and found["figures"].keys() >= wanted
    assert found["figures"]["eie_verilog"] > 100_000 and 700 < found["figures"]["eie_pe_lut"] < 1100

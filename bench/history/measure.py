"""Measure a commit: what its own files say, and what its own code builds, in a copy that is removed again."""

import io
import json
import os
import resource
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from bench.history import times
from cli.command import progress
from cli.versions import versions

ROOT = Path(__file__).parents[2]
SAFE: dict[str, Any] = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}   # Python 3.11.4 and newer know it
LAYERS = 9                                  # of EIE's table, without one of which a sum says nothing
TESTS = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", str(os.cpu_count() or 1), "--dist", "worksteal")


def point(revision: str, *, tests: bool = False) -> dict[str, Any]:
    """Return what is kept of a commit: its name, date and subject, its figures, the versions of the tools.

    A figure that the commit cannot give, because it had no such command yet, is left out.

    Parameters
    ----------
    revision : str
        As git takes it.
    tests : bool
        Also run the quick tests, which takes minutes. Without, what `make test` has left of this commit is taken.
    """
    commit, date, subject = git("log", "-1", "--format=%H%n%cI%n%s", revision, "--").strip().split("\n")
    figures = dict(kept(commit))
    with tempfile.TemporaryDirectory(prefix="nonzero-history-") as folder, progress(f"building the machines of {commit[:9]}"):
        place = Path(folder) / "tree"
        with tarfile.open(fileobj=io.BytesIO(archive(commit))) as packed:
            packed.extractall(place, **SAFE)
        figures |= dict(built(place))
        yardsticks = {"build_seconds": times.yardstick()} if "build_seconds" in figures else {}
        if tests:
            run(place, TESTS)
        taken = times.load(place if tests else ROOT)
    found = {"commit": commit, "date": date, "subject": subject, "figures": figures, "tools": versions(),
             "yardsticks": yardsticks}
    if taken and not taken.why_not(taken.commit if tests else commit):
        figures["test_seconds"], yardsticks["test_seconds"] = taken.seconds, taken.yardstick
        found["tests"] = dict(taken.areas)
    return found


def git(*arguments: str) -> str:
    """Return what git says in this repository; ValueError with its complaint if it fails."""
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode:
        raise ValueError(f"commit must be one of this repository, not {arguments[-2]!r} ({done.stderr.strip()[-200:]}); "
                         f"name another")
    return done.stdout


def archive(commit: str) -> bytes:
    """Return the files of a commit as tar."""
    return subprocess.run(["git", "archive", "--format=tar", commit], cwd=ROOT, capture_output=True, check=True).stdout


def kept(commit: str) -> Iterator[tuple[str, float]]:
    """Yield the figures that a commit holds in its own files, measured when it was made."""
    nine = _file(commit, "bench/results/eie_default.json")
    if "geomean_over_limit" in nine:
        yield "eie_over_limit", round(nine["geomean_over_limit"], 5)
        if len(nine["layers"]) == LAYERS:
            yield "eie_cycles", sum(layer["cycles"] for layer in nine["layers"].values())
    vgg = _file(commit, "bench/results/scnn.json").get("networks", {}).get("VGG-16", {})
    if "speedup_over_dense_macs" in vgg:
        yield "scnn_vgg", round(vgg["speedup_over_dense_macs"], 3)
    rows = _file(commit, "synth/baseline.json").get("rows", {})
    for row, name in (("pe", "eie_pe_mhz"), ("array16", "eie_16_mhz"), ("mac_tile", "mac_tile_mhz")):
        clock = rows.get(row, {}).get("figures", {}).get("fmax_mhz", {})
        if clock.get("value"):              # 0 where nothing was measured yet
            yield name, clock["value"]


def _file(commit: str, path: str) -> dict[str, Any]:
    try:
        return json.loads(git("show", f"{commit}:{path}", "--"))
    except ValueError:
        return {}


def built(place: Path) -> Iterator[tuple[str, float]]:
    """Yield size, area and time of what a commit's own code builds; a build that it refuses yields nothing."""
    seconds = run(place, ("-m", "rtl.build", "--pes", "64", "--out", "eie"))
    if seconds is not None:
        yield "eie_verilog", len((place / "eie" / "eie_64.v").read_bytes())
        yield "build_seconds", round(seconds, 1)
    if run(place, ("-m", "rtl.build", "--design", "mac", "--out", "mac")) is not None:
        yield "mac_verilog", max(len(path.read_bytes()) for path in (place / "mac").glob("*.v"))
    if run(place, ("-m", "rtl.build", "--pes", "4", "--preset", "ecp5", "--out", "small")) is not None:
        yield from area(place / "small" / "eie_4.v")


def area(verilog: Path) -> Iterator[tuple[str, float]]:
    """Yield look-up tables and flip-flops of a PE, mapped by the Yosys and the rules of today so that commits compare."""
    out = verilog.with_suffix(".json")
    options = ["--verilog", str(verilog), "--top", "eie_pe", "--part", "lfe5u-85f-6", "--seeds", "0", "--json", str(out),
               "--out", str(verilog.parent / "synth")]
    if run(ROOT, ("-m", "synth.run", *options)) is not None:
        found = json.loads(out.read_text())
        yield "eie_pe_lut", found["comb"]
        yield "eie_pe_ff", found["ff"]


def run(place: Path, arguments: Sequence[str]) -> float | None:
    """Return the processor seconds of a Python command that runs in a folder, or None where it fails."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment["NONZERO_CACHE"] = str(place / "build" / ".cache")
    done = subprocess.run([sys.executable, *arguments], cwd=place, env=environment, capture_output=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return None if done.returncode else spent

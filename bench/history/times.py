"""How long the quick tests take: kept in a file when they end, read back for the commit that they ran on.

Processor time, added up over the processes of a run. Machines differ, so a fixed piece of work is timed beside it: what is
compared from commit to commit is the ratio of the two.
"""

import hashlib
import resource
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.write import write_json
from files.document import read_json

ROOT = Path(__file__).parents[2]
FILE = Path("build") / "tests.json"         # below the checkout
ROUNDS = 5


def yardstick() -> float:
    """Return the processor seconds of a fixed piece of work, the least of five tries: how fast this machine is."""
    def once() -> float:
        begin, total = time.process_time(), 0
        for number in range(300_000):
            total += number * number % 7
        hashlib.sha256(total.to_bytes(8) * 2_000_000).digest()
        return time.process_time() - begin
    return round(min(once() for _ in range(ROUNDS)), 4)


@dataclass(frozen=True, kw_only=True)
class Times:
    """Times of one run of the quick tests.

    Parameters
    ----------
    commit : str
        What the tests ran on; empty where files differed from it, or where there was no git.
    cold : bool
        Whether no simulation and no netlist was in the cache, so that every one was built.
    passed, failed : int
        How many tests.
    areas : mapping
        Folder -> processor seconds of its tests.
    yardstick : float
        Processor seconds of a fixed piece of work on that machine.
    """

    commit: str
    cold: bool
    passed: int
    failed: int
    areas: Mapping[str, float]
    yardstick: float

    def why_not(self, commit: str) -> str:
        """Return why these times are not to be kept of a commit, or nothing."""
        if self.failed or not self.passed:
            return f"{self.failed} of its tests failed and {self.passed} passed"
        if not self.cold:
            return "simulations were in its cache"
        return "" if self.commit == commit else f"it ran on {self.commit[:9] or 'changed files'}"

    @property
    def seconds(self) -> float:
        """Processor seconds of all tests."""
        return round(sum(self.areas.values()), 1)


def save(place: Path, times: Times) -> None:
    """Write the times of a run below a checkout."""
    (place / FILE).parent.mkdir(exist_ok=True)
    write_json(place / FILE, vars(times) | {"areas": dict(sorted(times.areas.items()))})


def load(place: Path) -> Times | None:
    """Return the times of the last run below a checkout, or None where no run was timed."""
    if not (place / FILE).exists():
        return None
    data: dict[str, Any] = read_json(place / FILE, "the times of the tests")
    try:
        return Times(**data)
    except TypeError:
        return None                         # of another version of this program


def clean_commit(place: Path) -> str:
    """Return the commit of a checkout; nothing where files differ from it, or where git is not there."""
    def git(*arguments: str) -> str:
        return subprocess.run(["git", *arguments], cwd=place, capture_output=True, text=True, check=True).stdout.strip()
    try:
        return "" if git("status", "--porcelain", "--untracked-files=no") else git("rev-parse", "HEAD")
    except (OSError, subprocess.CalledProcessError):
        return ""


def spent() -> float:
    """Return the processor seconds of this process and of those it has waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)

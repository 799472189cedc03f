"""Where the tools are, what they call themselves, and a run of one with its log kept."""

import functools
import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from cli.command import progress
from cli.wasm import PACKAGES, check_cache, locate


@dataclass(frozen=True, kw_only=True)
class Tool:
    """A program that is here: what to call, whether it is native, and what it says of itself."""

    name: str
    command: str
    native: bool
    version: str


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """A finished run: exit code, all it printed, seconds by the wall and of the processor, the line that repeats it."""

    code: int
    log: str
    seconds: float
    cpu_seconds: float
    command: str


class ToolError(ValueError):
    """A tool refused its input; the text names the tool, its complaint and where its log is."""


@functools.cache
def find(name: str) -> Tool:
    """Return a tool: the native one on PATH if there is one, else our environment's WebAssembly build."""
    if name not in PACKAGES:
        raise ValueError(f"tool must be one of {', '.join(PACKAGES)}, not {name!r}")
    found = locate(name)
    wrapped = PACKAGES[name]
    if not found:
        raise FileNotFoundError(f"{name} must be on PATH or in this Python environment, "
                                f"and it is in neither; pip install {wrapped}")
    path, native = found
    if native:
        return Tool(name=name, command=path, native=True, version=_version(path, name))
    check_cache(wrapped.replace("-", "_"))
    return Tool(name=name, command=path, native=False, version=f"{_version(path, name)}, {wrapped} {_wheel(wrapped)}")


def _wheel(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "of another environment"


def _version(path: str, name: str) -> str:
    with progress(f"starting {Path(path).name}, which takes a minute the first time"):
        said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)
    lines = [line for line in (said.stdout + said.stderr).splitlines()
             if line.strip() and not line.startswith("Preparing")]
    said_first = lines[0] if lines else ""
    if known := re.search(r"\(Version (?:nextpnr-)?(\d[^)\s]*)\)", said_first):     # a distribution's build leaves the name out
        return f"nextpnr-{known.group(1)}"
    if known := re.search(r"Yosys [^(,]*(\(git sha1 \w+)?", said_first):
        return known.group(0).strip().rstrip(")").replace("(git sha1", "git")
    raise ToolError(f"{path} must say its version as {name} does, and it says {said_first[:80]!r}")


def run(name: str, arguments: list[str], *, folder: Path, log: str, title: str = "") -> Outcome:
    """Run a tool in ``folder`` and keep what it prints in the file ``log`` there.

    Every path among the arguments is relative to ``folder``: the WebAssembly tools see another ``/tmp``.
    """
    tool = find(name)
    start = time.monotonic()
    with progress(title or name), (folder / log).open("w") as out:
        process = subprocess.Popen([tool.command, *arguments], cwd=folder, stdout=out, stderr=subprocess.STDOUT,
                                   stdin=subprocess.DEVNULL)
        code, spent = _finish(process)
    shown = " ".join([name if tool.native else PACKAGES[name], *arguments])
    return Outcome(code=code, log=(folder / log).read_text(errors="replace"),
                   seconds=time.monotonic() - start, cpu_seconds=spent, command=shown)


def _finish(process: subprocess.Popen) -> tuple[int, float]:
    """Wait for a process; return its exit code and its processor seconds. It does not outlive our own end."""
    try:
        _, status, usage = os.wait4(process.pid, 0)
    except BaseException:
        process.kill()
        process.wait()
        raise
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, usage.ru_utime + usage.ru_stime


def fail(name: str, outcome: Outcome, *, folder: Path, log: str) -> ToolError:
    """Return the error of a run that ended badly: the tool's own complaint in one line."""
    said = [line for line in outcome.log.splitlines() if line.strip()]
    wrong = next((line for line in said if "ERROR" in line), said[-1] if said else "it printed nothing")
    return ToolError(f"{name} must end well, not with {wrong.strip()!r}; its log is {folder / log}")


def keep_failed(work: Path, name: str) -> Path:
    """Copy a failed run's folder to ``build/failed/NAME``, where its user can look, and return that place."""
    goal = Path("build") / "failed" / name
    shutil.rmtree(goal, ignore_errors=True)
    shutil.copytree(work, goal)
    return goal


def identity(*names: str) -> dict[str, str]:
    """Return each tool's version and kind: results with equal identities may be compared."""
    tools = [find(name) for name in names]
    return {tool.name: f"{tool.version} ({'native' if tool.native else 'WebAssembly'})" for tool in tools}


def describe(*names: str) -> str:
    """Say which tools run, and whether each is native."""
    return "; ".join(f"{name}: {text}" for name, text in identity(*names).items())


if sys.platform == "win32":
    raise ImportError("synth must run on Linux or macOS, not on win32; use the Windows Subsystem for Linux")

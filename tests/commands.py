"""Commands run in this process, as ``python -m`` runs them, for tests that need many runs."""
import contextlib
import importlib.util
import io
import json
import os
import runpy
import subprocess
import sys
from dataclasses import dataclass
from unittest import mock

ALL = ("rtl.build", "compress.build", "compress.check", "sim.run", "synth.run", "synth.estimate", "synth.sweep",
       "golden.mac", "bench.eie", "bench.eie.study", "bench.mac", "bench.scnn", "bench.storage", "synth.baseline",
       "compress.huffman", "compress.firmware", "compress.precision", "boards.build", "boards.run", "boards.list",
       "boards.flash", "bench.history", "bench.onnx", "golden.gpu", "doctor", "docsite", "rtl.mac.scaled", "rtl.parameters",
       "compress.scnn.train", "bench.eie.page", "bench.mac.page")
FIXED = ("synth.fit", "synth.pages")    # take no option: they rewrite one file of this repository from another
REFUSES = ("compress.check",)   # what prints and reports a line for each node that it refuses, and leaves with 2
DIFFER = ("golden.mac", "bench.history", "doctor")      # what may find that values differ, or lack: exit code 1


@dataclass(frozen=True)
class Left:
    """How a command was left: its exit code and what it said."""

    module: str
    code: int
    out: str
    err: str

    @property
    def faults(self):
        """Why this is not the end of a command that was well or refused: one line, printable, and nothing beside it."""
        told = [line for line in self.err.splitlines() if not line.endswith(" ...")]      # beside what takes long
        found = []
        if self.code not in ((0, 1, 2) if self.module in DIFFER else (0, 2)):
            found.append(f"exit code {self.code}")
        if self.module in REFUSES and all(line.startswith("refused: ") for line in told):
            told = ["error: "]
        if self.code == 2 and (len(told) != 1 or not told[0].startswith("error: ")):
            found.append(f"{len(told)} lines for one")
        if "Unable to allocate" in self.err:
            found.append("memory was asked for and not there")
        if not all(line.isprintable() for line in (self.out + self.err).split("\n")):
            found.append("unprintable characters")
        return found


class _Stream(io.TextIOWrapper):
    """Standard output or error kept as text."""

    def __init__(self):
        super().__init__(io.BytesIO(), encoding="utf-8", write_through=True)

    @property
    def text(self):
        return self.buffer.getvalue().decode("utf-8")


def leave(module, *arguments):
    """Run ``python -m module arguments`` and return how it was left; what is not an exit is raised."""
    out, err = _Stream(), _Stream()
    package = importlib.util.find_spec(module).submodule_search_locations is not None
    run = f"{module}.__main__" if package else module
    before = sys.modules.pop(run, None)                 # else runpy warns that it is there already
    given = [module, *map(str, arguments)]
    try:
        with mock.patch.object(sys, "argv", given), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        return Left(module, end.code or 0, out.text, err.text)
    finally:
        if before is not None:
            sys.modules[run] = before
    raise AssertionError(f"{module} must leave with an exit code")


MEASURE = ("import json, os, subprocess, sys; process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL); "
           "_, status, used = os.wait4(process.pid, 0); print(json.dumps([os.waitstatus_to_exitcode(status), "
           "used.ru_utime + used.ru_stime, used.ru_maxrss * 1024]))")


def cost(*command, cwd, **variables):
    """Exit code, seconds of processor time and most bytes of memory of a command.

    A small process starts it: what a system counts for a new process begins with the memory of the one that starts it.
    """
    done = subprocess.run([sys.executable, "-c", MEASURE, *map(str, command)], cwd=cwd, env=os.environ | variables,
                          capture_output=True, text=True, check=True)
    return tuple(json.loads(done.stdout))

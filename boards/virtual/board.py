"""Build a board's shell for simulation, and keep it running while a host speaks with it."""

import contextlib
import json
import os
import select
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sim import simulator
from sim.cache import fetch, key
from sim.launch import lay_runtime, level

MAIN = Path(__file__).with_name("main.cpp")
OPTIONS = ("--cc", "--exe", "--build", "-O3", "-Wno-fatal", "-Wno-lint", "-Wno-style", "--no-timing", "--x-assign", "fast",
           "--top-module", "nz_shell")
START_SECONDS = 10.0


@dataclass
class VirtualBoard:
    """A running board: the terminal to open, its process, and what it did once it has ended."""

    port: str
    process: subprocess.Popen
    figures: dict[str, int] = field(default_factory=dict)


def build(verilog: str, *, divisor: int | None) -> Path:
    """Return the program of a shell's simulation, built or from the cache.

    Parameters
    ----------
    verilog : str
        Of the module ``nz_shell`` and all below it.
    divisor : int or None
        Cycles a bit of its serial line; None for a shell of byte streams.

    Raises
    ------
    FileNotFoundError
        Where Verilator cannot run; says what to install.
    """
    if lack := simulator.missing("verilator"):
        raise FileNotFoundError(f"the virtual board runs in Verilator: {lack}")
    line = ["-CFLAGS", f"-DSERIAL -DCYCLES_PER_BIT={divisor}"] if divisor else []
    text = MAIN.read_text()
    chosen = level("-O2")
    name = key("virtual 2", simulator.identity("verilator"), *OPTIONS, *line, chosen, text, verilog)

    def make(work: Path) -> list[Path]:
        (work / "shell.v").write_text(verilog)
        (work / "main.cpp").write_text(text)
        (work / "obj_dir").mkdir()
        lay_runtime(work / "obj_dir")
        with simulator.environment("verilator"):
            os.environ["MAKEFLAGS"] += f" VM_PARALLEL_BUILDS=0 OPT_FAST={chosen}"
            call = ["verilator", *OPTIONS, *line, "-j", "1", "shell.v", "main.cpp", "-o", "board"]
            done = subprocess.run(call, cwd=work, capture_output=True, text=True, check=False)
        if done.returncode:
            wrong = [text for text in (done.stdout + done.stderr).splitlines() if "rror" in text]
            raise RuntimeError("verilator does not compile the board:\n" + "\n".join(wrong[:20] or [done.stderr[-2000:]]))
        Path(work / "obj_dir" / "board").rename(work / "board")
        return [work / "board"]

    return fetch(name, make) / "board"


@contextlib.contextmanager
def running(program: Path) -> Iterator[VirtualBoard]:
    """Run a board until the block ends; its figures are there afterwards."""
    process: Any = subprocess.Popen([str(program)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                    text=True)
    try:
        ready, _, _ = select.select([process.stdout], [], [], START_SECONDS)
        port = process.stdout.readline().strip() if ready else ""
        if not port:
            raise RuntimeError(f"the virtual board must name its terminal, and it does not: {process.poll()}")
        board = VirtualBoard(port, process)
        yield board
    finally:
        with contextlib.suppress(BrokenPipeError, OSError):
            process.stdin.close()
        try:
            process.wait(START_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        said = process.stderr.read()
        process.stdout.close()
        process.stderr.close()
    with contextlib.suppress(ValueError):
        board.figures = json.loads(said)

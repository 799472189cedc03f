"""A job for the generated array: what to load and to run, and what came back. The side outside the simulator.

The machine stands in a Verilog harness that feeds its stream from files and writes its results to one, so that a load of
millions of words costs no Python; the registers are driven over AXI4-Lite by cocotbext-axi.
"""

import json
import tempfile
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rtl.generated import GeneratedMachine
from sim.launch import build, launch

HARNESS = Path(__file__).with_name("harness.v")
TOP = "eie_harness"
PLANNED = ("first", "count", "read", "limit", "reset")
POLL = 0.2          # seconds between two looks at how far the simulation is


@dataclass(frozen=True, kw_only=True)
class Step:
    """Packets to send, then layers to run (``count`` 0: none), then whether to read the outputs back.

    A run that takes more than ``limit`` cycles has gone wrong. With ``reset``, the machine is reset so many cycles after the
    start instead of being waited for, and nothing is read.
    """

    packets: Sequence[np.ndarray] = ()
    first: int = 0
    count: int = 1
    read: bool = True
    limit: int = 1_000_000
    reset: int | None = None


@dataclass(frozen=True, kw_only=True)
class Answer:
    """Outputs in physical order (None if not read), hardware counters, flags raised, ns of the end and of the read-out."""

    outputs: np.ndarray | None
    counters: dict[str, int]
    flags: dict[str, int]
    ended: int
    read: int


def prepare(built: GeneratedMachine, *, sim: str | None = None, waves: bool = False, build_args: Sequence[str] = ()) -> None:
    """Build the simulation of a machine, so that a later `run` finds it in the cache."""
    build(sources=[built.verilog, harness(built)], top=TOP, sim=sim, waves=waves, build_args=build_args)


def run(built: GeneratedMachine, steps: Sequence[Step], *, sim: str | None = None, waves: bool = False,
        folder: Path | None = None, log: Path | None = None, build_args: Sequence[str] = (),
        advance: Callable[[int], None] = lambda steps: None) -> list[Answer]:
    """Run the steps on the generated Verilog, one after another without a reset, and return an answer for each.

    Parameters
    ----------
    built, steps, sim, waves, log, build_args
        As of `sim.launch.launch`.
    folder : Path, optional
        For files that go in and out; a temporary one, removed at the end, if not given.
    advance : callable
        Told, as the simulation goes on, how many more steps are done.
    """
    if folder is None:
        with tempfile.TemporaryDirectory(prefix="eie-") as made:
            return run(built, steps, sim=sim, waves=waves, folder=Path(made), log=log, build_args=build_args, advance=advance)
    folder = Path(folder).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    plan = []
    for number, step in enumerate(steps):
        if step.packets:
            np.concatenate(step.packets).astype(">u8").tofile(folder / f"feed_{number}.bin")
        plan.append({"feed": bool(step.packets)} | {name: getattr(step, name) for name in PLANNED})
    (folder / "plan.json").write_text(json.dumps({
        "registers": built.manifest["registers"], "outputs": built.manifest["spec"]["pes"] * built.manifest["spec"]["slots"],
        "steps": plan}))
    lines = folder / "answers.jsonl"
    lines.unlink(missing_ok=True)
    with _Watch(lines, advance):
        launch(sources=[built.verilog, harness(built)], top=TOP, module="sim.eie.bench_job", at_least=1, sim=sim, waves=waves,
               folder=folder, log=log, build_args=build_args, env={"EIE_JOB": folder, "COCOTB_LOG_LEVEL": "WARNING"})
    answers = [json.loads(line) for line in lines.read_text().splitlines()]
    return [Answer(outputs=_outputs(folder / f"result_{number}.hex", built), **answer)
            for number, answer in enumerate(answers)]


def harness(built: GeneratedMachine) -> str:
    """Return the harness around a machine."""
    return HARNESS.read_text().replace("EIE_MACHINE", built.name)


def _outputs(path: Path, built: GeneratedMachine) -> np.ndarray | None:
    if not path.exists():                               # nothing was read, or that was refused
        return None
    words = np.array([int(word, 16) for word in path.read_text().split()], np.uint64)
    width = built.manifest["spec"]["act_bits"]
    lanes = np.int8 if width <= 8 else np.int16
    path.unlink()
    return words.astype("<u8").view(lanes).astype(np.int16)


class _Watch:
    """Count the lines of a growing file in a thread of its own."""

    def __init__(self, path: Path, advance: Callable[[int], None]):
        self._path, self._advance, self._done = path, advance, 0
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True)

    def __enter__(self):
        self._thread.start()

    def __exit__(self, *_):
        self._end.set()
        self._thread.join()
        self._look()

    def _follow(self) -> None:
        while not self._end.wait(POLL):
            self._look()

    def _look(self) -> None:
        lines = self._path.read_bytes().count(b"\n") if self._path.exists() else 0
        self._advance(lines - self._done)
        self._done = lines


__all__ = ["Answer", "Step", "harness", "prepare", "run"]

"""A job for the generated array: what to load and to run, and what came back. The side outside the simulator.

The machine stands in a Verilog harness that feeds its stream from files and writes its results to one, so that a load of
millions of words costs no Python; the registers are driven over AXI4-Lite by cocotbext-axi.
"""

import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rtl.built import Built
from sim.launch import launch

HARNESS = Path(__file__).with_name("harness.v")
TOP = "eie_harness"


@dataclass(frozen=True, kw_only=True)
class Step:
    """Packets to send, then layers to run (``count`` 0: none), then whether to read the outputs back."""

    packets: Sequence[np.ndarray] = ()
    first: int = 0
    count: int = 1
    read: bool = True


@dataclass(frozen=True, kw_only=True)
class Answer:
    """Outputs in physical order (None if not read), hardware counters, and the flags raised."""

    outputs: np.ndarray | None
    counters: dict[str, int]
    flags: dict[str, int]


def run(built: Built, steps: Sequence[Step], *, sim: str | None = None, waves: bool = False,
        folder: Path | None = None, log: Path | None = None, build_args: Sequence[str] = ()) -> list[Answer]:
    """Run the steps on the generated Verilog, one after another without a reset, and return an answer for each."""
    folder = Path(folder or tempfile.mkdtemp(prefix="eie-")).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    plan = []
    for number, step in enumerate(steps):
        if step.packets:
            np.concatenate(step.packets).astype(">u8").tofile(folder / f"feed_{number}.bin")
        plan.append({"feed": bool(step.packets), "first": step.first, "count": step.count, "read": step.read})
    (folder / "plan.json").write_text(json.dumps({"registers": built.manifest["registers"], "steps": plan}))
    launch(sources=[built.verilog, harness(built)], top=TOP, module="sim.eie.bench_job", at_least=1, sim=sim, waves=waves,
           folder=folder, log=log, build_args=build_args, env={"EIE_JOB": folder})
    answers = json.loads((folder / "answers.json").read_text())
    return [Answer(outputs=_outputs(folder / f"result_{number}.hex", built) if step.read else None, **answer)
            for number, (step, answer) in enumerate(zip(steps, answers, strict=True))]


def harness(built: Built) -> str:
    """Return the harness around a machine."""
    return HARNESS.read_text().replace("EIE_MACHINE", built.name)


def _outputs(path: Path, built: Built) -> np.ndarray:
    words = np.array([int(word, 16) for word in path.read_text().split()], np.uint64)
    width = built.manifest["spec"]["act_bits"]
    lanes = np.int8 if width <= 8 else np.int16
    path.unlink()
    return words.astype("<u8").view(lanes).astype(np.int16)


__all__ = ["Answer", "Step", "harness", "run"]

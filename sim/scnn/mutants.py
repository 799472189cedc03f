"""Small faults in the netlist of a PE, and which of them whole runs of an array notice.

Yosys puts the faults into the flattened PE; all PEs of an array are that one module, so a fault is in each of them. A run tells
of a fault by another value, counter or flag than without it, or by hanging.
"""

import json
import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from compress.scnn import Image, load_actions, run_actions
from compress.scnn.actions import read_actions, read_out
from rtl.scnn import generate
from sim.equivalence import Frame
from sim.host import Actions
from sim.launch import launch
from sim.mutants import SELECT, SELECT_BITS, Verdict, judge, mutate
from sim.session import TOP, Talk, harness
from spec.registers import from_data
from spec.scnn import ScnnSpec

PE = "scnn_pe"


def told(image: Image, x: np.ndarray, *, runs: int = 1) -> Actions:
    """Load an image, run an input on it so many times; return the last `Result` and all that came of it.

    What came is of each run the outputs and counters, and of each PE the entries of the output's blocks.
    """
    yield from load_actions(image)
    came = []
    for _ in range(runs):
        result = yield from run_actions(image, x)
        came.append((result.outputs, result.counters))
    first, count, _ = read_out(image)
    return result, came, (yield from read_actions(image.spec, first, count))


def examine(folder: Path, spec: ScnnSpec, talks: Sequence[Talk], *, count: int, seed: int = 1, seconds: int = 20,
            ) -> tuple[Verdict, list[Any]]:
    """Put ``count`` faults into a PE and hold the talks on each; try to prove equivalent what no talk notices.

    The talks must be without pauses, whose answers would be others each time.

    Returns
    -------
    tuple
        The verdict, and the answers without a fault, which the caller compares with golden.
    """
    folder = Path(folder).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    built = generate(spec)
    text, mutants = mutate(folder, built.verilog, top=PE, count=count, seed=seed)
    registers = from_data(built.name, built.manifest["registers"])
    (folder / "talks.pickle").write_bytes(pickle.dumps((registers, list(talks), [mutant.number for mutant in mutants])))
    chosen = harness(built).replace("  input  wire        feed,", f"  input  wire [{SELECT_BITS - 1}:0] {SELECT},\n"
                                    "  input  wire        feed,", 1)
    launch(sources=[joined(built.verilog, text), chosen], top=TOP, module="sim.scnn.bench_mutants", at_least=1, folder=folder,
           log=folder / "log", env={"SCNN_MUTANTS": folder, "COCOTB_LOG_LEVEL": "ERROR"}, build_args=("--no-assert",))
    lines = [json.loads(line) for line in (folder / "noticed.jsonl").read_text().splitlines()]
    quiet = {number for number, first in lines if first is None}
    if 0 not in quiet:
        raise AssertionError(f"after the faults the machine must answer as before them; see {folder / 'log'}")
    verdict = judge(folder, mutants, quiet, top=PE, frame=Frame(), seconds=seconds)
    return verdict, pickle.loads((folder / "answers.pickle").read_bytes())


def joined(machine: str, pe: str) -> str:
    """Return a machine whose PEs are another module of that name, with the choice of the fault from the harness."""
    begin = machine.index(f"module {PE}(")
    end = machine.index("endmodule", begin) + len("endmodule")
    head, ports, body = pe.partition(");\n")
    head = head.replace(f", {SELECT}", "").replace(f"{SELECT}, ", "")
    for declared in (f"  input [{SELECT_BITS - 1}:0] {SELECT};\n", f"  wire [{SELECT_BITS - 1}:0] {SELECT};\n"):
        body = body.replace(declared, "")
    wire = f"  wire [{SELECT_BITS - 1}:0] {SELECT} = {TOP}.{SELECT};\n"
    return machine[:begin] + machine[end:] + "\n" + head + ports + wire + body

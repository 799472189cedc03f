"""What a probe measures of a MAC machine: what it does, and which accumulator block each operation goes to."""

import math
from pathlib import Path
from typing import Any

from compress.mac.order import runs
from rtl.generated import GeneratedMachine
from sim.hierarchy import Hierarchy
from sim.page import write
from sim.probe import Group, Measure, Probe, Work
from sim.trace import Trace, Watch, watch
from spec.mac import SIDE, MacSpec

EVERY_WINDOW = 1 << 30
COUNTED = {"operations": "operations", "waits": "waits for results", "starved": "waits for operands",
           "held": "waits for D to go"}
LANES = COUNTED | {"loads": "takes words in", "reads": "sends D"}
"""What the machine may do in a cycle, as a reader knows it; the first four are its counters."""


def watch_product(machine: GeneratedMachine, spec: MacSpec, padded: tuple[int, int, int], fmt: str) -> Watch:
    """Return a watch of all that the machine does for a product of so many rows, terms and columns."""
    rows, length, columns = padded
    size = rows // SIDE, columns // (SIDE * spec.tiles), length // spec.length(fmt)
    operations, blocks = math.prod(size), max(run.blocks for run in runs(spec, *size))
    return watch(probe(machine, spec, blocks), cycles=operations * spec.fold, windows=EVERY_WINDOW)


def probe(machine: GeneratedMachine, spec: MacSpec, blocks: int) -> Probe:
    """Return the probe of a machine whose runs have at most so many blocks; its window is any run, load or read-out."""
    at = Hierarchy(machine.verilog, machine.name)
    valid, run, slot, *waiting = (
        at.signal("sequence", name) for name in ("valid", "busy", "issue.slot", "waits", "starved", "held"))
    load, look = at.signal("assemble", "i__valid"), f"(!{at.signal('readout', 'free')})"
    lanes = Measure(name="cycles", label="share of the cycles", signals=(valid, *waiting, load, look))
    each = Measure(name="operations", label="operations",
                   signals=tuple(f"({valid} && {slot} == {number})" for number in range(blocks)))
    return Probe(window=f"({run} | {load} | {look})", mark="0",
                 work=Work(group="blocks", measure="operations", full=1 / spec.fold), groups=(
        Group(name="control", title="Machine", parts=tuple(LANES.values()), measures=(lanes,)),
        Group(name="blocks", title="Accumulator blocks", parts=tuple(f"block {number}" for number in range(blocks)),
              measures=(each,))))


def draw(path: Path, trace: Trace, spec: MacSpec, figures: dict[str, Any]) -> None:
    """Write the page of a product.

    Raises
    ------
    RuntimeError
        If the probe counted otherwise than the hardware: then the page would not show what happened.
    """
    lanes = dict(zip(LANES, trace.values["control", "cycles"].sum(axis=0).tolist(), strict=True))
    lanes["operations"] = int(trace.values["blocks", "operations"].sum())
    if wrong := [name for name in COUNTED if lanes[name] != figures[name]]:
        raise RuntimeError(f"{wrong[0]} must be {figures[wrong[0]]} in the trace too, not {lanes[wrong[0]]}")
    rows, length, columns = figures["shape"]
    row = {"name": "product", "cycles": figures["cycles"], "busy": figures["operations"] * spec.fold / figures["cycles"],
           "stalls": {name: figures[name] for name in COUNTED if name != "operations"}}
    fact = (f"D = A*B + C of {rows} x {length} x {columns}, {figures['fmt']} -> {figures['acc']}, on {spec.tiles} tiles of "
            f"{spec.arch} in {figures['simulator']}; all tiles do the same in each cycle. {figures['values']:,} values "
            f"compared with the golden model, {figures['different']:,} different.")
    write(path, trace, ["product"], {"layers": [row]}, title=f"A product on {spec.tiles} MAC tiles", facts=[fact])

"""What a probe measures of an EIE array: the control unit's cycles by cause, and work, waiting and queue of every PE."""

from collections.abc import Mapping, Sequence

from golden.eie import Run
from rtl.eie.bus import CONTROL_EVENTS, PE_EVENTS
from rtl.eie.group import FANOUT, levels
from rtl.generated import GeneratedMachine
from sim.hierarchy import Hierarchy
from sim.probe import Group, Measure, Probe, Work
from sim.trace import Trace, Watch, watch
from spec.eie import EieSpec

CAUSES = {
    "broadcasts": "broadcasts", "stall_queue": "a queue is full", "stall_scan": "empty rows, gaps", "stall_barrier": "barrier",
    "preload": "codebook, bias", "drain": "waits for PEs", "writeback": "write-back"}
"""Counters of the control unit, other than ``cycles``, as a reader knows them."""


def watch_first(machine: GeneratedMachine, spec: EieSpec, golden: Run) -> Watch:
    """Return a watch of all layers of the first input; the golden model knows how long they take."""
    layers = golden.counters[0]
    return watch(probe(machine, spec), cycles=sum(layer.cycles for layer in layers), windows=len(layers))


def check(trace: Trace, counters: Sequence[Mapping[str, int]]) -> None:
    """Compare what a probe counted, layer by layer, with the hardware's counters.

    Raises
    ------
    RuntimeError
        If one differs: then the page would not show what happened.
    """
    for number, (piece, told) in enumerate(zip(trace.pieces(), counters, strict=True)):
        causes = trace.values["control", "cycles"][piece].sum(axis=0).tolist()
        found = {"cycles": int(trace.ticks[piece].sum())} | dict(zip(CAUSES, causes, strict=True))
        found |= {name: int(trace.values["pes", name][piece].sum()) for name in PE_EVENTS}
        if wrong := [name for name in found if found[name] != told[name]]:
            raise RuntimeError(f"{wrong[0]} of layer {number} must be {told[wrong[0]]} in the trace too, not {found[wrong[0]]}")


def probe(machine: GeneratedMachine, spec: EieSpec) -> Probe:
    """Return the probe of an array; its window is a layer's counted cycles, its mark the layer's number."""
    at = Hierarchy(machine.verilog, machine.name)
    events = at.signal("control", "event")
    each = {name: f"{events}[{number}]" for number, name in enumerate(CONTROL_EVENTS)}
    causes = Measure(name="cycles", label="share of the cycles", signals=tuple(each[name] for name in CAUSES))
    work = Work(group="pes", measure="useful_macs", full=spec.pes)
    pes = tuple(f"PE {pe}" for pe in range(spec.pes))
    return Probe(window=each["cycles"], mark=at.signal("control", "_number"), work=work, groups=(
        Group(name="control", title="Control unit", parts=tuple(CAUSES.values()), measures=(causes,)),
        Group(name="pes", title="PEs", parts=pes, measures=_work(at, spec), moment=True),
        Group(name="queues", title="Queues of the PEs", parts=pes, measures=_queues(at, spec), moment=True)))


def path_of(pe: int, pes: int) -> list[str]:
    """Return the names of the blocks around a PE: a digit to the base 4 for each level of groups."""
    groups = [f"group{pe // FANOUT ** level % FANOUT}" for level in range(levels(pes), 0, -1)]
    return ["array", *groups, f"pe{pe % FANOUT}"]


def _each(at: Hierarchy, spec: EieSpec, *names: str) -> tuple[str, ...]:
    """Return a signal of every PE."""
    return tuple(at.signal(*path_of(pe, spec.pes), *names) for pe in range(spec.pes))


def _work(at: Hierarchy, spec: EieSpec) -> tuple[Measure, ...]:
    events = _each(at, spec, "event")
    stages = zip(*(_each(at, spec, block, "idle") for block in ("queue", "spmat", "picker")), strict=True)

    def event(name: str, label: str) -> Measure:
        return Measure(name=name, label=label, signals=tuple(f"{bits}[{PE_EVENTS.index(name)}]" for bits in events), late=1)

    return (event("useful_macs", "multiplies"), event("padding", "works on padding"),
            Measure(name="idle", label="has nothing to do", signals=tuple(f"({' & '.join(stage)})" for stage in stages)),
            event("empty", "drops an empty column"))


def _queues(at: Hierarchy, spec: EieSpec) -> tuple[Measure, ...]:
    bits, depth, level = spec.queue_depth.bit_length(), spec.queue_depth, _each(at, spec, "queue", "level")
    return (Measure(name="level", label="activations that wait", signals=level, bits=bits, scale=depth),
            Measure(name="peak", label="most activations that wait", signals=level, bits=bits, scale=depth, peak=True),
            Measure(name="stop", label="asks for a stop", signals=_each(at, spec, "queue", "stop")))

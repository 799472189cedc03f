"""What a probe measures of an SCNN array: slots of its multipliers by cause, the work of every PE and of every bank."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from rtl.generated import GeneratedMachine
from rtl.scnn.array import EVENTS_LATE
from rtl.scnn.bus import Widths
from rtl.scnn.machine import CAUSES, SLOTS
from sim.hierarchy import Hierarchy
from sim.page import write
from sim.probe import Group, Measure, Probe, Work
from sim.scnn.outcome import Outcome
from sim.trace import Trace, Watch, watch
from spec.scnn import SLOT_COUNTERS, ScnnSpec

LABELS = {
    "products": "multiplies", "act_tail": "no activation left", "weight_tail": "no weight left", "placeholder": "placeholder",
    "crossbar": "crossbar full", "weight_wait": "waits for weights", "act_wait": "waits for inputs", "barrier": "waits for PEs",
    "halo": "halo exchange", "reduction": "sums of groups", "drain": "drain", "redistribution": "redistribution"}
"""Counters of slots as a reader knows them."""

CODES: dict[str, int] = {name: cast(Any, cause).value for name, cause in CAUSES.items()}
PE_LATE = 3                 # cycles from a cycle to what a PE tells of it


def watch_first(machine: GeneratedMachine, spec: ScnnSpec, cycles: int) -> Watch:
    """Return a watch of all layers of the first input, which take about so many cycles."""
    return watch(probe(machine, spec), cycles=cycles, windows=1)


def probe(machine: GeneratedMachine, spec: ScnnSpec) -> Probe:
    """Return the probe of an array; its window is a run of layers, its mark the number of the layer started last."""
    at = Hierarchy(machine.verilog, machine.name)
    counting, start, first = (at.signal("control", name) for name in ("counting", "o_start", "run_first"))
    return Probe(
        window=f"({counting} | {start} & {first})", mark=at.signal("control", "layer"), mark_late=1,
        work=Work(group="pes", measure="products", full=spec.multipliers),
        groups=(Group(name="slots", title="Multipliers", parts=tuple(LABELS[name] for name in SLOT_COUNTERS),
                      measures=(_slots(at, spec),)),
                Group(name="pes", title="PEs", parts=tuple(f"PE {pe // spec.cols}, {pe % spec.cols}" for pe in range(spec.pes)),
                      measures=_work(at, spec), moment=True),
                Group(name="banks", title="Accumulator banks, all PEs", measures=_banks(at, spec), moment=True,
                      parts=tuple(f"bank {bank}" for bank in range(spec.banks)))))


def _slots(at: Hierarchy, spec: ScnnSpec) -> Measure:
    """The array's own sums: slots in use, and PEs without issue times their multipliers."""
    signals = {name: at.signal("array", f"slots__{number}") for number, name in enumerate(SLOTS)}
    signals |= {name: f"({at.signal('array', f'causes__{code}')} * {spec.products})" for name, code in CODES.items()}
    return Measure(name="slots", label="share of the slots", signals=tuple(signals[name] for name in SLOT_COUNTERS),
                   bits=spec.multipliers.bit_length(), late=spec.broadcast_latency + EVENTS_LATE, scale=spec.multipliers)


def _work(at: Hierarchy, spec: ScnnSpec) -> tuple[Measure, ...]:
    def each(*names: str) -> list[str]:
        return [at.signal("array", f"pe{pe}", *names) for pe in range(spec.pes)]

    found = [Measure(name=name, label=LABELS[name], signals=tuple(each(f"slots__{number}")), bits=Widths(spec).slots,
                     late=PE_LATE, scale=spec.products) for number, name in enumerate(SLOTS)]
    idle = list(zip(each("idle"), each("cause"), strict=True))
    found += [Measure(name=name, label=LABELS[name], late=PE_LATE,
                      signals=tuple(f"({stands} && {why} == {code})" for stands, why in idle))
              for name, code in CODES.items()]
    return (*found, Measure(name="stop", label="a queue of the crossbar is full", signals=tuple(each("crossbar", "stop"))))


def _banks(at: Hierarchy, spec: ScnnSpec) -> tuple[Measure, ...]:
    def every(port: str) -> tuple[str, ...]:
        ports = [at.signal("array", f"pe{pe}", "crossbar", port) for pe in range(spec.pes)]
        return tuple(" + ".join(f"{bits}[{bank}]" for bits in ports) for bank in range(spec.banks))

    return (Measure(name="added", label="adds products", signals=every("o_valid"), bits=spec.pes.bit_length(), scale=spec.pes),
            Measure(name="side", label="drains, or takes a halo", signals=every("o_side"), bits=spec.pes.bit_length(),
                    scale=spec.pes))


def check(trace: Trace, counters: Mapping[str, int]) -> None:
    """Compare what a probe counted with the hardware's counters.

    Raises
    ------
    RuntimeError
        If one differs: then the page would not show what happened.
    """
    found = dict(zip(SLOT_COUNTERS, trace.values["slots", "slots"].sum(axis=0).tolist(), strict=True))
    found["cycles"] = int(trace.ticks.sum())
    if wrong := [name for name in found if found[name] != counters[name]]:
        raise RuntimeError(f"{wrong[0]} must be {counters[wrong[0]]} in the trace too, not {found[wrong[0]]}")


def draw(path: Path, trace: Trace, outcome: Outcome, *, title: str, sim: str) -> None:
    """Write the page of a run, whose trace is of the first input."""
    counters: Sequence[Mapping[str, int]] = [answer.value.counters for answer in outcome.answers]
    check(trace, counters[0])
    spec = outcome.image.spec
    total = {name: sum(own[name] for own in counters) for name in ("cycles", *SLOT_COUNTERS)}
    row = {"name": "all layers", "cycles": total["cycles"], "busy": total["products"] / (total["cycles"] * spec.multipliers),
           "stalls": {name: total[name] for name in SLOT_COUNTERS if name != "products"}}
    inputs = f"{len(counters)} input{'s' if len(counters) > 1 else ''}"
    fact = (f"{inputs} through {len(outcome.image.names)} layers on {spec.rows} x {spec.cols} PEs of {spec.products} "
            f"multipliers in {sim}; the first input is drawn. {outcome.outputs.size:,} values compared with the golden model, "
            f"{len(outcome.differing):,} different. Lost work is counted in slots: multipliers times cycles.")
    write(path, trace, [layer["name"] for layer in outcome.image.names], {"layers": [row]}, title=title, facts=[fact])

"""Networks on the generated array compared with golden: every value, the flags, and where each slot of each cycle went."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from compress.scnn import block
from compress.scnn.assemble import Assembly, assemble
from compress.scnn.tensor import indices, planes, recover
from golden.scnn import exact
from golden.scnn.layer import Layer, forward
from golden.scnn.machine import Machine
from rtl.scnn import generate
from sim.scnn import job
from spec.scnn import SLOT_COUNTERS, ScnnSpec

LIMIT = 400_000
SHARE = 0.01            # of a run by which a counter may differ from the model's


@dataclass(frozen=True, kw_only=True, eq=False)
class Case:
    """A network, its input, and how it is laid out: levels and passes of its layers, or none to have them chosen.

    ``pause`` is that of a step of a job.
    """

    name: str
    layers: list[Layer]
    x: np.ndarray
    levels: tuple[int, ...]
    passes: tuple[int | None, ...] = ()
    pause: int = 0
    limit: int = LIMIT

    def assembly(self, spec: ScnnSpec) -> Assembly:
        """Return the network laid out; raises ValueError where the array cannot hold it."""
        return assemble(spec, self.layers, self.x.shape, levels=self.levels or None, passes=self.passes or None)


def fits(case: Case, spec: ScnnSpec) -> bool:
    """Return whether the array can hold a network."""
    try:
        case.assembly(spec)
    except (ValueError, OverflowError):
        return False
    return True


def run(spec: ScnnSpec, cases: Sequence[Case], folder: Path) -> list[tuple[Assembly, job.Answer]]:
    """Run the cases one after another on one simulation."""
    made = [case.assembly(spec) for case in cases]
    steps = [job.Step(packets=job.load(one, case.x), weights=one.weights, count=len(case.layers),
                      first_block=blocks(one).start, blocks=len(blocks(one)), pause=case.pause, limit=case.limit)
             for one, case in zip(made, cases, strict=True)]
    return list(zip(made, job.run(generate(spec), spec, steps, folder), strict=True))


def faults(case: Case, assembly: Assembly, answer: job.Answer) -> list[str]:
    """Return what an answer has wrong: nothing, where all values are golden's and each slot of each cycle has one cause."""
    if not answer.ended:
        return [f"the run did not end in {case.limit} cycles"]
    found = []
    spec, want = assembly.spec, forward(case.layers, case.x)
    for plan in assembly.plans[-1:]:                        # the room of earlier tensors may be used again
        got = recover(spec, plan.output, answer.blocks)
        if (wrong := int((got != want[plan.output.name]).sum())):
            found.append(f"{wrong} of {got.size} values of {plan.output.name} are wrong")
    if (raised := {name for name, flag in answer.flags.items() if flag}) != {"done"}:
        found.append(f"flags are {', '.join(sorted(raised))}")
    slots = sum(answer.counters[name] for name in SLOT_COUNTERS)
    if slots != answer.counters["cycles"] * spec.multipliers:
        found.append(f"slots are {slots} in {answer.counters['cycles']} cycles of {spec.multipliers} multipliers")
    return found


def machine(case: Case, assembly: Assembly) -> Machine:
    """Return golden's machine with a network and its input loaded."""
    made = Machine(spec=assembly.spec, layers=assembly.layers, lanes=assembly.lanes, taps=assembly.taps,
                   supply=assembly.supply, drain=assembly.drain, weights=assembly.weights, codebooks=assembly.codebooks)
    source = assembly.source
    for pe in range(assembly.spec.pes):
        place = assembly.spec.position(pe, source.level)[1]
        for form in source.blocks:
            counts, values, runs = block.encode(planes(assembly.spec, source, case.x.astype(np.int64), form, pe))
            ends = np.cumsum(counts)
            for index, end, count in zip(indices(source, form, place).tolist(), ends.tolist(), counts.tolist(), strict=True):
                made.memories[pe][index] = values[end - count:end], runs[end - count:end]
    return made


def model(case: Case, assembly: Assembly) -> dict[str, int]:
    """Return the counters of a whole run by golden's model of time, the crossbar product by product."""
    found = exact.run(machine(case, assembly))
    total = {"cycles": sum(own.cycles for own in found), "entries": sum(own.entries for own in found),
             "port_wait": sum(own.port_wait for own in found)}
    return total | {name: sum(own.slots[name] for own in found) for name in SLOT_COUNTERS}


def late(case: Case, assembly: Assembly, answer: job.Answer) -> list[str]:
    """Return which counters of a run are more than 1 % of it away from golden's model of time."""
    want, found = model(case, assembly), []
    for name, value in want.items():
        whole = want["cycles"] * (assembly.spec.multipliers if name in SLOT_COUNTERS else 1)
        if abs(answer.counters[name] - value) > SHARE * whole:
            found.append(f"{name} are {answer.counters[name]}, by the model {value} of {whole}")
    return found


def blocks(assembly: Assembly) -> range:
    """Return the blocks of a PE that hold what is compared: those of the last layer's output."""
    output = assembly.plans[-1].output
    return range(min(output.blocks.values()), max(first + output.span * form[0] * form[1]
                                                  for form, first in output.blocks.items()))

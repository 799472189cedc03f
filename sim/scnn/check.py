"""Networks on the generated array compared with golden: every value, the flags, and where each slot of each cycle went."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from compress.scnn import Image, block, image
from compress.scnn.assemble import Assembly, assemble
from compress.scnn.tensor import indices, planes
from golden.scnn import exact
from golden.scnn.layer import Layer, forward
from golden.scnn.model import ArrayModel
from rtl.scnn import generate
from sim.scnn.talks import Attempt, apart, attempt
from sim.session import hold
from spec.scnn import SLOT_COUNTERS, ScnnSpec

LIMIT = 400_000
SHARE = 0.01            # of a run by which a counter may differ from the model's


@dataclass(frozen=True, kw_only=True, eq=False)
class Case:
    """A network, its input, and how it is laid out: levels, passes and input-channel groups, or none to have them chosen.

    ``pause`` in 256 is the chance that the stream of weights has nothing to offer in a cycle, ``limit`` the cycles within
    which the layers must end. ``saturated`` says that some sum does not fit ``acc_bits``, which a flag tells.
    """

    name: str
    layers: list[Layer]
    x: np.ndarray
    levels: tuple[int, ...]
    passes: tuple[int | None, ...] = ()
    groups: tuple[int | None, ...] = ()
    pause: int = 0
    limit: int = LIMIT
    saturated: bool = False

    def assembly(self, spec: ScnnSpec) -> Assembly:
        """Return the network laid out; raises ValueError where the array cannot hold it."""
        return assemble(spec, self.layers, self.x.shape, levels=self.levels or None, passes=self.passes or None,
                        groups=self.groups or None)

    def image(self, assembly: Assembly) -> Image:
        """Return the image of the network laid out; raises ValueError where a sum for this input could overflow."""
        return image.of(assembly, largest=int(abs(self.x.astype(np.int64)).max(initial=0)))


def fits(case: Case, spec: ScnnSpec) -> bool:
    """Return whether the array can hold a network."""
    try:
        case.image(case.assembly(spec))
    except (ValueError, OverflowError):
        return False
    return True


def run(spec: ScnnSpec, cases: Sequence[Case], folder: Path) -> list[tuple[Assembly, Attempt]]:
    """Run the cases one after another on one simulation."""
    made = [case.assembly(spec) for case in cases]
    talks = [partial(attempt, case.image(one), case.x, limit=case.limit, pause=case.pause)
             for one, case in zip(made, cases, strict=True)]
    answers = hold(generate(spec), talks, folder=folder, apart=apart(spec))
    return [(one, answer.value) for one, answer in zip(made, answers, strict=True)]


def faults(case: Case, assembly: Assembly, tried: Attempt) -> list[str]:
    """Return what an answer has wrong: nothing, where all values are golden's and each slot of each cycle has one cause."""
    if tried.result is None:
        return [tried.fault]
    found = []
    spec, got, counters = assembly.spec, tried.result.outputs, tried.result.counters
    want = forward(case.layers, case.x)[assembly.mappings[-1].output.name]
    if (wrong := int((got != want).sum())):
        found.append(f"{wrong} of {got.size} values are wrong")
    expected = {"done", "saturated"} if case.saturated else {"done"}
    if (raised := {name for name, flag in tried.result.flags.items() if flag}) != expected:
        found.append(f"flags are {', '.join(sorted(raised))}, not {', '.join(sorted(expected))}")
    slots = sum(counters[name] for name in SLOT_COUNTERS)
    if slots != counters["cycles"] * spec.multipliers:
        found.append(f"slots are {slots} in {counters['cycles']} cycles of {spec.multipliers} multipliers")
    return found


def golden_model(case: Case, assembly: Assembly) -> ArrayModel:
    """Return golden's machine with a network and its input loaded."""
    made = ArrayModel(spec=assembly.spec, layers=assembly.layers, lanes=assembly.lanes, taps=assembly.taps,
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
    found = exact.run(golden_model(case, assembly))
    total = {"cycles": sum(own.cycles for own in found), "entries": sum(own.entries for own in found),
             "port_wait": sum(own.port_wait for own in found)}
    return total | {name: sum(own.slots[name] for own in found) for name in SLOT_COUNTERS}


def late(case: Case, assembly: Assembly, tried: Attempt) -> list[str]:
    """Return which counters of a run are more than 1 % of it away from golden's model of time."""
    want, found = model(case, assembly), []
    if tried.result is None:
        return [tried.fault]
    for name, value in want.items():
        whole = want["cycles"] * (assembly.spec.multipliers if name in SLOT_COUNTERS else 1)
        if abs(tried.result.counters[name] - value) > SHARE * whole:
            found.append(f"{name} are {tried.result.counters[name]}, by the model {value} of {whole}")
    return found

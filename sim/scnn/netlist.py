"""A synthesized netlist of an array on random networks: every output and counter must be the golden model's."""

from rtl.generated import GeneratedMachine
from sim.scnn.cases import case
from sim.scnn.outcome import Outcome
from sim.scnn.talks import together
from sim.session import hold
from spec.scnn import ScnnSpec

UNIT = ""
"""Module that is synthesized and checked; empty for the whole machine."""

NETWORKS = 3


def verify(machine: GeneratedMachine, netlist: str, spec: ScnnSpec) -> str:
    """Run random networks on a netlist of a machine, and return what was compared.

    Raises
    ------
    AssertionError
        If the netlist answers otherwise than golden.
    """
    found = [case(spec, seed=seed) for seed in range(NETWORKS)]
    talks = []
    for one in found:
        talks += together(one.image, one.x[None], [sum(own.cycles for own in one.golden.counters)])
    answers = hold(GeneratedMachine(machine.name, netlist, machine.manifest), talks, sim="verilator")
    total = 0
    for one, answer in zip(found, answers, strict=True):
        outcome = Outcome(image=one.image, golden=[one.golden], answers=[answer], timed=1)
        if outcome.wrong:
            raise AssertionError(f"{one.name}: {'; '.join(outcome.faults())}; {len(outcome.differing)} values differ")
        total += outcome.outputs.size
    return f"{total} outputs of {NETWORKS} random networks, and their counters, equal the golden model's"

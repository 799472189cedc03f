"""sim.toy.netlist: the synthesized netlist against golden."""
from functools import partial
from types import SimpleNamespace

from rtl.generated import GeneratedMachine
from sim.session import hold
from tests.toy import compress, golden

UNIT = ""


def verify(machine, netlist, spec):
    words, image = list(range(100, 130)), compress.Image(spec, 77)
    made = GeneratedMachine(machine.name, netlist, machine.manifest)
    got = hold(made, [partial(compress.session, image, words)], sim="verilator")[0].value
    want = golden.run(SimpleNamespace(spec=spec, addend=77), words)
    assert got.outputs.tolist() == want.outputs.tolist(), f"{got.outputs} must be {want.outputs}"
    return f"{len(words)} words equal the golden model's"

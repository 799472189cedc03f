"""Faults in the netlists of an array: the benches must notice them."""
import pytest

from rtl.bus.axil import AxiLiteSlave
from rtl.bus.loader import StreamLoader
from rtl.bus.result import ResultStream
from rtl.emit import Library
from sim.bus.toy import TOY
from sim.eie import blocks
from sim.mutants import examine

COUNT = 220
LEAST = 0.97        # share of the faults not proved equivalent that must be noticed
FRONT, WORDS, ELASTIC, BACK, SCAN, LOAD, CONTROL = (
    f"sim.eie.bench_{name}" for name in ("front", "words", "elastic", "back", "scan", "load", "control"))
NETLISTS = {        # blocks of a netlist, each with its benches and the tests there that are about it
    "pe": {
        "pointer": [(FRONT, "pointers")], "queue": [(FRONT, "queue")], "spmat": [(WORDS, "words_are|a_word|biases|hold"), (ELASTIC, "")],
        "picker": [(WORDS, "every_marked")], "arithmetic": [(BACK, "sums")], "requantiser": [(BACK, "every_shift")],
        "actrw": [(BACK, "outputs")]},
    "detection": {"buffer": [(SCAN, "buffer")], "leaf": [(SCAN, "leaf_.*name=leaf(/|$)")], "node": [(SCAN, "node_.*name=node(/|$)")]},
    "loader": {"loader": [(LOAD, "")]},
    "control": {"control": [(CONTROL, "")]},
}
BUS = {
    "registers": (AxiLiteSlave(TOY), "axil", {}), "loader": (StreamLoader((1, 2, 200)), "loader", {}),
    "results": (ResultStream(16, lanes=4), "result", {"BITS": 16, "LANES": 4}),
}


@pytest.mark.full
@pytest.mark.parametrize("machine", ["default", "paper"])
@pytest.mark.parametrize("netlist", NETLISTS)
def test_faults_of_an_array_are_noticed(netlist, machine, tmp_path):
    spec, benches = blocks.SPECS[machine], NETLISTS[netlist]
    verdict = examine(tmp_path, blocks.verilog(spec, benches), top=blocks.TOP, count=COUNT, benches=benches,
                      env={"EIE_SPEC": blocks.to_text(spec)})
    print(f"{netlist}, {machine}: {verdict}", flush=True)
    assert verdict.tried >= 200 and verdict.share >= LEAST, verdict


@pytest.mark.full
@pytest.mark.parametrize("part", BUS)
def test_faults_of_the_bus_are_noticed(part, tmp_path):
    component, bench, env = BUS[part]
    library = Library()
    library.add(component, module=part)
    verdict = examine(tmp_path, library.verilog(), top=part, count=COUNT, benches={"": [(f"sim.bus.bench_{bench}", "")]}, env=env)
    print(f"bus, {part}: {verdict}", flush=True)
    assert verdict.tried >= 200 and verdict.share >= LEAST, verdict

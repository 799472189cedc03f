"""Faults in the netlists of an array: the benches must notice them."""
from dataclasses import replace

import pytest

from rtl.bus.axil import AxiLiteSlave
from rtl.bus.loader import StreamLoader
from rtl.bus.result import ResultStream
from rtl.emit import Library
from sim.bus.kinds import KINDS
from sim.eie import blocks
from sim.equivalence import Frame
from sim.mutants import examine

COUNT = 220
LEAST = 0.97
"""Share of the faults not proved equivalent that must be noticed."""

FRONT, WORDS, ELASTIC, BACK, SCAN, LOAD, CONTROL = (
    f"sim.eie.bench_{name}" for name in ("front", "words", "elastic", "back", "scan", "load", "control"))
NETLISTS = {        # blocks of a netlist, each with its benches and the tests there that are about it
    "pe": {
        "pointer": [(FRONT, "pointers")], "queue": [(FRONT, "queue")],
        "spmat": [(WORDS, "words_are|a_word|biases|hold"), (ELASTIC, "")],
        "picker": [(WORDS, "every_marked")], "arithmetic": [(BACK, "sums")], "requantiser": [(BACK, "every_shift")],
        "actrw": [(BACK, "outputs")]},
    "detection": {
        "buffer": [(SCAN, "buffer")], "leaf": [(SCAN, "leaf_.*name=leaf(/|$)")], "node": [(SCAN, "node_.*name=node(/|$)")]},
    "loader": {"loader": [(LOAD, "")]},
    "control": {"control": [(CONTROL, "")]},
}
WIDE = {("loader", machine): replace(blocks.SPECS[machine], pes=201) for machine in ("default", "paper")}
"""Machines for netlists some of whose bits three PEs would never set."""

COMMAND, BROADCAST = "inner_control__cmd_op != 0", "inner_control__bc_valid"
FRAMES = {          # what a block's neighbours can send it, and when they look at what it sends
    "pe": Frame(told={
        **{f"{block}__o_{name}": f"inner_{block}__o_valid" for block, names in (
            ("pointer", ("act", "start", "last", "single", "empty")), ("queue", ("act", "start", "last", "single", "empty")),
            ("spmat", ("word", "mask", "from", "lead", "head", "act")), ("picker", ("code", "run", "skip", "head")),
            ("arithmetic", ("slot", "value"))) for name in names}}),
    "detection": Frame(told={f"{block}__o": f"inner_{block}__o_valid" for block in ("buffer", "leaf", "node")}),
    "loader": Frame(
        legal={"loader__i": "{loader__i[128:8], 5'd0, loader__i[2:0] == 0 || loader__i[2:0] > 5 ? 3'd1 : loader__i[2:0]}"},
        told={f"loader__cmd_{name}": "inner_loader__cmd_op != 0" for name in ("addr", "data", "pe")}),
    "control": Frame(told={
        **{f"control__cmd_{name}": COMMAND for name in ("addr", "data", "pe", "everyone")},
        **{f"control__bc_{name}": BROADCAST for name in ("act", "first", "column")},
        **{f"control__result_{name}": "inner_control__result_valid" for name in ("act", "last")}}),
}
BUS = {
    "registers": (AxiLiteSlave(KINDS), "axil", {}), "stream": (StreamLoader((1, 2, 55, 200)), "loader", {"INDEX_BITS": 24}),
    "results": (ResultStream(16), "result", {"BITS": 16, "LANES": 1}),
}


BUS_FRAMES = {
    "registers": Frame(told={"s_axil_rdata": "inner_s_axil_rvalid", "s_axil_rresp": "inner_s_axil_rvalid",
                             "s_axil_bresp": "inner_s_axil_bvalid"}),
    "stream": Frame(told={"o__payload": "inner_o__valid"}),
    "results": Frame(told={f"m_axis_{name}": "inner_m_axis_tvalid" for name in ("tdata", "tkeep", "tlast")}),
}


@pytest.mark.full
@pytest.mark.parametrize("machine", ["default", "paper"])
@pytest.mark.parametrize("netlist", NETLISTS)
def test_faults_of_an_array_are_noticed(netlist, machine, tmp_path):
    spec, benches = WIDE.get((netlist, machine), blocks.SPECS[machine]), NETLISTS[netlist]
    verdict = examine(tmp_path, blocks.verilog(spec, benches), top=blocks.TOP, count=COUNT, benches=benches,
                      env={"EIE_SPEC": blocks.to_text(spec)}, frame=FRAMES[netlist])
    print(f"{netlist}, {machine}: {verdict}", flush=True)
    assert verdict.tried >= 200 and verdict.share >= LEAST, verdict


@pytest.mark.full
@pytest.mark.parametrize("part", BUS)
def test_faults_of_the_bus_are_noticed(part, tmp_path):
    component, bench, env = BUS[part]
    library = Library()
    library.add(component, module=part)
    verdict = examine(tmp_path, library.verilog(), top=part, count=COUNT, benches={part: [(f"sim.bus.bench_{bench}", "")]},
                      env=env, frame=BUS_FRAMES[part])
    print(f"bus, {part}: {verdict}", flush=True)
    assert verdict.tried >= 200 and verdict.share >= LEAST, verdict

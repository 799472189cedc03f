"""The MAC machine behind its buses, built as a user builds it."""
import pytest

from rtl.build import generate
from sim.launch import launch
from sim.mac.builds import ACCESS, KEEP, latency
from sim.mac.spec_env import text_of
from spec.mac import MacSpec

MACHINES = {
    "volta": MacSpec(),
    "three_tiles": MacSpec(arch="hopper", formats=("fp16", "e4m3", "int8"), k=8, tiles=3, fold=4, rows=256),
    "stochastic": MacSpec(arch="ampere", formats=("bf16", "fp16"), tiles=2, fold=16, stochastic=True, rows=256),
    "thinned": MacSpec(arch="hopper", formats=("fp16", "int8"), k=8, tiles=2, fold=4, sparse=True, rows=256),
    "half": MacSpec(arch="ampere", acc="fp16", k=8, fold=2),
    "nibbles": MacSpec(arch="ampere", formats=("int4",), acc="int32", tiles=2, overflow="saturate"),
    "compensated": MacSpec(arith="lns", formats=("lns",), acc="lns", fold=16, tiles=2, kahan=True, rows=256),
}


@pytest.mark.parametrize("name", MACHINES)
def test_machine(name, tmp_path):
    built = generate("mac", MACHINES[name])
    launch(sources=[built.verilog, KEEP], top=built.name, module="sim.mac.bench_machine", at_least=10, folder=tmp_path,
           env={"MAC_SPEC": text_of(MACHINES[name]), "MAC_ACCUMULATE_LATENCY": latency(name) + ACCESS})
    facts = built.manifest["facts"]
    assert (facts["tile_latency"], facts["accumulate_latency"]) == (latency(name), latency(name) + ACCESS)

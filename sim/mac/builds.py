"""The builds that the benches run: every generation, format and accumulator is in one of them."""

import functools
import re
from pathlib import Path

from rtl.emit import Library
from rtl.mac.datapath import Datapath
from rtl.mac.depth import cuts_of
from rtl.mac.tile import Tile
from sim.mac.run import KEEP
from spec.mac import MacSpec

BUILDS = {
    "volta_fp32": MacSpec(),
    "volta_fp16": MacSpec(acc="fp16", fold=16),
    "ampere_fp32": MacSpec(arch="ampere", formats=("fp16", "bf16", "int8", "int4"), k=8, fold=4),
    "ampere_fp16": MacSpec(arch="ampere", acc="fp16", k=8, fold=16),
    "hopper_fp32": MacSpec(arch="hopper", formats=("fp16", "bf16", "int8"), k=16, fold=16, overflow="saturate"),
    "hopper_fp16": MacSpec(arch="hopper", formats=("int4", "fp16", "e5m2", "e4m3"), acc="fp16", k=32, fold=16),
    "hopper_bytes": MacSpec(arch="hopper", formats=("e4m3", "e5m2"), k=32, fold=16),
    "hopper_mixed": MacSpec(arch="hopper", formats=("fp16", "bf16", "e4m3", "e5m2"), k=32, fold=16),
    "ampere_tf32": MacSpec(arch="ampere", formats=("tf32",), fold=16),
    "hopper_tf32": MacSpec(arch="hopper", formats=("tf32", "fp16"), k=8, fold=16),
    "ada_fp32": MacSpec(arch="ada", formats=("fp16", "bf16", "tf32", "e4m3", "e5m2", "int8"), k=16, fold=16),
    "ada_fp16": MacSpec(arch="ada", formats=("fp16", "e4m3", "e5m2", "int4"), acc="fp16", k=16, fold=16),
    "blackwell_fp32": MacSpec(arch="blackwell", formats=("fp16", "bf16", "tf32", "e4m3", "e5m2", "int8"), k=32, fold=16),
    "blackwell_fp16": MacSpec(arch="blackwell", formats=("fp16", "e4m3", "e5m2", "int4"), acc="fp16", k=32, fold=16),
    "sparse": MacSpec(arch="ada", formats=("fp16", "e4m3", "int8"), k=8, fold=16, sparse=True),
    "sparse_pairs": MacSpec(arch="ampere", formats=("tf32", "int4", "bf16"), k=8, fold=16, sparse=True),
    "exact_fp32": MacSpec(arch="exact", formats=("fp16", "bf16", "e4m3", "e5m2", "tf32", "int8"), fold=16),
    "exact_fp16": MacSpec(arch="exact", formats=("fp16", "bf16", "e4m3", "e5m2", "tf32", "int4"), acc="fp16", fold=16),
    "int_pairs": MacSpec(arch="ampere", formats=("int8", "int4"), fold=16, target="ice40", overflow="saturate"),
    "generic": MacSpec(fold=16, target="generic"),
    "lns": MacSpec(arith="lns", formats=("lns",), acc="lns", fold=4),
    "lns_fine": MacSpec(arith="lns", formats=("lns",), acc="lns", fold=16, lns_frac=6, lns_step=6, k=8),
    "lns_kahan": MacSpec(arith="lns", formats=("lns",), acc="lns", fold=16, kahan=True),
    "random_fp32": MacSpec(stochastic=True, fold=2),
    "random_mixed": MacSpec(arch="hopper", formats=("fp16", "e4m3", "int8"), k=8, stochastic=True, fold=16, seed=99),
    "random_fp16": MacSpec(arch="exact", formats=("e5m2", "fp16"), acc="fp16", stochastic=True, fold=16),
}

PAGE = Path(__file__).parents[2] / "docs" / "mac" / "latency.md"
ACCESS = 3                  # cycles of an accumulator's memory around a tile: two to read, one to write


def latency(name: str) -> int:
    """Return the cycles of an operation in the tile of a build, as the page of latencies promises them."""
    return int(re.search(rf"^\| {name} \|.*\| (\d+) \|$", PAGE.read_text(), re.MULTILINE)[1])    # type: ignore[index]


def tile(spec: MacSpec) -> tuple[list[str], int]:
    """Return the sources of a bare tile, module ``mac_tile``, and its latency; the same again costs nothing."""
    text, cycles = _tile(spec)
    return [text, KEEP], cycles


@functools.cache
def _tile(spec: MacSpec) -> tuple[str, int]:
    library = Library()
    made = Tile(Datapath(spec), cuts_of(spec.target), library)
    library.add(made, module="mac_tile")
    return library.verilog(), made.latency

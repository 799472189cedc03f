"""The machine's Verilog reads without a complaint in Verilator, Yosys and Icarus, and is the same from run to run."""
import shutil

import pytest

from rtl.build import generate
from sim import lint
from spec.mac import MacSpec

MACHINES = {
    "volta": MacSpec(),
    "mixed": MacSpec(arch="hopper", formats=("fp16", "e4m3", "int8"), k=8, tiles=2, fold=4, stochastic=True),
    "lns": MacSpec(arith="lns", formats=("lns",), acc="lns", fold=16, kahan=True),
}


@pytest.mark.parametrize("name", MACHINES)
def test_text_is_clean_and_stable(name):
    built = generate("mac", MACHINES[name])
    assert built.verilog == generate("mac", MACHINES[name]).verilog
    for tool in (lint.verilator, lint.yosys):
        assert not tool(built.verilog, built.name)


@pytest.mark.skipif(shutil.which("iverilog") is None, reason="iverilog is not installed")
@pytest.mark.parametrize("name", MACHINES)
def test_text_is_clean_in_icarus(name):
    built = generate("mac", MACHINES[name])
    assert not lint.icarus(built.verilog, built.name)


def test_modules_are_written_once():
    one, many = (generate("mac", MacSpec(tiles=tiles)).verilog for tiles in (1, 8))
    assert one.count("\nendmodule") == many.count("\nendmodule")
    assert many.count("\nmodule mac_dot(") == 1 and many.count("mac_tile tile") == 8
    assert len(many) < 1.25 * len(one)

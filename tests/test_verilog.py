"""Generated Verilog reads without complaint in every tool, and every run gives the same bytes."""
import os
import subprocess
import sys

import pytest

from rtl import machine
from sim import lint, simulator
from spec.eie import preset
from spec.mac import MacSpec

BUILDS = {
    "eie": lambda: machine.generate("eie", preset("default", pes=4)),
    "eie paper": lambda: machine.generate("eie", preset("paper", pes=2)),
    "eie ecp5": lambda: machine.generate("eie", preset("ecp5", pes=1)),
    "mac": lambda: machine.generate("mac", MacSpec()),
}


@pytest.fixture(scope="module", params=BUILDS)
def built(request):
    return BUILDS[request.param]()


@pytest.mark.parametrize("tool", ["verilator", "yosys", "icarus"])
def test_reads_without_complaint(built, tool):
    if tool in simulator.SIMULATORS and (lack := simulator.missing(tool)):
        pytest.skip(lack)
    assert getattr(lint, tool)(built.verilog, built.name) == ""


BROKEN = """module broken(input clk, input a, output b, output reg c);
  assign b = a; {} always @* if (a) c = clk; endmodule"""


@pytest.mark.parametrize("tool", ["verilator", "yosys"])
def test_what_is_broken_is_found(tool):
    assert "latch" in getattr(lint, tool)(BROKEN.format(""), "broken").lower()
    assert getattr(lint, tool)(BROKEN.format("missing m(.x(a));"), "broken")


@pytest.mark.parametrize("name", ["eie", "mac"])
def test_every_run_gives_the_same_bytes(name):
    program = (f"from tests.test_verilog import BUILDS; from rtl.build import files; import sys;"
               f"sys.stdout.write(repr(files(BUILDS[{name!r}]())))")
    first, second = (subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True,
        env=os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": "."}).stdout for seed in ("1", "2"))
    assert first == second and len(first) > 10000

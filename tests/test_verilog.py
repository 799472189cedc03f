"""Generated Verilog reads without complaint in every tool, and every run gives the same bytes."""
import os
import re
import subprocess
import sys

import pytest

from rtl import machine
from sim import lint, simulator
from spec.eie import preset
from spec.mac import MacSpec
from spec.scnn import preset as scnn

BUILDS = {
    "eie": lambda: machine.generate("eie", preset("default", pes=4)),
    "eie paper": lambda: machine.generate("eie", preset("paper", pes=2)),
    "eie ecp5": lambda: machine.generate("eie", preset("ecp5", pes=1)),
    "mac": lambda: machine.generate("mac", MacSpec()),
    "scnn": lambda: machine.generate("scnn", scnn("ecp5", pes=2)),
}


@pytest.fixture(scope="module", params=BUILDS)
def built(request):
    return BUILDS[request.param]()


@pytest.mark.parametrize("tool", ["verilator", "yosys", "icarus"])
def test_reads_without_complaint(built, tool):
    if tool in simulator.SIMULATORS and (lack := simulator.missing(tool)):
        pytest.skip(lack)
    assert getattr(lint, tool)(built.verilog, built.name) == ""


RESET = """module bench;
  reg clk = 0, rst = 1; wire irq; wire [31:0] rdata;
  {} machine (.clk(clk), .rst(rst), .irq(irq), .s_axil_awvalid(1'b0), .s_axil_wvalid(1'b0), .s_axil_bready(1'b1),
    .s_axil_araddr(12'h{:x}), .s_axil_arvalid(1'b1), .s_axil_rready(1'b1), .s_axil_rdata(rdata), .s_axis_tvalid(1'b0),
    .m_axis_tready(1'b1));
  initial begin
    repeat (4) #5 clk = ~clk;
    rst = 0;
    repeat (2000) #5 clk = ~clk;
    $display("%b %b", irq, rdata);
  end
endmodule
"""


@pytest.mark.skipif(simulator.missing("icarus") is not None, reason="iverilog is not installed")
@pytest.mark.parametrize("language", ["2005", "2005-sv", "2012"])
def test_a_reset_from_the_start_leaves_nothing_unknown(built, language, tmp_path):
    """In a simulator with unknowns, Verilog or SystemVerilog: two cycles of a reset that never rises, then flags are 0."""
    flags = next(register for register in built.manifest["registers"] if register["name"] == "flags")
    (tmp_path / "design.v").write_text(built.verilog + RESET.format(built.name, flags["offset"]))
    subprocess.run(["iverilog", f"-g{language}", "-s", "bench", "-o", "design.vvp", "design.v"], cwd=tmp_path, check=True)
    said = subprocess.run(["vvp", "design.vvp"], cwd=tmp_path, check=True, capture_output=True, text=True).stdout
    assert said.split() == ["0", "0" * 32]


BROKEN = """module broken(input clk, input a, output b, output reg c);
  assign b = a; {} always @* if (a) c = clk; endmodule"""


@pytest.mark.parametrize("tool", ["verilator", "yosys"])
def test_what_is_broken_is_found(tool):
    assert "latch" in getattr(lint, tool)(BROKEN.format(""), "broken").lower()
    assert getattr(lint, tool)(BROKEN.format("missing m(.x(a));"), "broken")


@pytest.mark.parametrize("name", ["eie", "mac", "scnn"])
def test_every_run_gives_the_same_bytes(name):
    program = (f"from tests.test_verilog import BUILDS; from rtl.build import files; import sys;"
               f"sys.stdout.write(repr(files(BUILDS[{name!r}]())))")
    first, second = (subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True,
        env=os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": "."}).stdout for seed in ("1", "2"))
    assert first == second and len(first) > 10000


@pytest.mark.parametrize("name", ["eie", "mac", "scnn"])
def test_every_process_of_logic_runs_at_time_0(name):
    """A simulator with unknowns runs ``always @*`` on a change alone; a flag that changes at time 0 stands in each."""
    verilog = BUILDS[name]().verilog
    blocks = re.findall(r"^ *always @\*.*\n.*", verilog, re.MULTILINE)
    assert blocks and all(re.search(r"begin\n    if \(\\(\$auto|nz\$wake).* \) begin end$", block) for block in blocks)


def test_64_pes_are_hardly_more_text_than_4():
    small, large = (len(machine.generate("eie", preset("default", pes=pes)).verilog) for pes in (4, 64))
    assert large <= 1.25 * small                            # two more levels of the tree, whose records name their fields

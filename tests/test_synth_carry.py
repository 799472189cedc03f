"""Carry chains cost no look-up tables that nothing reads."""
import json

import pytest

from synth.carry import UNUSED, trim
from synth.design import Design
from synth.part import named
from synth.place import pack
from synth.synthesis import synthesise

BODY = {
    "sum": "assign y = a + b;",                                                     # its last carry goes nowhere
    "merged": "nz_merge_add #(.BITS(9)) cell_(.a(a), .b(b), .c(c), .d(c >> 1), .s(y));",
    "masked": "nz_masked_add #(.BITS(9)) cell_(.a(a), .b(b), .c(c), .m(a[0]), .s(y));",
    "carry": "wire [9:0] wide = a + b; assign y = wide[9:1];",                      # the last carry is a bit of the sum
}
PAIRS = {"sum": 1 + 5, "merged": 5, "masked": 5, "carry": 1 + 5}
"""One ahead for a constant carry, then two bits a pair, one bit more."""

CONSTANTS = 2           # tables of the placer for 0 and 1


@pytest.mark.parametrize("name", BODY)
def test_a_chain_takes_its_pairs_and_no_more(name):
    design = Design(name=name, top="top", verilog=f"""module top(input clk, input [8:0] a, input [8:0] b, input [8:0] c,
      output reg [8:0] out); wire [8:0] y; {BODY[name]} always @(posedge clk) out <= y; endmodule""")
    netlist = synthesise(design, named("lfe5u-25f-6"))
    cells = [cell for module in json.loads((netlist.folder / "net.json").read_text())["modules"].values()
             for cell in module.get("cells", {}).values()]
    used, _ = pack(netlist.folder / "net.json", named("lfe5u-25f-6"))
    plain = sum(cell["type"] == "LUT4" for cell in cells)
    assert 0 <= used["comb"] - plain - 2 * PAIRS[name] <= CONSTANTS


def test_a_carry_that_is_read_stays(tmp_path):
    def pair(carry):
        return {"type": "CCU2C", "port_directions": {"CIN": "input", "COUT": "output"},
                "connections": {"CIN": [carry], "COUT": [carry + 1]}}
    for readers, left in (({"ports": {}}, [3, "x"]), ({"ports": {"o": {"bits": [4]}}}, [3, 4])):
        path = tmp_path / "net.json"
        path.write_text(json.dumps({"modules": {"top": {**readers, "cells": {"one": pair(2), "two": pair(3)}}}}))
        trim(path)
        cells = json.loads(path.read_text())["modules"]["top"]["cells"]
        assert [cells[name]["connections"]["COUT"] for name in ("one", "two")] == [[left[0]], [left[1]]]
    assert UNUSED == ["x"]

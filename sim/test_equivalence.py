"""A fault is proved equivalent, or told apart, or neither; of states only those that can be reached count."""
import re

import pytest

from sim.cut import cut, memories, open_registers, registers
from sim.equivalence import Frame, equivalent, prepare, same_logic, yosys
from sim.mutants import READ

TEXT = """\
module toy(clk, go, never, seen);
  input clk;
  input [1:0] go;
  output never;
  output seen;
  reg [2:0] count = 3'd0;
  always @(posedge clk) if (go[0]) count <= count == 3'd4 ? 3'd0 : count + 3'd1;
  and (never, count[2], count[1]);
  and (seen, count[0], go[1]);
endmodule
"""
LINES = {"never": 8, "seen": 9}


@pytest.mark.parametrize(("output", "mode", "frame", "verdict"), [
    ("never", "const0", Frame(), True),                         # a count of 6 is not reached
    ("never", "const1", Frame(), False),
    ("seen", "const0", Frame(), False),                         # after a step
    ("seen", "const0", Frame(legal={"go": "{1'b0, go[0]}"}), True),
    ("seen", "const0", Frame(legal={"go": "{go[1], 1'b0}"}), True),
    ("seen", "inv", Frame(told={"seen": "inner_never"}), True),
])
def test_of_states_only_those_that_are_reached_count(output, mode, frame, verdict, tmp_path):
    (tmp_path / "design.v").write_text(TEXT)
    yosys(tmp_path, READ.format(top="toy"))
    cell = re.search(rf"cell \$and (\$and\$design\.v:{LINES[output]}\S+)", (tmp_path / "plain.il").read_text())[1]
    command = f"mutate -mode {mode} -module toy -cell {cell} -port Y -portbit 0"
    assert equivalent(tmp_path, command, "toy", frame, seconds=20) is verdict


SIGNED = """\
module half(clk, go, given, answer);
  input clk;
  input go;
  input signed [3:0] given;
  output signed [3:0] answer;
  wire signed [3:0] part;
  and (part[0], given[0], go);
  assign part[3:1] = given[3:1];
  assign answer = part;
endmodule
"""


def test_ports_of_signed_numbers_are_compared_too(tmp_path):
    (tmp_path / "design.v").write_text(SIGNED)
    yosys(tmp_path, READ.format(top="half"))
    cell = re.search(r"cell \$and (\$and\$design\.v:7\S+)", (tmp_path / "plain.il").read_text())[1]
    assert equivalent(tmp_path, f"mutate -mode const0 -module half -cell {cell} -port Y -portbit 0", "half", Frame(),
                      seconds=20) is False


def test_a_port_that_a_proof_would_leave_out_is_refused():
    text = SIGNED.replace("  output signed [3:0] answer;\n", "  output signed\n    [3:0] answer, more;\n")
    with pytest.raises(ValueError, match=r"ports of half must be declared one in a line, not answer"):
        Frame().verilog(text, "half", "gold")


MEMORY = """\
module kept(clk, go, at, given, answer);
  input clk;
  input go;
  input [3:0] at;
  input [7:0] given;
  output [7:0] answer;
  reg [7:0] memory [0:15];
  reg [7:0] read = 8'd0;
  wire spare;
  and (spare, go, at[0]);
  always @(posedge clk) begin
    if (go) memory[at] <= given;
    read <= memory[at];
  end
  assign answer = read + (spare & ~go);
endmodule
"""


@pytest.mark.parametrize(("mode", "port", "verdict"), [("const0", "Y", True), ("inv", "Y", False), ("inv", "A", False)])
def test_a_memory_is_cut_out_and_the_whole_is_looked_at_for_a_difference(mode, port, verdict, tmp_path):
    (tmp_path / "design.v").write_text(MEMORY)
    yosys(tmp_path, READ.format(top="kept"))
    text = (tmp_path / "plain.il").read_text()
    rest, ports = cut(text)
    assert memories(text) == ["\\memory"] and not memories(rest)
    assert {port.name: port.width for port in ports if port.way == "input"} == {"cut0_RD_DATA": 8}
    cell = re.search(r"cell \$and (\$and\$design\.v:10\S+)", text)[1]
    command = f"mutate -mode {mode} -module kept -cell {cell} -port {port} -portbit 0"
    assert equivalent(tmp_path, command, "kept", Frame(), seconds=20) is verdict


def test_a_fault_ahead_of_a_memory_shows_behind_it(tmp_path):
    (tmp_path / "design.v").write_text(MEMORY)
    yosys(tmp_path, READ.format(top="kept"))
    command = "mutate -mode inv -module kept -cell memory -port WR_DATA -portbit 3"
    assert equivalent(tmp_path, command, "kept", Frame(), seconds=20) is False


LOGIC = """\
module plain(clk, go, seen);
  input clk;
  input [1:0] go;
  output reg seen;
  reg [2:0] count = 3'd0;
  wire both, spare, six;
  and (both, go[0], go[1]);
  and (spare, both, go[1]);
  and (six, count[2], count[1]);
  always @(posedge clk) begin
    if (go[0]) count <= count == 3'd4 ? 3'd0 : count + 3'd1;
    seen <= both & (spare | count[0]) | six;
  end
endmodule
"""


@pytest.mark.parametrize(("line", "mode", "port", "verdict"), [
    (8, "const1", "B", True),                                   # both already has go[1] in it
    (8, "const1", "A", True),
    (8, "const0", "B", False),
    (7, "const1", "A", False),
    (9, "const0", "Y", False),                                  # of all states, those that are not reached count here
])
def test_logic_is_compared_between_registers_of_any_contents(line, mode, port, verdict, tmp_path):
    (tmp_path / "design.v").write_text(LOGIC)
    yosys(tmp_path, READ.format(top="plain"))
    cell = re.search(rf"cell \$and (\$and\$design\.v:{line}\S+)", (tmp_path / "plain.il").read_text())[1]
    prepare(tmp_path, f"mutate -mode {mode} -module plain -cell {cell} -port {port} -portbit 0", "plain")
    assert same_logic(tmp_path, "plain", Frame(), seconds=20) is verdict
    text = (tmp_path / "gold_plain.il").read_text()
    rest, ports = open_registers(text)
    assert len(registers(text)) == 2 and not registers(rest)
    assert sorted(port.width for port in ports if port.way == "input") == [1, 3]

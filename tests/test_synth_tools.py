"""Small Verilog through the real tools: figures, and netlists that are not the design and must be refused."""
import json
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

import cli.command
from cli import design as designs
from spec import machines
from synth import check, report, result, run, synthesis, tool
from synth import part as parts
from synth.design import Design
from synth.result import checked, measure
from synth.show import show

PAIR = """
module cell_of_pair(input clk, input [15:0] a, b, input we, input [8:0] wa, ra, output reg [63:0] y);
  wire [31:0] p;
  wire [63:0] q;
  nz_mult #(.A_BITS(16), .B_BITS(16)) product (.clk(clk), .ce(1'b1), .a(a), .b(b), .p(p));
  nz_ram #(.WIDTH(64), .DEPTH(512), .LANES(1), .ADDR_BITS(9)) store (
    .clk(clk), .we(we), .waddr(wa), .wdata({a, b, a, b}), .re(1'b1), .raddr(ra), .oe(1'b1), .rdata(q));
  always @(posedge clk) y <= q + {p, p};
endmodule
module pair(input clk, input [15:0] a, b, input we, input [8:0] wa, ra, output reg [63:0] o);
  wire [63:0] y0, y1;
  cell_of_pair left  (.clk(clk), .a(a), .b(b), .we(we), .wa(wa), .ra(ra), .y(y0));
  cell_of_pair right (.clk(clk), .a(b), .b(~a), .we(we), .wa(wa), .ra(ra), .y(y1));
  always @(posedge clk) o <= y0 - y1;
endmodule
"""


def small(body, **more):
    return Design(name="small", top="small", verilog=f"module small {body} endmodule", **more)


def test_a_pair_on_ecp5_is_measured_whole_and_by_block(tmp_path):
    target = parts.named("lfe5u-25f-6")
    data = measure(Design(name="pair", top="pair", verilog=PAIR), target, seeds=1)
    assert (data["dsp"], data["bram"]) == (2, 4)
    assert 150 < data["comb"] < 400 and 190 < data["ff"] < 210
    assert data["fmax_mhz"]["best"] == data["fmax_mhz"]["median"] == data["fmax_mhz"]["worst"] > 60
    by_block = {unit["unit"]: unit for unit in data["units"]}
    assert by_block["left.product"]["dsp"] == 1
    assert sum(unit["comb"] for unit in data["units"]) == pytest.approx(data["comb"], rel=0.1)
    way = data["critical_path"]
    assert way["ns"] == pytest.approx(1000 / data["fmax_mhz"]["median"], rel=0.01)
    data["repeat"] = ["python -m synth.run"]
    page = report.render(data, target)
    for text in ("lfe5u-25f-6", "<svg", f"{data['comb']:,}", "left", "yosys"):
        assert text in page
    assert "http" not in page.replace("http-equiv", ""), "the page asks for something outside itself"


TWO_REGISTERS = small("""(input clk, input signed [15:0] a, b, output reg signed [15:0] y);
  reg signed [15:0] ra, rb, p;
  always @(posedge clk) begin ra <= a; rb <= b; p <= ra * rb; y <= p; end""")


@pytest.mark.parametrize(("times", "said"), [
    (0, ""), (1, "ERROR: Assert `count_id(wire->name) == 0' failed in /yosys/kernel/rtlil.cc:2744."),
    (2, "ERROR: Assert `GetSize(conn.first) == GetSize(conn.second)' failed in /yosys/kernel/rtlil.cc:3091."),
    (2, "Warning: multiple conflicting drivers for pair.\\left.y [3]:")])
def test_a_collision_of_names_is_mapped_again_with_fewer_and_with_others(times, said, monkeypatch):
    scripts, designs, run = [], [], synthesis._run

    def collide(work, step, part, design):
        outcome = run(work, step, part, design)
        if step == "synth":
            scripts.append((work / "synth.ys").read_text())
            designs.append((work / "design.v").read_text())
            if len(scripts) <= times:
                return replace(outcome, code=int("ERROR" in said), log=said)
        return outcome

    monkeypatch.setattr(synthesis, "_run", collide)
    monkeypatch.setattr(synthesis, "fetch", lambda name, build: (build(tmp), tmp)[1])
    with TemporaryDirectory() as folder:
        tmp = Path(folder)
        text = PAIR.replace("y0", "\\y[0] ")
        made = synthesis.synthesise(Design(name="pair", top="pair", verilog=text), parts.named("lfe5u-25f-6"))
    assert ["purge" in text for text in scripts] == [False, True, False][:1 + times]
    assert ["\\y<0> " in text for text in designs] == [False, False, True][:1 + times]
    assert "TRELLIS_FF" in json.dumps(made.cells) and "LUT4" in made.log.rpartition("Executing ABC9")[2]


def test_the_two_register_multiply_of_ice40_is_refused():
    with pytest.raises(check.BrokenLogic, match="two cells drive one wire"):
        checked(TWO_REGISTERS, parts.named("ice40up5k"))


@pytest.mark.full
def test_the_same_multiply_is_sound_elsewhere():
    assert checked(TWO_REGISTERS, parts.named("ice40hx8k")).cells


@pytest.mark.parametrize(("part", "body", "complaint"), [
    ("lfe5u-25f-6", """(input clk, input [4:0] wa, ra, input we, vw, input [15:0] d, output [15:0] a);
       reg [15:0] kept [0:31]; assign a = kept[ra];     // two writes and a read in the same cycle
       always @(posedge clk) begin if (we) kept[wa] <= d; if (vw) kept[~ra] <= ~d; end""",
     "memory small.kept must be in block or LUT RAM, not in 512 flip-flops"),
    ("lfe5u-25f-6", "(input clk, g, d, output reg q, output reg y); always @* if (g) q = d; always @(posedge clk) y <= q;",
     "latch"),
    ("lfe5u-25f-6", """(input clk, a, b, output y); wire w; assign w = a; assign w = b; reg r;
       always @(posedge clk) r <= w; assign y = r;""", "driver"),
])
def test_broken_logic_is_refused(part, body, complaint):
    with pytest.raises(ValueError, match=complaint):
        checked(small(body), parts.named(part))


def test_a_multiplier_that_became_logic_is_missed():
    body = """(input clk, input [15:0] a, output reg [15:0] y); wire [15:0] p;
      nz_mult #(.A_BITS(8), .B_BITS(8)) m (.clk(clk), .ce(1'b1), .a(a[7:0]), .b(8'd4), .p(p));
      always @(posedge clk) y <= p; """
    with pytest.raises(check.BrokenLogic, match="at least 1 multipliers"):
        checked(small(body), parts.named("gw1nr-9"))


def test_a_seed_that_is_not_placed_costs_nothing_but_itself(monkeypatch, capsys):
    sound, target = result.place, parts.named("ice40hx8k")

    def place(netlist, part, *, seed, **more):
        if seed == 2:
            raise tool.ToolError("nextpnr-ice40 must end well, not with 'no legal placement'")
        return sound(netlist, part, seed=seed, **more)

    monkeypatch.setattr(result, "place", place)
    design = small("(input clk, a, output reg y); reg b; always @(posedge clk) begin b <= a; y <= ~b; end")
    data = measure(design, target, seeds=3)
    assert list(data["fmax_mhz"]["seeds"]) == ["1", "3"] and data["unplaced"] == [2]
    assert data["warnings"][0] == "seed 2 is not counted: nextpnr-ice40 must end well, not with 'no legal placement'"
    show(data, target)
    assert "median of 2 seeds, 1 more not placed" in report.render(data | {"repeat": []}, target)
    assert "the median of 2 of 3 seeds, those placed," in capsys.readouterr().out
    monkeypatch.setattr(result, "place", lambda *given, **more: place(*given, **more | {"seed": 2}))
    with pytest.raises(tool.ToolError, match="no legal placement"):
        measure(design, target, seeds=3)


def test_a_part_that_is_too_small_is_told_with_what_it_lacks(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    body = """(input clk, we, input [8:0] wa, ra, input [255:0] d, output reg [255:0] y); reg [255:0] kept [0:511];
      always @(posedge clk) begin if (we) kept[wa] <= d; y <= kept[ra]; end"""
    with pytest.raises(tool.ToolError, match="ice40up5k must hold the design and its harness, which take 32 of 30 ICESTORM"):
        measure(small(body), parts.named("ice40up5k"), seeds=1)


@pytest.mark.full
@pytest.mark.parametrize("part", ["ice40up5k", "gw1nr-9", "gw2a-18", "xc7a100t"])
def test_other_families_are_measured(part):
    target = parts.named(part)
    data = measure(Design(name="pair", top="pair", verilog=PAIR), target, seeds=1)
    assert data["dsp"] >= 2 and data["bram"] >= 2 and data["comb"] > 100 and data["ff"] > 60
    assert ("fmax_mhz" in data) == target.routed


def command(*arguments):
    """Run the command in this process; return its exit code."""
    words = [str(word) for word in arguments]
    with pytest.raises(SystemExit) as ended:
        cli.command.main(lambda: designs.application(run.run, "Measure.", machines, words), words)
    return ended.value.code or 0


@pytest.mark.parametrize(("arguments", "complaint"), [
    (["--part", "lfe5u-99f-6"], "error: part must be one of"),
    (["--board", "nothing"], "error: board must be one of"),
    (["--design", "cpu"], "error: design must be one of eie, mac, scnn, not 'cpu'"),
    (["--verilog", "missing.v", "--top", "x"], "error: --verilog must be a file that is there, not 'missing.v'"),
    (["--pes", "1", "--preset", "ecp5", "--unit", "pe9"], "error: unit must be a module of eie_1, not 'pe9'; it has"),
    (["--seeds", "-1"], "error: Invalid value for '--seeds'"),
])
def test_bad_input_is_one_line_and_writes_nothing(arguments, complaint, tmp_path, capsys):
    goal = tmp_path / "out"
    assert command(*arguments, "--out", goal) == 2
    said = capsys.readouterr().err.strip().splitlines()
    assert complaint in said[-1] and said[-1].startswith("error: ") and not goal.exists()


def test_the_command_writes_json_and_a_page(tmp_path, capsys):
    (tmp_path / "pair.v").write_text(PAIR)
    assert command("--verilog", tmp_path / "pair.v", "--top", "cell_of_pair", "--part", "lfe5u-25f-8", "--seeds", "1",
                   "--out", tmp_path / "out", "--json", tmp_path / "again.json") == 0
    data = json.loads((tmp_path / "out" / "result.json").read_text())
    assert data == json.loads((tmp_path / "again.json").read_text())
    assert {"median", "best", "worst"} <= data["fmax_mhz"].keys() and data["dsp"] == 1 and data["bram"] == 2
    assert "pair-cell_of_pair on lfe5u-25f-8" in (tmp_path / "out" / "report.html").read_text()
    said = capsys.readouterr().out
    assert "MHz" in said and "nextpnr-ecp5" in said


@pytest.mark.parametrize(("said", "version"), [
    ('"nextpnr-ecp5" -- Next Generation Place and Route (Version nextpnr-0.11.1)', "nextpnr-0.11.1"),
    ('"nextpnr-ecp5" -- Next Generation Place and Route (Version 0.11.1+dfsg-5+b1)', "nextpnr-0.11.1+dfsg-5+b1"),
    ("Yosys 0.66 (Debian 0.66-1)", "Yosys 0.66"),
    ("Yosys 0.70 (git sha1 28ba3cb92, Release, Clang)", "Yosys 0.70 git 28ba3cb92"),
])
def test_a_native_tool_is_used_whoever_built_it(tmp_path, monkeypatch, said, version):
    name = "yosys" if "Yosys" in said else "nextpnr-ecp5"
    (tmp_path / name).write_text(f"#!/bin/sh\necho '{said}'\n")
    (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    tool.find.cache_clear()
    try:
        assert (tool.find(name).version, tool.find(name).native) == (version, True)
    finally:
        tool.find.cache_clear()

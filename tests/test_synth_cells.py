"""The ECP5 cells do what the plain ones do, and our models of the hard blocks what Yosys takes them for."""
import json
import subprocess

import pytest

from sim.launch import launch
from synth import models, tool
from synth.design import ROOT, TECH, late_cells, technology

BLOCKS = [path.read_text() for path in sorted((ROOT / "synth" / "tech" / "ecp5_sim").glob("*.v"))]


def plain(name):
    """The plain cell, renamed so that both stand in one simulation."""
    return (TECH["plain"] / f"{name}.v").read_text().replace(f"module {name} ", f"module plain_{name} ")


def ecp5():
    """The ECP5 cells with their contents in place of the declarations that synthesis sees."""
    found = {}
    for name, text in [*technology("ecp5"), *late_cells("ecp5")]:
        if not name.startswith("tech_"):
            found |= models.modules(text)
    return "\n".join(found.values())


def agree(pairs, *texts, blocks=True, cycles=1500):
    """Simulate pairs, each (name, width of its answer, body of a module with x, valid, ours, theirs)."""
    inner, calls, low = [], [], 0
    for number, (name, width, body) in enumerate(pairs):
        inner.append(f"""module pair{number} (input clk, input [255:0] x, output valid,
                                              output [{width - 1}:0] ours, theirs);  // {name}
                           {body}
                         endmodule""")
        calls.append(f"pair{number} p{number} (.clk(clk), .x(x), .valid(valid[{number}]), "
                     f".ours(ours[{low} +: {width}]), .theirs(theirs[{low} +: {width}]));")
        low += width
    top = f"""module pair (input clk, input [255:0] x, output [{len(pairs) - 1}:0] valid,
                           output [{low - 1}:0] ours, theirs);
                {"".join(calls)}
              endmodule"""
    names = [(name, width) for name, width, _ in pairs]
    result = launch(sources=[top, *inner, *texts, *(BLOCKS if blocks else ())], top="pair",
                    module="synth.bench_pair", at_least=1, env={"CYCLES": cycles, "PAIRS": json.dumps(names)})
    assert result.ran == 1


def test_multiplier_is_the_plain_one():
    pairs = []
    for a, b in (16, 16), (18, 18), (11, 11), (5, 18), (2, 3):
        call = f"#(.A_BITS({a}), .B_BITS({b}))"
        ports = f".clk(clk), .ce(x[0]), .a(x[1 +: {a}]), .b(x[{1 + a} +: {b}])"
        pairs.append((f"{a} x {b}", a + b, f"""
            reg [2:0] age = 0; always @(posedge clk) if (x[0] && !valid) age <= age + 1;
            assign valid = age == 3;
            nz_mult {call} mine ({ports}, .p(ours));
            plain_nz_mult {call} other ({ports}, .p(theirs));"""))
    agree(pairs, plain("nz_mult"), ecp5())


def test_adder_is_the_plain_one():
    pairs = []
    for bits in (1, 2, 5, 28, 29, 64):
        ports = f".a(x[0 +: {bits}]), .b(x[64 +: {bits}]), .sub(x[200])"
        pairs.append((f"{bits} bits", bits, f"""
            assign valid = 1;
            nz_add_sub #(.BITS({bits})) mine ({ports}, .s(ours));
            plain_nz_add_sub #(.BITS({bits})) other ({ports}, .s(theirs));"""))
    mine = ecp5()
    agree(pairs, plain("nz_add_sub"), mine, models.texts("ecp5", "module none; endmodule CCU2C"), blocks=False)


def test_merging_adder_is_the_plain_one():
    pairs = []
    for bits in (1, 2, 5, 36, 37):
        ports = f".a(x[0 +: {bits}]), .b(x[128 +: {bits}]), .c(x[192 +: {bits}]), .d(x[64 +: {bits}])"
        pairs.append((f"{bits} bits", bits, f"""
            assign valid = 1;
            nz_merge_add #(.BITS({bits})) mine ({ports}, .s(ours));
            plain_nz_merge_add #(.BITS({bits})) other ({ports}, .s(theirs));"""))
    agree(pairs, plain("nz_merge_add"), ecp5(), models.texts("ecp5", "module none; endmodule CCU2C"), blocks=False)


def test_masking_adder_is_the_plain_one():
    pairs = []
    for bits in (1, 2, 5, 36, 37):
        ports = f".a(x[0 +: {bits}]), .b(x[128 +: {bits}]), .c(x[192 +: {bits}]), .m(x[64])"
        pairs.append((f"{bits} bits", bits, f"""
            assign valid = 1;
            nz_masked_add #(.BITS({bits})) mine ({ports}, .s(ours));
            plain_nz_masked_add #(.BITS({bits})) other ({ports}, .s(theirs));"""))
    agree(pairs, plain("nz_masked_add"), ecp5(), models.texts("ecp5", "module none; endmodule CCU2C"), blocks=False)


def test_choice_is_the_plain_one():
    pairs = []
    for width, steps in (5, 1), (7, 2), (4, 3), (3, 4), (2, 5), (1, 6):
        ports = f".words(x[0 +: {width << steps}]), .choice(x[200 +: {steps}])"
        pairs.append((f"{1 << steps} words of {width}", width, f"""
            assign valid = 1;
            nz_choose #(.WIDTH({width}), .STEPS({steps})) mine ({ports}, .word(ours));
            plain_nz_choose #(.WIDTH({width}), .STEPS({steps})) other ({ports}, .word(theirs));"""))
    agree(pairs, plain("nz_choose"), ecp5(), models.texts("ecp5", "module none; endmodule LUT4 PFUMX L6MUX21"), blocks=False)


def test_memory_is_the_plain_one():
    pairs = []
    for width, depth, lanes in ((64, 512, 1), (64, 512, 2), (64, 1024, 2), (64, 2048, 2), (36, 512, 4),
                                (16, 256, 2), (18, 1024, 2), (72, 512, 8), (32, 4096, 1), (24, 8192, 3), (3, 16384, 1),
                                (40, 512, 2), (20, 16, 2), (128, 512, 2), (54, 512, 3)):
        bits = depth.bit_length() - 1
        call = f"#(.WIDTH({width}), .DEPTH({depth}), .LANES({lanes}), .ADDR_BITS({bits}))"
        ports = ".clk(clk), .we(we), .waddr(waddr), .wdata(wdata), .re(re), .raddr(raddr), .oe(x[9])"
        pairs.append((f"{depth} x {width} in {lanes}", width, f"""
            // sixteen addresses across the whole depth, first written, then read too
            wire [{bits - 1}:0] waddr = x[3:0] * {max(1, depth // 16)};
            wire [{bits - 1}:0] raddr = x[7:4] * {max(1, depth // 16)};
            wire re = x[8] & waddr != raddr;
            wire [{lanes - 1}:0] we = x[10 +: {lanes}] | {{{lanes}{{!valid}}}};
            wire [{width - 1}:0] wdata = x[{10 + lanes} +: {width}];
            reg [10:0] age = 0; always @(posedge clk) if (!valid) age <= age + 1;
            assign valid = age >= 400;
            nz_ram {call} mine ({ports}, .rdata(ours));
            plain_nz_ram {call} other ({ports}, .rdata(theirs));"""))
    agree(pairs, plain("nz_ram"), ecp5())


def test_dual_memory_is_the_plain_one():
    pairs = []
    for width, depth in (16, 1024), (18, 64), (12, 2048), (17, 4096), (3, 16384):
        bits = depth.bit_length() - 1
        call = f"#(.WIDTH({width}), .DEPTH({depth}), .ADDR_BITS({bits}))"
        ports = f".clk(clk), .we(we), .wdata(x[10 +: {width}]), .addr_a(a), .addr_b(b)"
        pairs.append((f"{depth} x {width}", 2 * width, f"""
            wire [{bits - 1}:0] a = x[3:0] * {max(1, depth // 16)}, b = x[7:4] * {max(1, depth // 16)};
            wire we = (x[8] | !valid) & a != b;
            reg [10:0] age = 0; always @(posedge clk) if (!valid) age <= age + 1;
            assign valid = age >= 600;
            wire [{width - 1}:0] a_mine, b_mine, a_other, b_other;
            assign ours = {{a_mine, b_mine}}, theirs = {{a_other, b_other}};
            nz_ram_dual {call} mine ({ports}, .rdata_a(a_mine), .rdata_b(b_mine));
            plain_nz_ram_dual {call} other ({ports}, .rdata_a(a_other), .rdata_b(b_other));"""))
    agree(pairs, plain("nz_ram_dual"), ecp5())


MODES = {
    # what a port shows while it writes: kept, what is written, what was there
    "no_change": "if (we) m[a] <= d; else q <= m[a];",
    "write_through": "if (we) begin m[a] <= d; q <= d; end else q <= m[a];",
    "read_first": "q <= m[a]; if (we) m[a] <= d;",
    "reset": "if (!we) q <= m[a]; if (we && !r) m[a] <= d; if (r) q <= 0;",
}


@pytest.mark.full
def test_block_memory_model_is_what_yosys_takes_it_for(tmp_path):
    memories, pairs = {}, []
    for mode, body in MODES.items():
        shapes = ((18, 1024), (9, 2048), (4, 4096), (2, 8192), (1, 16384))
        for width, depth in shapes if mode == "no_change" else shapes[:2]:
            bits, name = depth.bit_length() - 1, f"{mode}_{width}"
            fill = f"integer k; initial for (k = 0; k < {depth}; k = k + 1) m[k] = k * 73 + (k >> 3);"
            memories[name] = f"""module {name} (input clk, input we, input r, input [{bits - 1}:0] a,
                                                input [{width - 1}:0] d, output reg [{width - 1}:0] q);
                (* ram_style = "block" *) reg [{width - 1}:0] m [0:{depth - 1}];
                {fill if depth <= 2048 else ""}
                initial q = 0;
                always @(posedge clk) begin {body} end
            endmodule"""
            ports = f".clk(clk), .we(x[4]), .r(x[5]), .a(a), .d(x[6 +: {width}])"
            pairs.append((name, width, f"""
                wire [{bits - 1}:0] a = x[3:0] * {depth // 16 + 1};
                reg [10:0] age = 0; always @(posedge clk) if (!valid) age <= age + 1;
                assign valid = {int(depth <= 2048)} || age >= 400;        // without a fill, written first
                mapped_{name} mine ({ports}, .q(ours));
                {name} other ({ports}, .q(theirs));"""))
    agree(pairs, *memories.values(), mapped(memories, tmp_path, "DP16KD"), blocks=False)


@pytest.mark.full
def test_pair_mode_is_what_yosys_takes_it_for(tmp_path):
    writes = " ".join(f"if (we[{k}]) m[wa][{9 * k} +: 9] <= d[{9 * k} +: 9];" for k in range(4))
    memories = {"pair_of_36": f"""module pair_of_36 (
            input clk, input [3:0] we, input re, input [8:0] wa, ra, input [35:0] d, output reg [35:0] q);
        (* ram_style = "block", no_rw_check *) reg [35:0] m [0:511];
        integer k; initial for (k = 0; k < 512; k = k + 1) m[k] = k * 134217727 + (k >> 2);
        initial q = 0;
        always @(posedge clk) begin {writes} if (re) q <= m[ra]; end
    endmodule"""}
    ports = ".clk(clk), .we(x[3:0]), .re(re), .wa(wa), .ra(ra), .d(x[13 +: 36])"
    pairs = [("512 x 36", 36, f"""
        wire [8:0] wa = x[7:4] * 33, ra = x[11:8] * 33;
        wire re = wa != ra && x[48:47] != 0;
        assign valid = 1;
        mapped_pair_of_36 mine ({ports}, .q(ours));
        pair_of_36 other ({ports}, .q(theirs));""")]
    agree(pairs, *memories.values(), mapped(memories, tmp_path, "DP16KD"), blocks=False)


@pytest.mark.full
def test_multiplier_model_is_what_yosys_takes_it_for(tmp_path):
    units, pairs = {}, []
    for name, sign in ("plain", ""), ("signs", "signed"):
        units[name] = f"""module {name} (input {sign} [15:0] a, input {sign} [17:0] b,
                                            output {sign} [33:0] p);
            assign p = a * b;
        endmodule"""
        pairs.append((name, 34, f"""
            assign valid = 1;
            mapped_{name} mine (.a(x[15:0]), .b(x[33:16]), .p(ours));
            {name} other (.a(x[15:0]), .b(x[33:16]), .p(theirs));"""))
    agree(pairs, *units.values(), mapped(units, tmp_path, "MULT18X18D"), blocks=False)


def mapped(units, folder, cell):
    """What Yosys makes of modules for ECP5, named mapped_NAME, with models; each must use ``cell``."""
    renamed = [text.replace(f"module {name} ", f"module mapped_{name} ") for name, text in units.items()]
    calls = "".join(f"(* keep *) mapped_{name} u_{name} (); " for name in units)
    (folder / "in.v").write_text("\n".join([*renamed, f"module all (); {calls} endmodule"]))
    script = "read_verilog in.v; synth_ecp5 -noflatten -top all; delete all; write_verilog -noattr out.v"
    yosys = tool.find("yosys").command
    done = subprocess.run([yosys, "-q", "-p", script], cwd=folder, check=False, capture_output=True, text=True)
    assert not done.returncode, done.stdout + done.stderr
    out = (folder / "out.v").read_text()
    found = models.modules(out)
    for name in units:
        assert f"{cell} " in found[f"mapped_{name}"], f"Yosys did not use {cell} for {name}"
    return "\n".join([out, models.texts("ecp5", out)])


@pytest.mark.parametrize(("cell", "call", "complaint"), [
    ("nz_mult", "#(.A_BITS(19), .B_BITS(4)) m (.clk(c))", "nz_mult_operand_must_be_at_most_18_bits"),
    ("nz_ram", "#(.WIDTH(1), .DEPTH(32768), .ADDR_BITS(15)) m (.clk(c))", "nz_ram_depth_must_be_at_most_16384"),
    ("nz_ram_dual", "#(.DEPTH(32768), .ADDR_BITS(15)) m (.clk(c))", "nz_ram_dual_depth_must_be_at_most_16384"),
])
def test_cells_refuse_what_no_block_is(cell, call, complaint, tmp_path):
    declared = "\n".join(text for name, text in technology("ecp5") if name.startswith("ecp5_"))
    (tmp_path / "in.v").write_text(f"{declared}\nmodule top (input c); {cell} {call}; endmodule")
    script = "read_verilog in.v; hierarchy -check -top top"
    done = subprocess.run([tool.find("yosys").command, "-q", "-p", script], cwd=tmp_path, capture_output=True,
                          text=True, check=False)
    assert done.returncode and complaint in done.stdout + done.stderr

"""Mutants of the dot unit's netlist, all in one simulation, and proofs about those that no vector tells apart."""
from pathlib import Path

from rtl.mac.datapath import Datapath
from rtl.mac.decode import head_layout
from sim.equivalence import search, yosys
from sim.mac.builds import tile
from spec.mac import MacSpec

SPECS = {
    "volta": MacSpec(fold=16),
    "ada": MacSpec(arch="ada", formats=("fp16", "tf32", "e4m3"), fold=16),
    "blackwell": MacSpec(arch="blackwell", formats=("tf32", "e5m2"), fold=16),
}
"""Tiles of which one dot unit computes all outputs."""

SELECT_BITS = 9
SOLVER_SECONDS = 120
PREPARE = ("read_verilog tile.v; hierarchy -top mac_dot; proc; flatten; opt -full; wreduce; opt -full; "
           "opt_clean -purge; write_rtlil dot.il; ")


def mutants(spec: MacSpec, folder: Path, count: int, seed: int = 1) -> tuple[list[Path | str], list[str], int]:
    """Write a tile whose dot unit holds ``count`` mutants, chosen by the port ``mutsel``; 0 is none.

    Returns the sources, the command that makes each mutant, and the tile's latency.
    """
    sources, latency = tile(spec)
    text = sources[0]
    check_text(text)
    (folder / "tile.v").write_text(text)
    yosys(folder, PREPARE + f"mutate -list {count} -seed {seed} -ctrl mutsel {SELECT_BITS} 1 -o list.ys; "
                            "script list.ys; write_verilog -noattr mutated.v")
    commands = (folder / "list.ys").read_text().splitlines()
    start = text.index("module mac_dot(")
    end = text.index("endmodule", start) + len("endmodule")
    body = (text[:start] + text[end:]).replace("mac_dot dot0 (", "mac_dot dot0 (\n    .mutsel(mutsel),")
    head, rest = body.split("module mac_tile(", 1)
    names, rest = rest.split(");", 1)
    body = f"{head}module mac_tile(mutsel, {names});\n  input [{SELECT_BITS - 1}:0] mutsel;{rest}"
    return [body, (folder / "mutated.v").read_text()], commands, latency


def check_text(text: str) -> None:
    """Refuse a tile whose text is not as the replacements above expect it."""
    for part in ("module mac_dot(", "mac_dot dot0 (", "module mac_tile("):
        if text.count(part) != 1:
            raise ValueError(f"the tile's Verilog must have {part!r} once, not {text.count(part)} times; adapt sim.mac.mutants")


def equivalent(spec: MacSpec, folder: Path, command: str) -> bool | None:
    """Tell whether a mutant computes what the original does, for every operand of every format that the decoders can pass on.

    The dot unit is a pipeline without a loop, whose every path from an operand to the result is of the same length: without
    its registers it computes the same function, of the same operation.

    Returns
    -------
    bool or None
        True if it is proved, False if some operands tell the two apart, None if `SOLVER_SECONDS` were too few.
    """
    plain, _, rest = command.partition(" -ctrl mutsel")
    plain += "".join(f" {part}" for part in rest.split(maxsplit=2)[2:])
    text = (folder / "tile.v").read_text()
    (folder / "decode.v").write_text(text[text.index("module mac_decode_a("):text.index("module mac_dot(")])
    (folder / "wire.v").write_text(WIRE)
    (folder / "both.v").write_text(_both(spec))
    yosys(folder, "read_rtlil dot.il; setattr -unset init w:*; rename mac_dot gold; design -stash gold; read_rtlil dot.il; "
                  f"{plain}; setattr -unset init w:*; rename mac_dot gate; design -stash gate; design -copy-from gold gold; "
                  f"design -copy-from gate gate; {OPERANDS}")
    return search(folder, SOLVER_SECONDS, merges=("fraig",))


OPERANDS = ("read_verilog decode.v both.v; hierarchy -check -top both; proc; flatten; dffunmap; techmap -map wire.v; "
            "opt -full -nosdff; check -assert; select -assert-none t:*dff* t:*dlatch*; select -clear; "
            "setundef -zero; techmap; opt -full; simplemap; aigmap; opt_clean -purge; write_aiger miter.aig")
"""The two after the same decoders as gates, whose output says that their results differ."""

WIRE = """(* techmap_celltype = "$dff" *)
module register (CLK, D, Q);
  parameter WIDTH = 1;
  parameter CLK_POLARITY = 1;
  input CLK;
  input [WIDTH-1:0] D;
  output [WIDTH-1:0] Q;
  assign Q = D;
endmodule
"""
"""A register as a wire, for Yosys's techmap."""


def _both(spec: MacSpec) -> str:
    """Return Verilog of the original and a mutant after the same decoders, of any format that the tile holds."""
    datapath, bits = Datapath(spec), spec.operand_bits
    codes, last = [spec.code(name) for name in spec.formats], len(spec.formats) - 1
    fmt = "".join(f"pick == {n} ? 3'd{code} : " for n, code in enumerate(codes[:-1])) + f"3'd{codes[last]}"
    byte = " || ".join(f"fmt == 3'd{spec.code(name)}" for name in datapath.floats if datapath.is_byte(name)) or "1'b0"
    text = (f"module both(input [{bits * spec.k - 1}:0] a, b, input [31:0] c, random, input [2:0] pick, output differ);\n"
            "  wire [31:0] gold_d, gate_d;\n  assign differ = gold_d != gate_d;\n"
            f"  wire [2:0] fmt = {fmt};\n  wire [1:0] mode = {{{byte}, 1'b0}};\n")
    for side, x_bits in (("a", datapath.a_bits), ("b", datapath.b_bits)):
        head, sig = head_layout(x_bits).size, datapath.sig_bits
        text += f"  wire [{spec.k * head - 1}:0] {side}_head;\n  wire [{spec.k * sig - 1}:0] {side}_sig;\n"
        for k in range(spec.k):
            dead = " || ".join(f"fmt == 3'd{spec.code(name)}" for name in spec.formats if k >= spec.terms(name)) or "1'b0"
            text += (f"  mac_decode_{side} {side}{k} (.fmt(fmt), .dead({dead}), .bits({side}[{bits * k} +: {bits}]), "
                     f".head({side}_head[{head * k} +: {head}]), .sig({side}_sig[{sig * k} +: {sig}]));\n")
    random = ".random(random), " if spec.stochastic else ""
    for name in ("gold", "gate"):
        text += (f"  {name} {name}_unit (.clk(1'b0), .rst(1'b0), .a(a_head), .b(b_head), .a_sig(a_sig), .b_sig(b_sig), .c(c), "
                 f".mode(mode), {random}.d({name}_d));\n")
    return f"{text}endmodule\n"

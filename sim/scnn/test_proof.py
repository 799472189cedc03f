"""The crossbar proved for every input: its queues and arbiter for ever, the whole at a small size for some cycles."""
import re
from pathlib import Path

import pytest

from rtl.emit import Library
from rtl.scnn.crossbar import Crossbar
from rtl.scnn.product_queue import READ, Queue
from sim.proof import prove

REGISTERS = """
module memory_{width}(input clk, input we, input [{top}:0] waddr, input [{width}-1:0] wdata, input [{top}:0] raddr,
  output [{width}-1:0] rdata);
  reg [{depth}*{width}-1:0] all = 0;
  always @(posedge clk) if (we) all[waddr*{width} +: {width}] <= wdata;
  assign rdata = all[raddr*{width} +: {width}];
endmodule
module block_{width}(input clk, input we, input [{top}:0] waddr, input [{width}-1:0] wdata, input re, input [{top}:0] raddr,
  input oe, output reg [{width}-1:0] rdata);
  reg [{depth}*{width}-1:0] all = 0;
  reg [{width}-1:0] array;
  always @(posedge clk) begin
    if (we) all[waddr*{width} +: {width}] <= wdata;
    if (re) array <= all[raddr*{width} +: {width}];
    if (oe) rdata <= array;
  end
endmodule
"""                     # memories as one register, which an induction can see
PLACES = ("write", "ahead", "here", "later_1", "later_2", "later_3", "level", "banks.all", "entries.all", "products.all")
KINDS = {               # of the memories of a queue: registers after its places, their bits, what they hold
    "tables": (("behind_entries", "behind_products"), 3, ("seen_entry == place1[2:0]", "seen_product == place4[2:0]")),
    "blocks": (("entries.array", "products.array"), 2, ("seen_entry == entry1", "seen_product[0] == product4")),
}
ANY = """
module {name}(input clk, input rst, input reserve, input push, input {high}i_bank, input i_buffer, input i_entry,
  input i_product, output valid, output {high}bank, output buffer, input pop, output [1:0] entry, output product, output near);
  (* anyseq *) reg any_valid, any_buffer, any_product, any_near;
  (* anyseq *) reg {high}any_bank;
  (* anyseq *) reg [1:0] any_entry;
  assign {{valid, bank, buffer, entry, product, near}} = {{any_valid, any_bank, any_buffer, any_entry, any_product, any_near}};
endmodule
"""                     # a queue that shows anything
CYCLES = 11             # that the whole is looked at; 15 in a full run, in which two products must have arrived


def check(name):
    return (Path(__file__).parent / f"proof_{name}.sv").read_text()


def without(text, module):
    """A text without a module."""
    begin = text.index(f"module {module}")
    return text[:begin] + text[text.index("endmodule", begin) + len("endmodule"):]


def visible(text, depth):
    """A queue with memories that an induction can see."""
    for cell, name in (("nz_regfile", "memory"), ("nz_ram", "block")):
        if f"module {cell}" in text:
            text = re.sub(rf"{cell} #\([^;]*?\.WIDTH\(32'd(\d+)\)\s*\)", rf"{name}_\1", without(text, cell))
    return text + "".join(REGISTERS.format(width=width, depth=depth, top=depth.bit_length() - 2) for width in (1, 2))


def queue(kind="tables", read=READ, margin=5):
    library = Library()
    made = Queue(library, depth=8, margin=margin, bank_bits=1, entry_bits=1, product_bits=1, blocks=kind == "blocks", read=read)
    library.add(made, module="queue")
    return visible(library.verilog(), 8)


def queue_check(kind="tables"):
    """The check of a queue, and the registers that it looks at."""
    registers, bits, held = KINDS[kind]
    source = check("queue").replace("READ", ", ".join(
        f".\\{name} ({wire})" for name, wire in zip(registers, ("seen_entry", "seen_product"), strict=True)))
    for name, what in (("SEEN", str(bits)), ("ENTRY", held[0]), ("PRODUCT", held[1])):
        source = re.sub(rf"\b{name}\b", what, source)
    return source, {"queue": PLACES + registers}


def crossbar(multipliers, banks, depth=4, margin=3):
    library = Library()
    library.add(Crossbar(library, multipliers=multipliers, banks=banks, depth=depth, margin=margin, entry_bits=1,
                         product_bits=1), module="crossbar")
    return library.verilog()


def arbiter(multipliers, banks):
    """The crossbar over queues that show anything, and its check."""
    text, bits = crossbar(multipliers, banks), banks.bit_length() - 1
    name = f"scnn_queue_4_{bits - 1}_1_1"
    places = [(k, parity) for k in range(multipliers) for parity in (0, 1)]
    state = [f"queue{k}_{parity}.{port}" for k, parity in places for port in ("valid", "bank", "pop", "entry", "product")]
    wires = [f".\\queue{k}_{p}.{port} ({wire}[{2 * k + p}])" for k, p in places
             for port, wire in (("valid", "valid"), ("pop", "pop"), ("product", "product"))]
    wires += [f".\\queue{k}_{p}.bank (high[{2 * k + p}*(BITS-1) +: BITS-1])" for k, p in places]
    wires += [f".\\queue{k}_{p}.entry ({{unused[{2 * k + p}], entry[{2 * k + p}]}})" for k, p in places]
    wires += [f".i_{port}__{k}(0)" for k in range(multipliers) for port in ("bank", "entry", "product")]
    wires += [f".o_entry__{b}(o_entry[{2 * b} +: 2]), .o_product__{b}(o_product[{b}])" for b in range(banks)]
    called = ("wire [2*MULTIPLIERS-1:0] unused;\n  crossbar dut(.clk(clk), .rst(rst), .side_valid(coming), "
              ".side_bank(coming_at), .side_all(1'b0), "
              ".i_reserve(0), .i_odd(0), .i_valid(0), .i_buffer(0), .o_valid(o_valid), .o_side(o_side), "
              + ", ".join(wires) + ");")
    source = check("arbiter").replace("CROSSBAR", called)
    for key, value in (("MULTIPLIERS", multipliers), ("BANKS", banks), ("BITS", bits)):
        source = re.sub(rf"\b{key}\b", str(value), source)
    return without(text, name) + ANY.format(name=name, high=f"[{bits - 2}:0] "), source, {"crossbar": state}


@pytest.mark.parametrize("kind", KINDS)
def test_a_queue_keeps_all_and_their_order_for_ever(kind):
    source, state = queue_check(kind)
    prove(design=queue(kind), check=source, depth=3, exposed=state, flat=True)


@pytest.mark.parametrize(("multipliers", "banks"), [(2, 4), (4, 8)])
def test_what_is_chosen_arrives_once_for_ever(multipliers, banks):
    design, source, state = arbiter(multipliers, banks)
    prove(design=design, check=source, depth=8, exposed=state, flat=True)


@pytest.mark.parametrize("cycles", [CYCLES, pytest.param(15, marks=pytest.mark.full)])
def test_every_product_arrives_once_at_its_bank(cycles):
    prove(design=crossbar(2, 4), check=check("crossbar"), depth=cycles, bounded=True)


BROKEN = {              # a fault each, by its proof: a margin too small, a choice without rivals, a head that pops unasked
    "queue": (queue, queue_check, r"level == 3'h4", "1'b0"),
    "arbiter": (lambda: arbiter(2, 4)[0], lambda: arbiter(2, 4)[1:], r"assign beaten0_0 = .*;", "assign beaten0_0 = 1'b0;"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_one_is_refuted(name):
    make, checked, wire, wrong = BROKEN[name]
    broken, count = re.subn(wire, wrong, make())
    assert count == 1
    source, state = checked()
    with pytest.raises(AssertionError, match=r"Assert failed in check: check\.sv:(\d+)"):
        prove(design=broken, check=source, depth=14, exposed=state, flat=True, bounded=True)

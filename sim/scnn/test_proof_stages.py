"""The crossbar of two stages proved for every input, a part at a time: queues in front, first stage, line queues, second stage.

Each part is proved for ever behind neighbours that do anything that the other proofs leave them: a line queue behind a first
stage that chooses whenever the queue is not full, the stages between queues that show anything.
"""
import re

import pytest

from rtl.emit import Library
from rtl.scnn.crossbar import Crossbar
from rtl.scnn.product_queue import Queue
from sim.proof import prove
from sim.scnn.test_proof import ANY, KINDS, PLACES, check, queue, queue_check, visible, without
from spec.scnn.shape import LINE_DEPTH, LINE_MARGIN, LINES

SMALL = (8, 16)         # multipliers and banks, the fewest of two stages: two fours, lines of two banks
ANY_LINE = """
module {name}(input clk, input rst, input reserve, input of, input push, input {low}i_bank, input i_buffer,
  input i_entry, input i_product, output valid, output {low}bank, output buffer, input pop, output [1:0] entry, output product,
  output near, output [1:0] holds);
  (* anyseq *) reg any_valid, any_buffer, any_product, any_near;
  (* anyseq *) reg {low}any_bank;
  (* anyseq *) reg [1:0] any_entry, any_holds;
  assign {{valid, bank, buffer, entry, product, near, holds}} =
    {{any_valid, any_bank, any_buffer, any_entry, any_product, any_near, any_holds}};
endmodule
"""                     # a line queue that shows anything
QUEUE, LINE_QUEUE = "queue{k}_{parity}", "line{four}_{parity}_{line}"
SIZES = [SMALL, pytest.param(8, 32, marks=pytest.mark.full)]        # lines of four banks, which use both bits of the xor
LATER = (               # a queue in front of two stages: its issue stops a cycle later, and what is popped is read at once
    (r", later1, later2, later3;", ";"),
    (r"\.later_\d\(later\d\),\s", ""),
    (r"later\d == place\d\[2:0\] && ", ""),
    (r"&& seen_product\S* == \S+ ", ""),
    (r"left5\) (.*) product5", r"left2) \1 product2"),
    (r"MARGIN = 5", "MARGIN = 6"),
    (r"reg stop = 0,", "reg stop0 = 0, stop = 0,"),
    (r"stop <= near \|\| others;", "{stop, stop0} <= {stop0, near || others};"),
    (r"if \(rst\) {stop,", "if (rst) {stop, stop0,"),
    (r"\(stop \|\| level <= DEPTH - MARGIN \+ 1\)",
     "(stop0 || level <= DEPTH - MARGIN + 1) && (stop || level <= DEPTH - MARGIN + 2)"),
)
TABLES = ((r"seen_entry == [^)]+", "seen_entry == place1[2:0] && seen_product == place1[2:0]"),)
KEPT = """reg [7:0] kept_products = 0;
  reg [15:0] kept;
  reg [7:0] buffers, of_keys;
  integer at;
  always @* for (at = 0; at < 8; at = at + 1) begin
    of_keys[at] = kept_keys[2 * at];
    {buffers[at], kept[2 * at +: 2]} = {kept_entries[2 * at + 1], kept_products[at], kept_entries[2 * at]};
  end"""
BLOCKS = (              # entry and product stand in one block memory, and a buffer in registers behind the head
    (r"wire \[15:0\] keys, entries;\s+wire \[7:0\] products;", "wire [15:0] keys, both;\n  wire behind;"),
    (r"wire \[2-1:0\] seen_entry, seen_product;", "wire [1:0] seen;"),
    (r"\.\\entries\.array \(seen_entry\), \.\\products\.array \(seen_product\)",
     r".\\products.array (seen), .buffer_behind_1(behind)"),
    (r"\.\\entries\.all \(entries\), \.\\products\.all \(products\)", r".\\products.all (both)"),
    (r"reg \[7:0\] kept_products = 0;", KEPT),
    (r"entries == kept_entries && products == kept_products", "both == kept && buffers == of_keys"),
    (r"seen_entry == [^)]+", "behind == entry1[1] && seen == {product1, entry1[0]}"),
)


def early_check(kind):
    """The check of a multiplier's queue whose product is read as early as its entry."""
    source, state = queue_check(kind)
    for text, early in (*LATER, *(TABLES if kind == "tables" else BLOCKS)):
        source, count = re.subn(text, early, source)
        assert count, text
    seen = [name for name in state["queue"] if not name.startswith("later")]
    if kind == "blocks":
        seen = [*(name for name in seen if not name.startswith("entries")), "buffer_behind_1"]
    return source, {"queue": seen}


def line(depth=LINE_DEPTH, margin=LINE_MARGIN):
    library = Library()
    made = Queue(library, depth=depth, margin=margin, bank_bits=1, entry_bits=1, product_bits=1, holding=True)
    library.add(made, module="queue")
    return visible(library.verilog(), depth)


def line_check(depth=LINE_DEPTH):
    source = check("line")
    for key, value in (("DEPTH", depth), ("MARGIN", LINE_MARGIN), ("BITS", depth.bit_length() - 1)):
        source = re.sub(rf"\b{key}\b", str(value), source)
    return source, {"queue": (*PLACES, *KINDS["tables"][0], "held0", "held1", "popped_1", "of_popped_1")}


def stages(multipliers, banks):
    """The crossbar between queues that show anything."""
    library, bits = Library(), banks.bit_length() - 1
    made = Crossbar(library, multipliers=multipliers, banks=banks, depth=4, margin=3, entry_bits=1, product_bits=1, stages=2)
    library.add(made, module="crossbar")
    text = library.verilog()
    for name, model in ((f"scnn_queue_4_{bits - 1}_1_1", ANY), (f"scnn_line_{bits - 3}_1_1", ANY_LINE)):
        text = without(text, name) + model.format(name=name, high=f"[{bits - 2}:0] ", low=f"[{bits - 4}:0] ")
    return text


def seen(multipliers, queue, **ports):
    """Names of ports of queues, and their connections to a check's vectors; a port's vector, or which bits of which."""
    wires = {f"{queue.format(four=k // LINES, k=k, parity=parity, line=k % LINES)}__{port}":
             (vector if "[" in vector else f"{vector}[N]").replace("N", f"{multipliers * parity + k}")
             for parity in (0, 1) for k in range(multipliers) for port, vector in ports.items()}
    return list(wires), ", ".join(f".{name}({wire})" for name, wire in wires.items())


def stage_check(name, multipliers, banks, state, **ports):
    called = "crossbar dut(.clk(clk), .rst(rst), " + ", ".join(f".{port}({wire})" for port, wire in ports.items())
    source = check(name).replace("DUT", ", ".join([called, *(wires for _, wires in state)]) + ");")
    for key, value in (("MULTIPLIERS", multipliers), ("BANKS", banks), ("BITS", banks.bit_length() - 1)):
        source = re.sub(rf"\b{key}\b", str(value), source)
    return source, {"crossbar": [wire for names, _ in state for wire in names]}


def each(count, **ports):
    """Ports of an array, and what they are connected to."""
    return {f"{port}__{k}": wire.replace("N", str(k)) for k in range(count) for port, wire in ports.items()}


def four_check(multipliers, banks):
    """The check of the first stage, of all fours of both parities."""
    fronts = seen(multipliers, QUEUE, reserve="reserve", push="push", i_bank="{q_line[2*N +: 2], q_low[N*LOW +: LOW]}",
                  i_buffer="q_buffer", i_entry="q_entry", i_product="q_product", valid="valid",
                  bank="{line[2*N +: 2], low[N*LOW +: LOW]}", buffer="buffer", pop="pop", entry="{top[N], entry[N]}",
                  product="product", near="near")
    lines = seen(multipliers, LINE_QUEUE, reserve="l_reserve", of="l_of", push="l_push", i_bank="l_low[N*LOW +: LOW]",
                 i_buffer="l_buffer", i_entry="l_entry", i_product="l_product", near="l_near", holds="l_holds[2*N +: 2]")
    return stage_check("four", multipliers, banks, [fronts, lines], side_valid=0, side_bank=0, side_all=0,
                       i_reserve="i_reserve", i_odd="i_odd", i_valid="i_valid", i_buffer="i_buffer", stop="stop", heads="heads",
                       **each(multipliers, i_bank="i_bank[N*BITS +: BITS]", i_entry="i_entry[N]", i_product="i_product[N]"))


def second_check(multipliers, banks):
    """The check of the second stage, of all lines."""
    lines = seen(multipliers, LINE_QUEUE, valid="valid", bank="low[N*LOW +: LOW]", pop="pop", entry="entry[2*N +: 2]",
                 product="product")
    return stage_check("second", multipliers, banks, [lines], side_valid="side", side_bank="side_at", side_all=0, i_reserve=0,
                       i_odd=0, i_valid=0, i_buffer=0, o_valid="o_valid", o_side="o_side",
                       **each(multipliers, i_bank="0", i_entry="0", i_product="0"),
                       **each(banks, o_entry="o_entry[2*N +: 2]", o_product="o_product[N]"))


@pytest.mark.parametrize("kind", KINDS)
def test_a_queue_whose_product_comes_with_its_entry_keeps_all_for_ever(kind):
    source, state = early_check(kind)
    prove(design=queue(kind, read=2, margin=6), check=source, depth=3, exposed=state, flat=True)


def test_a_line_queue_keeps_all_and_their_order_for_ever():
    source, state = line_check()
    prove(design=line(), check=source, depth=3, exposed=state, flat=True)


@pytest.mark.parametrize(("multipliers", "banks"), SIZES)
def test_the_first_stage_brings_each_product_to_its_line_once_for_ever(multipliers, banks):
    source, state = four_check(multipliers, banks)
    prove(design=stages(multipliers, banks), check=source, depth=5, exposed=state, flat=True)


@pytest.mark.parametrize(("multipliers", "banks"), SIZES)
def test_the_second_stage_brings_each_product_to_its_bank_once_for_ever(multipliers, banks):
    source, state = second_check(multipliers, banks)
    prove(design=stages(multipliers, banks), check=source, depth=6, exposed=state, flat=True)


BROKEN = {              # a fault each: a head pops though another is chosen, goes to line 0 in place of 1, as the first
    "first stage": (four_check, r"assign beaten0_0 = .*;", "assign beaten0_0 = 1'b0;"),
    "line": (four_check, r"which0_0\[0\] & rest0_0", "which0_0[1] & rest0_0"),
    "second stage": (second_check, r"assign beaten0_0_0 = .*;", "assign beaten0_0_0 = 1'b0;"),
}


def refuted(design, checked, cycles):
    source, state = checked
    with pytest.raises(AssertionError, match=r"Assert failed in check: check\.sv:(\d+)"):
        prove(design=design, check=source, depth=cycles, exposed=state, flat=True, bounded=True)


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_stage_is_refuted(name):
    checked, wire, wrong = BROKEN[name]
    broken, count = re.subn(wire, wrong, stages(*SMALL))
    assert count
    refuted(broken, checked(*SMALL), 6)


def test_a_line_queue_that_is_full_a_place_too_late_is_refuted():
    refuted(line(depth=8, margin=LINE_MARGIN - 1), line_check(depth=8), 14)

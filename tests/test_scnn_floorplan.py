"""Where the block RAM of one SCNN PE is put: lines beside their banks, around the queues of the multipliers."""

from dataclasses import replace

import pytest

from spec.scnn import preset
from synth.scnn.floorplan import places, sites

PE = preset("ecp5", rows=1, cols=1, f=4, i=4, banks=32, crossbar_stages=2, lean=True, queue_blocks=True)
ROWS = [[(2 * k, y, f"X{2 * k}/Y{y}") for k in range(52)] for y in (22, 46, 70, 82)]


def rams_of_a_pe():
    """Names as in a netlist: banks, queues of multipliers and of lines, buffers, memories and programs."""
    names = [f"bank{k}.memory.blocks[0].block_.memory" for k in range(32)]
    names += [f"crossbar.queue{k}_{parity}.products.blocks[0].block_.memory" for k in range(16) for parity in (0, 1)]
    names += [f"crossbar.line{four}_{parity}_{line}.products.blocks[0].block_.memory"
              for four in range(4) for parity in (0, 1) for line in range(4)]
    names += [f"{name}$7.memory.blocks[{k}].block_.memory" for name in ("acts", "weights") for k in range(4)]
    names += [f"memory$8.blocks[{k}].block_.memory" for k in range(9)]
    names += [f"ram_{name}.memory.blocks[{k}].block_.memory" for name in ("drain", "supply") for k in (0, 1)]
    return [f"dut.{name}" for name in [*names, "table$9.blocks[0].block_.memory", "post.biases.blocks[0].block_.memory"]]


def test_a_pe_of_two_stages_has_its_lines_around_its_queues():
    placed = sites(PE, rams_of_a_pe(), ROWS)
    assert placed.keys() == set(rams_of_a_pe()) and len(set(placed.values())) == 119
    x, y = ({name.removeprefix("dut."): int(at[axis][1:]) for name, at in ((n, s.split("/")) for n, s in placed.items())}
            for axis in (0, 1))
    assert {y[f"bank{k}.memory.blocks[0].block_.memory"] for k in range(0, 32, 2)} == {22}
    assert {y[f"bank{k}.memory.blocks[0].block_.memory"] for k in range(1, 32, 2)} == {70}
    assert {y[name] for name in y if "queue" in name or "acts" in name or "weights" in name} == {46}
    for bank in range(32):                              # beside the four queues of its line
        line = bank // 2 // 4 ^ bank // 2 % 4
        near = [x[f"crossbar.line{four}_{bank % 2}_{line}.products.blocks[0].block_.memory"] for four in range(4)]
        assert max(abs(x[f"bank{bank}.memory.blocks[0].block_.memory"] - at) for at in near) <= 2 * 7
    left, right = (x[f"crossbar.queue{k}_0.products.blocks[0].block_.memory"] for k in (7, 8))
    assert all(left < x[name] < right for name in x if name.startswith(("acts", "weights", "memory", "ram", "table", "post")))


@pytest.mark.parametrize(("spec", "rows"), [
    (preset("ecp5", rows=1, cols=1, f=4, i=4, banks=32, lean=True), ROWS), (replace(PE, queue_blocks=False), ROWS),
    (replace(PE, cols=2), ROWS), (PE, ROWS[:2]), (PE, [row[:40] for row in ROWS])])
def test_another_machine_or_a_smaller_part_has_no_such_plan(spec, rows):
    assert sites(spec, rams_of_a_pe(), rows) == {}


def test_words_of_a_bank_stand_beside_it_once_each_but_those_behind_their_table():
    """Of bank 3 of a PE: 28 flip-flops a word; bit 5 of ``merged`` comes from a look-up table that feeds it alone."""
    def cell(kind, **ports):
        return {"type": kind, "attributes": {}, "connections": {port: [bit] for port, bit in ports.items()},
                "port_directions": {port: "output" if port in "QZ" else "input" for port in ports}}

    nets, own = {}, {ram.removeprefix("dut."): cell("DP16KD") for ram in rams_of_a_pe()}
    for at, word in enumerate(("straight", "third", "merged", "value")):
        nets[f"bank3.{word}"] = {"bits": [1000 * (at + 1) + bit for bit in range(28)]}
        own |= {f"{word}{bit}": cell("TRELLIS_FF", DI=1000 * (at + 1) + 500 + bit, Q=1000 * (at + 1) + bit)
                for bit in range(28)}
    own["table"] = cell("LUT4", Z=3505)
    modules = {"harness": {"attributes": {}, "netnames": {}, "cells": {"dut": cell("pe")}},
               "pe": {"attributes": {}, "netnames": nets, "cells": own}}
    placed = places(PE, modules, ROWS)
    words = {name: at for name, at in placed.items() if ".FF" in at}
    assert words.keys() == {f"dut.{name}" for name, one in own.items() if one["type"] == "TRELLIS_FF"} - {"dut.merged5"}
    assert len(set(placed.values())) == len(placed) == 119 + 4 * 28 - 1
    bank = int(placed["dut.bank3.memory.blocks[0].block_.memory"].split("/")[0][1:])
    for name, at in words.items():
        x, y = (int(part[1:]) for part in at.split("/")[:2])
        assert abs(x - bank) <= 6 and 2 <= abs(y - 70) <= 5 and (y < 70) == ("straight" in name or "third" in name)

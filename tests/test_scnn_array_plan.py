"""Where the block RAM of an SCNN array of two rows of PEs is put: a block of the part for each PE."""

import pytest

from spec.scnn import preset
from synth.scnn.array_plan import sites

ROWS = [[(2 * k, y, f"X{2 * k}/Y{y}") for k in range(52)] for y in (22, 46, 70, 82)]
PE = [*(f"bank{k}.memory.blocks[0].block_.memory" for k in range(8)),
      *(f"{name}$7.memory.blocks[{k}].block_.memory" for name in ("acts", "weights") for k in range(2)),
      *(f"memory$8.blocks[{k}].block_.memory" for k in range(5)),
      *(f"ram_{name}.memory.blocks[{k}].block_.memory" for name in ("drain", "supply") for k in range(2)),
      "table$9.blocks[0].block_.memory", "post.biases.blocks[0].block_.memory"]
CENTRE = ["control$1.layers.blocks[0].block_.memory", "lane0.take$2.program.blocks[0].block_.memory",
          "lane0.taps0.blocks[0].block_.memory", "lane0.taps1.blocks[0].block_.memory"]


def rams(pes=8, own=PE):
    """Names as in a netlist."""
    return [f"dut.array.pe{pe}.{name}" for pe in range(pes) for name in own] + [f"dut.{name}" for name in CENTRE]


def place(site):
    """Return x and y of a site."""
    return tuple(int(part[1:]) for part in site.split("/"))


def test_each_pe_has_a_block_of_the_part():
    placed = sites(preset("ecp5"), rams(), ROWS)
    assert placed.keys() == set(rams()) and len(set(placed.values())) == len(placed)
    for pe in range(8):
        row, col = divmod(pe, 4)
        where = {name: place(placed[f"dut.array.pe{pe}.{name}"]) for name in PE}
        assert {y for _, y in where.values()} == {ROWS[2 * row][0][1], ROWS[2 * row + 1][0][1]}
        assert all(26 * col <= x < 26 * (col + 1) for x, _ in where.values())
        assert {y for name, (_, y) in where.items() if name.startswith(("bank", "acts", "weights"))} == {ROWS[2 * row][0][1]}
        banks, feeding = ([where[name][0] for name in PE if name.startswith(kind)] for kind in ("bank", ("acts", "weights")))
        assert sum(x < min(feeding) for x in banks) == sum(x > max(feeding) for x in banks) == 4


def test_bus_and_control_are_between_the_pes():
    placed = sites(preset("ecp5"), rams(), ROWS)
    for name in CENTRE:
        x, y = place(placed[f"dut.{name}"])
        assert abs(x - 51) <= 5 and y in (46, 70)


@pytest.mark.parametrize(("spec", "names", "rows"), [
    (preset("ecp5", rows=1, cols=1), rams(1), ROWS), (preset("ecp5", rows=4, cols=2), rams(), ROWS),
    (preset("ecp5", lean=True), rams(), ROWS), (preset("ecp5"), rams(), ROWS[:3]),
    (preset("ecp5"), rams(), [row[:40] for row in ROWS]), (preset("ecp5"), [], ROWS)])
def test_another_machine_or_a_smaller_part_has_no_such_plan(spec, names, rows):
    assert sites(spec, names, rows) == {}

"""Where the block RAM of an SCNN array is put: a part of a row of block RAM for each PE."""

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


@pytest.mark.parametrize("shape", [{}, {"rows": 4, "cols": 2}])
def test_each_pe_has_half_a_row_of_block_ram(shape):
    spec = preset("ecp5", **shape)
    placed = sites(spec, rams(), ROWS)
    assert placed.keys() == set(rams()) and len(set(placed.values())) == len(placed)
    found = set()
    for pe in range(8):
        where = {name: place(placed[f"dut.array.pe{pe}.{name}"]) for name in PE}
        (row,) = {y for _, y in where.values()}
        (right,) = {x >= 52 for x, _ in where.values()}
        found.add((row, right))
        banks, feeding, rest = ([abs(where[name][0] - 51) for name in PE if name.startswith(kind) == wanted]
                                for kind, wanted in (("bank", True), (("acts", "weights"), True),
                                                     (("bank", "acts", "weights"), False)))
        assert sum(x < min(feeding) for x in banks) == sum(x > max(feeding) for x in banks) == 4
        assert max(rest) < min(banks + feeding)
    assert len(found) == 8


def test_pes_below_each_other_are_in_neighbouring_rows():
    placed = sites(preset("ecp5"), rams(), ROWS)
    rows = [place(placed[f"dut.array.pe{pe}.{PE[0]}"])[1] for pe in range(8)]
    assert rows == [22, 22, 70, 70, 46, 46, 82, 82]


def test_four_pes_have_the_rows_in_the_middle():
    placed = sites(preset("ecp5", rows=2, cols=2), rams(4), ROWS)
    where = [place(placed[f"dut.array.pe{pe}.{PE[0]}"]) for pe in range(4)]
    assert [(x >= 52, y) for x, y in where] == [(False, 46), (True, 46), (False, 70), (True, 70)]


def test_bus_and_control_are_between_the_pes():
    placed = sites(preset("ecp5"), rams(), ROWS)
    for name in CENTRE:
        x, y = place(placed[f"dut.{name}"])
        assert abs(x - 51) <= 5 and y in (46, 70)


@pytest.mark.parametrize(("spec", "names", "rows"), [
    (preset("ecp5", rows=1, cols=1), rams(1), ROWS), (preset("ecp5", rows=1, cols=2), rams(2), ROWS),
    (preset("ecp5", lean=True), rams(), ROWS), (preset("ecp5"), rams(), ROWS[:3]),
    (preset("ecp5"), rams(), [row[:40] for row in ROWS]), (preset("ecp5"), [], ROWS)])
def test_another_machine_or_a_smaller_part_has_no_such_plan(spec, names, rows):
    assert sites(spec, names, rows) == {}

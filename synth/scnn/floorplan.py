"""Where one SCNN PE stands on an ECP5, if its crossbar has two stages and its queues are in block RAM.

Three rows of block RAM are used. The middle one holds the queues of the multipliers. The rows above and below it hold the banks
of one parity each, line by line, each line beside its queues. What feeds the multipliers is in the middle of the middle row,
and all other memories are in the middle of the outer rows, so that the control lies between the halves. ::

    even: line 0, line 1                       | programs, table, biases     | line 2, line 3
          queues of the first half of products | buffers of weights and acts | queues of the second half
    odd:  line 0, line 1                       | activation memory           | line 2, line 3

A bank has words of flip-flops that a reset makes 0. A tile has two resets for its 8 flip-flops, and the placer, which takes
one flip-flop after the other, finds the last of a word a place far away. So these words are put beside their bank too.
"""

import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

from spec.scnn import ScnnSpec
from spec.scnn.shape import LINES
from synth import floorplan
from synth.scnn import array_plan

BANK = r"\bbank(\d+)\.memory\b"
FLIP_FLOP = "TRELLIS_FF"

Site = tuple[int, int, str]

WORDS = {"straight": -1, "third": -2, "merged": 1, "value": 2}
"""Words of a bank's flip-flops, and which block of tiles they are in: above the block RAM, then further up; below it."""

COLUMNS, EACH = 4, 4
"""Tiles that a bank's words are wide, and flip-flops of a word in a tile."""


def places(spec: ScnnSpec, modules: dict[str, Any], rows: list[list[Site]]) -> dict[str, str]:
    """Return the place of each block RAM and of the banks' words, or nothing where this plan does not apply or does not fit.

    Parameters
    ----------
    modules : dict
        The netlist's modules in Yosys's JSON.
    rows : list of list of Site
        The part's rows of block RAM from top to bottom: x, y and name, in order of x.
    """
    rams = [path for path, kind in floorplan.cells(modules) if kind == floorplan.RAM]
    placed = sites(spec, rams, rows)
    if not placed:
        return array_plan.sites(spec, rams, rows)
    where = {name: (x, y) for row in rows for x, y, name in row}
    banks = {ram: where[site] for ram, site in placed.items() if re.search(BANK, ram)}
    lines: dict[tuple[int, int], list[int]] = {}
    for ram, (x, y) in banks.items():
        lines.setdefault((y, _line(spec, ram)), []).append(x)
    corner = {}
    for ram, (x, y) in banks.items():                   # the banks of a line have its width to themselves, in equal parts
        own = sorted(lines[y, _line(spec, ram)])
        corner[ram.partition(".memory")[0]] = round(own[0] + (own[-1] - own[0] + COLUMNS) / len(own) * own.index(x)) - 2, y
    return placed | _words(modules, corner)


def _words(modules: dict[str, Any], corner: dict[str, tuple[int, int]]) -> dict[str, str]:
    """Return the place of each flip-flop of the banks' words; one that the packer puts after its look-up table has none."""
    found: dict[str, str] = {}
    for path, module in floorplan.instances(modules):
        nets = modules[module]["netnames"]
        inside = {bank.removeprefix(f"{path}."): at for bank, at in corner.items()}
        mine = {bank: at for bank, at in inside.items() if f"{bank}.straight" in nets}
        free = _flip_flops(modules[module]["cells"]) if mine else {}
        for bank, corner_of in mine.items():
            for word, block in WORDS.items():
                bits = nets.get(f"{bank}.{word}", {"bits": []})["bits"]
                found |= {f"{path}.{free[bit]}": _place(corner_of, block, number, len(bits))
                          for number, bit in enumerate(bits) if bit in free}
    return found


def _flip_flops(cells: dict[str, Any]) -> dict[int, str]:
    """Return the flip-flops by the bit that they drive, without those that look-up tables feed alone."""
    tables = {cell["connections"]["Z"][0] for cell in cells.values() if cell["type"] in ("LUT4", "PFUMX", "L6MUX21")}
    ends = Counter(bit for cell in cells.values() for port, bits in cell["connections"].items()
                   if cell["port_directions"][port] == "input" for bit in bits)
    return {cell["connections"]["Q"][0]: name for name, cell in cells.items() if cell["type"] == FLIP_FLOP
            and not ((data := cell["connections"]["DI"][0]) in tables and ends[data] == 1)}


def _place(corner: tuple[int, int], block: int, number: int, width: int) -> str:
    """Return the place of bit ``number`` of a word of ``width`` bits beside the block RAM at a corner."""
    (x, y), (tile, within) = corner, divmod(number, EACH)
    down = 2 + (abs(block) - 1) * -(-width // (COLUMNS * EACH)) + tile // COLUMNS
    return f"X{x + tile % COLUMNS}/Y{y + (down if block > 0 else -down)}/SLICE{'AB'[within // 2]}.FF{within % 2}"


def sites(spec: ScnnSpec, rams: Iterable[str], rows: list[list[Site]]) -> dict[str, str]:
    """Return the site of each block RAM of these paths, or nothing where this plan does not apply or does not fit."""
    if not spec.queue_blocks or spec.pes != 1 or len(rows) < 3:
        return {}
    found = _sorted(spec, rams)
    lines = [[ram for line in half for ram in found.get(("line", parity, line), [])] for parity in (0, 1)
             for half in (range(LINES // 2), range(LINES // 2, LINES))]
    queues = [ram for k in range(spec.products) for parity in (0, 1) for ram in found.get(("queue", k, parity), [])]
    half = len(queues) // 2
    feeding, memory, rest = (found.get((name,), []) for name in ("feeding", "memory", "rest"))
    middle = max(len(feeding), len(memory), len(rest))
    planned = [(lines[0], rest, lines[1]), (queues[:half], feeding, queues[half:]), (lines[2], memory, lines[3])]
    side = max(len(part) for left, _, right in planned for part in (left, right))
    if 2 * side + middle > min(len(row) for row in rows[:3]):
        return {}
    placed: dict[str, str] = {}
    for parts, row in zip(planned, rows, strict=False):
        begins = 0
        for rams_of, width in zip(parts, (side, middle, side), strict=True):
            placed |= {ram: site[2] for ram, site in zip(rams_of, row[first(row, side, middle) + begins:], strict=False)}
            begins += width
    return placed


def first(row: list[Site], side: int, middle: int) -> int:
    """Return where a plan begins in a row: in its middle."""
    return (len(row) - 2 * side - middle + 1) // 2


def _line(spec: ScnnSpec, ram: str) -> int:
    """Return the line of a bank's block RAM."""
    top, low = divmod(int(re.findall(BANK, ram)[0]) // 2, spec.banks // 2 // LINES)
    return top ^ low % LINES


def _sorted(spec: ScnnSpec, rams: Iterable[str]) -> dict[tuple[str | int, ...], list[str]]:
    """Sort block RAM by what it is; in a line a queue and a bank take turns."""
    found: dict[tuple[str | int, ...], list[str]] = {}
    of_a_line, rams = spec.banks // 2 // LINES, list(rams)
    line_rams: dict[tuple[int, int], list[tuple[int, int, str]]] = {}
    pe = next((path.partition("crossbar.")[0] for path in rams if "crossbar." in path), "")
    for ram in sorted(rams, key=array_plan.in_order):
        if bank := re.search(BANK, ram):
            key = int(bank[1]) % 2, _line(spec, ram)
            line_rams.setdefault(key, []).append((int(bank[1]) // 2 % of_a_line, 1, ram))
        elif line := re.search(r"\bcrossbar\.line(\d+)_(\d+)_(\d+)\b", ram):
            line_rams.setdefault((int(line[2]), int(line[3])), []).append((int(line[1]), 0, ram))
        elif queue := re.search(r"\bcrossbar\.queue(\d+)_(\d+)\b", ram):
            found.setdefault(("queue", int(queue[1]), int(queue[2])), []).append(ram)
        elif re.search(r"\b(acts|weights)\b", ram):
            found.setdefault(("feeding",), []).append(ram)
        elif re.search(r"\.memory(\$\d+)?\.blocks\b", ram) and not re.search(r"\.ram_", ram):
            found.setdefault(("memory",), []).append(ram)
        elif ram.startswith(pe):
            found.setdefault(("rest",), []).append(ram)
    return found | {("line", *key): [ram for _, _, ram in sorted(own)] for key, own in line_rams.items()}

"""Where the PEs of an SCNN array of two rows stand on an ECP5: each has a block of the part, as high as it is wide.

A row of PEs has two rows of block RAM, of which each PE has a part of the same width. Banks, and between them what feeds the
multipliers, are in the first of the two, memories and programs in the second. The block RAM of bus and control is in the
middle, between the PEs of both rows. ::

    PE 0: banks, buffers, banks  | PE 1 ...
          memory and programs    |          layers, taps  | PE 2 ...
    PE 4: banks, buffers, banks  | PE 5 ...               | PE 6 ...

Left alone, the placer spreads the block RAM of a PE over the part: wires of eight PEs are then nearly twice as long.
"""

import re
from collections.abc import Iterable

from spec.scnn import ScnnSpec

Site = tuple[int, int, str]

PE = re.compile(r"\bpe(\d+)\.")
MIDDLE = ("program", "taps", "layers", "")
"""Block RAM of bus and control by what is in its name, the nearest to the middle first."""


def sites(spec: ScnnSpec, rams: Iterable[str], rows: list[list[Site]]) -> dict[str, str]:
    """Return the site of each block RAM of these paths, or nothing where this plan does not apply or does not fit.

    Parameters
    ----------
    rams : iterable of str
        Paths of the block RAM of the netlist.
    rows : list of list of Site
        The part's rows of block RAM from top to bottom: x, y and name, in order of x.
    """
    rams = list(rams)
    if spec.rows != 2 or spec.cols < 2 or len(rows) < 4 or spec.queue_blocks or spec.lean:
        return {}
    width = min(len(row) for row in rows[:4]) // spec.cols
    placed: dict[str, str] = {}
    for pe in range(spec.pes):
        row, col = divmod(pe, spec.cols)
        own = [name for name in rams if (found := PE.search(name)) and int(found[1]) == pe]
        for names, line in zip(_two_lines(own), rows[2 * row:2 * row + 2], strict=True):
            if not names or len(names) > width:
                return {}
            begin = col * width + _beside_the_middle(col, spec.cols, width - len(names))
            placed |= {name: site[2] for name, site in zip(names, line[begin:], strict=False)}
    return placed | _central([name for name in rams if name not in placed], rows, set(placed.values()))


def in_order(path: str) -> list[int | str]:
    """Return a key that sorts paths by the numbers in them."""
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", path)]


def _two_lines(own: list[str]) -> tuple[list[str], list[str]]:
    """Return the block RAM of a PE in its first and second row, from left to right."""
    own = sorted(own, key=in_order)
    banks = [name for name in own if re.search(r"\bbank\d+\.", name)]
    feeding = [name for name in own if re.search(r"\b(acts|weights)\b", name)]
    memory = [name for name in own if re.search(r"\.memory(\$\d+)?\.blocks\b", name) and not re.search(r"\.ram_", name)
              and name not in banks and name not in feeding]
    rest = [name for name in own if name not in {*banks, *feeding, *memory}]
    parity = banks[::2] + banks[1::2]
    half, few = len(banks) // 2, len(rest) // 2
    return parity[:half] + feeding + parity[half:], rest[:few] + memory + rest[few:]


def _beside_the_middle(col: int, cols: int, free: int) -> int:
    """Return how many sites a PE leaves free on its left: the PEs beside the middle leave it to bus and control."""
    if col == (cols - 1) // 2:
        return 0
    return free if col == cols // 2 else free // 2


def _central(names: list[str], rows: list[list[Site]], taken: set[str]) -> dict[str, str]:
    """Put what is left near the middle of the part, each on the nearest free site of the two rows between the PEs."""
    where = [site for row in rows[1:3] for site in row]
    x, y = sum(site[0] for site in where) / len(where), sum(site[1] for site in where) / len(where)
    free = sorted((abs(site[0] - x) + abs(site[1] - y), site[2]) for site in where if site[2] not in taken)
    order = sorted(names, key=lambda name: (next(k for k, word in enumerate(MIDDLE) if word in name), name))
    return {name: site for name, (_, site) in zip(order, free, strict=False)}

"""Where the PEs of an SCNN array stand on an ECP5: each has a part of one row of block RAM, and is wide and low.

PEs side by side share a row, and those below each other have rows that are next to each other. A PE has its banks on the outer
side, with what feeds the multipliers between them, and memory and programs on the inner side, where bus and control are. ::

    PE 0: banks, buffers, banks, memory and programs |               | memory and programs, banks, buffers, banks: PE 1
    PE 4                                             | layers, taps  | PE 5
    PE 2                                             | bus, control  | PE 3
    PE 6                                             |               | PE 7

Left alone, the placer spreads the block RAM of a PE over the part: wires of eight PEs are then nearly twice as long. In two
rows per PE, side by side, wires are as long as with this plan, and too many of them are vertical for the router.
"""

import re
from collections.abc import Iterable

from spec.scnn import ScnnSpec

Site = tuple[int, int, str]

PE = re.compile(r"\bpe(\d+)\.")
MIDDLE = ("program", "taps", "layers", "")
"""Block RAM of bus and control by what is in its name, the nearest to the middle first."""

LEAST, BESIDE = 4, 2
"""PEs from which on an array is planned, since fewer leave the placer room enough; PEs in a row at least."""


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
    if spec.pes < LEAST or len(rows) < 2 or spec.queue_blocks or spec.lean:
        return {}
    beside = max(BESIDE, -(-spec.pes // len(rows)))     # PEs in a row
    first = (len(rows) - -(-spec.pes // beside)) // 2   # the rows in the middle if not all are needed
    width = min(len(row) for row in rows) // beside
    placed: dict[str, str] = {}
    for number, pe in enumerate(sorted(range(spec.pes), key=lambda pe: (pe % spec.cols // beside, pe))):
        own = _line([name for name in rams if (found := PE.search(name)) and int(found[1]) == pe])
        if not own or len(own) > width:
            return {}
        row, at = divmod(number, beside)
        free = rows[first + row][at * width:(at + 1) * width]
        right = 2 * at >= beside
        placed |= {name: site[2] for name, site in zip(own, reversed(free) if right else free, strict=False)}
    return placed | _central([name for name in rams if name not in placed], rows, set(placed.values()))


def in_order(path: str) -> list[int | str]:
    """Return a key that sorts paths by the numbers in them."""
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", path)]


def _line(own: list[str]) -> list[str]:
    """Return the block RAM of a PE from its outer side to its inner side."""
    own = sorted(own, key=in_order)
    banks = [name for name in own if re.search(r"\bbank\d+\.", name)]
    feeding = [name for name in own if re.search(r"\b(acts|weights)\b", name)]
    memory = [name for name in own if re.search(r"\.memory(\$\d+)?\.blocks\b", name) and not re.search(r"\.ram_", name)
              and name not in banks and name not in feeding]
    rest = [name for name in own if name not in {*banks, *feeding, *memory}]
    parity = banks[::2] + banks[1::2]
    half, few = len(banks) // 2, len(rest) // 2
    return parity[:half] + feeding + parity[half:] + rest[:few] + memory + rest[few:]


def _central(names: list[str], rows: list[list[Site]], taken: set[str]) -> dict[str, str]:
    """Put what is left near the middle of the part, each on the nearest free site of the rows in the middle."""
    where = [site for row in rows[(len(rows) - 1) // 2:len(rows) // 2 + 1] for site in row]
    x, y = sum(site[0] for site in where) / len(where), sum(site[1] for site in where) / len(where)
    free = sorted((abs(site[0] - x) + abs(site[1] - y), site[2]) for site in where if site[2] not in taken)
    order = sorted(names, key=lambda name: (next(k for k, word in enumerate(MIDDLE) if word in name), name))
    return {name: site for name, (_, site) in zip(order, free, strict=False)}

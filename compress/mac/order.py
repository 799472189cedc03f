"""A product cut into runs: what fits a machine's memories, with B staying in them as long as it can."""

from collections.abc import Iterator
from dataclasses import dataclass

from spec.mac import A_ROWS, SLOTS, MacSpec, a_words, b_words

PACKET_BLOCKS = 32
"""Blocks of A in a packet at least, where there are as many: one word in more than a hundred is a header then."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run: block rows, groups of block columns (one column a tile) and steps of the product that it computes.

    Parameters
    ----------
    rows, columns, steps : range
    unit : int
        Steps whose blocks of A are sent as one packet, the same in all runs of a product.
    load : bool
        Whether its rows of B must be loaded; else they are those of the run before.
    release : bool
        Whether it is the last to need them.
    first, last : bool
        Whether it begins and whether it ends the sums of its outputs.
    """

    rows: range
    columns: range
    steps: range
    unit: int
    load: bool
    release: bool
    first: bool
    last: bool

    @property
    def blocks(self) -> int:
        """Operations of a step."""
        return len(self.rows) * len(self.columns)

    @property
    def lag(self) -> int:
        """Packets of A sent ahead, so that a machine that waits for something else on the stream has work."""
        return max(1, A_ROWS // (2 * len(self.rows) * self.unit))

    def units(self) -> list[range]:
        """Return the steps of each packet."""
        return cut(self.steps, self.unit)


def cut(whole: range, size: int) -> list[range]:
    """Cut a range into pieces of a size, the last one shorter."""
    return [whole[first:first + size] for first in range(0, len(whole), size)]


def even(count: int, most: int) -> list[range]:
    """Cut ``count`` things into as few pieces of at most ``most`` as there can be, none much shorter than another."""
    return cut(range(count), -(-count // -(-count // most)))


def width(spec: MacSpec, rows: int, columns: int, steps: int) -> int:
    """Return how many block columns a run takes a tile, of a product of so many block rows, block columns and steps.

    The more, the fewer words of A an operation needs. B stays for all rows if all its steps fit the buffer; unless the stream
    holds the tiles up then, that is chosen, and otherwise what needs the fewest words.
    """
    def words(count: int) -> tuple[bool, float]:
        stays = steps * count <= spec.rows
        turns = rows if stays else min(rows, SLOTS // count)
        needed = (a_words(spec) / count + b_words(spec) * spec.tiles / turns) / spec.fold
        return not (stays and needed <= 1), needed

    return min(range(1, min(columns, SLOTS) + 1), key=words)


def runs(spec: MacSpec, rows: int, columns: int, steps: int) -> Iterator[Run]:
    """Yield the runs of a product of so many block rows, groups of block columns, and steps, in order.

    A build that rounds stochastically computes one block after another, as its specification says.
    """
    wide = 1 if spec.stochastic else width(spec, rows, columns, steps)
    panels, groups = even(columns, wide), even(rows, 1 if spec.stochastic else SLOTS // wide)
    unit = max(1, PACKET_BLOCKS // len(groups[0]))
    parts = cut(range(steps), spec.rows // wide)
    order = [(panel, group) for group in groups for panel in panels] if spec.stochastic else \
        [(panel, group) for panel in panels for group in groups]
    stays = len(parts) == 1 and not spec.stochastic
    for panel, group in order:
        for part in parts:
            yield Run(rows=group, columns=panel, steps=part, unit=unit, load=not stays or group is groups[0],
                      release=not stays or group is groups[-1], first=part is parts[0], last=part is parts[-1])

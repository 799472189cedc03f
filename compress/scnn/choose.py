"""The fastest of some arrangements of a network, by the golden model of time instead of the tiler's quick prediction."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from compress.scnn.arrange import GROUPS
from compress.scnn.assemble import Assembly, assemble
from compress.scnn.work import loads, turns
from golden.scnn.cycles import Counters, run
from golden.scnn.layer import Layer
from spec.scnn import ScnnSpec


def choose(spec: ScnnSpec, layers: Sequence[Layer], shape: tuple[int, int, int], tensors: Mapping[str, np.ndarray], *,
           limited: bool = True, only: Sequence[int] | None = None, refine: bool = False, **choices: Any,
           ) -> tuple[Assembly, list[Counters]]:
    """Return the arrangement that takes the fewest cycles for given activations, and its counters.

    Tried are the tiler's own levels and, for each level, all layers at it; then, layer after layer, other input-channel groups.

    Parameters
    ----------
    tensors : mapping
        Values or truth values of every tensor that is read, as :func:`compress.scnn.work.loads` takes them.
    limited : bool
        Whether weights come through the port of the specification.
    only : sequence of int, optional
        One level for all layers each; the tiler's own are tried only without it.
    refine : bool
        Whether to try other numbers of passes too, layer after layer.
    choices
        Passed to :func:`compress.scnn.arrange.arrange`.
    """
    def attempt(levels: Sequence[int] | None, passes: Sequence[int | None] | None = None,
                groups: Sequence[int] | None = None) -> tuple[int, Assembly, list[Counters]]:
        made = assemble(spec, layers, shape, weights=False, levels=levels, passes=passes, groups=groups, **choices)
        work = loads(made, tensors)
        counters = run(spec, work, limited=limited, turns=turns(made, work) if limited else None)
        return sum(own.cycles for own in counters), made, counters

    tried: list[Sequence[int] | None] = [] if only is not None else [None]
    tried += [[level] * len(layers) for level in (range(len(spec.block_sides)) if only is None else only)]
    found, faults = [], []
    for levels in tried:
        try:
            found.append(attempt(levels))
        except ValueError as error:
            faults.append(str(error))
    if not found:
        raise ValueError(faults[0])
    best = min(found, key=lambda one: one[0])
    for number, other in itertools.product(range(len(layers)), GROUPS if spec.input_groups > 1 else ()):
        levels, passes, groups = _laid(best[1])
        if other == groups[number] or spec.grouped(levels[number], other) is None:
            continue
        try:
            new = attempt(levels, [*passes[:number], None, *passes[number + 1:]],
                          [*groups[:number], other, *groups[number + 1:]])
        except ValueError:              # its input is in tiles of a lower level, or an accumulator for each group is too many
            continue
        best = min(best, new, key=lambda one: one[0])
    for number in range(len(layers)) if refine else ():
        levels, passes, groups = _laid(best[1])
        for other in {max(1, passes[number] // 2), 2 * passes[number], 3 * passes[number]} - {passes[number]}:
            try:
                new = attempt(levels, [*passes[:number], other, *passes[number + 1:]], groups)
            except ValueError:          # so many passes do not fit, or leave one empty
                continue
            best = min(best, new, key=lambda one: one[0])
    return best[1], best[2]


def _laid(made: Assembly) -> tuple[list[int], list[int], list[int]]:
    """Return level, passes and input-channel groups of each layer."""
    levels, passes, groups = ([getattr(mapping, name) for mapping in made.mappings] for name in ("level", "passes", "groups"))
    return levels, passes, groups

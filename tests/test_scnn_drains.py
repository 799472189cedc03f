"""What an accumulator held is never read in the cycle after an addition to it, which a bank would leave out."""

import numpy as np
import pytest

from golden.scnn.cycles import Load, Timeline
from golden.scnn.model import addresses, reached
from sim.scnn.check import Case, golden_model
from sim.scnn.networks import NETWORKS, sparse
from spec.scnn import preset
from spec.scnn.program import KINDS
from spec.scnn.shape import LINK, STEP

SHAPES = (3, 3, 3), (3, 7, 9), (3, 1, 12), (3, 12, 1)


def drains(case, assembly):
    """The drains of a run in time, without the crossbar."""
    made = golden_model(case, assembly)
    timeline = Timeline(made.spec)
    for trace in made.run():
        timeline.layer(Load(programs=trace.programs, weights=trace.weights.counts, live_weights=trace.weights.live,
                            acts=trace.counts, live_acts=trace.live))
    timeline.finish()
    return timeline.drains


def operations(spec, edges, programs):
    """Yield PE, cycles, addresses and whether they are additions, of the operations of a pass's side ports, by the page."""
    for pe, program in enumerate(programs):
        for at, step in enumerate(program.steps):
            flat = addresses(step, program.drain["stride"]).ravel()
            number, begin = np.arange(len(flat)), edges[at] + STEP
            row = step["nx"] * step["wy"] * step["wx"]
            gaps = number // row if step["kind"] == KINDS["post"] and step["gap"] and row else 0
            sends = step["kind"] == KINDS["send"]
            yield pe, begin[pe] + (2 * number if sends else number + gaps), flat % spec.accumulators, False
            other = reached(spec, pe, step) if sends else None
            if other is not None:
                yield other, begin[other] + LINK + 2 * number, (flat + step["delta"]) % spec.accumulators, True


def nearest(spec, found):
    """The fewest cycles from an addition to the next read of the same entry of a PE, over all passes."""
    least = np.inf
    for edges, programs in zip(found.edges, found.programs, strict=True):
        made = list(operations(spec, edges, programs))
        entry = np.concatenate([at + pe * spec.accumulators for pe, _, at, _ in made])
        cycle = np.concatenate([cycles for _, cycles, _, _ in made])
        adds = np.concatenate([np.full(len(cycles), adds) for _, cycles, _, adds in made])
        order = np.lexsort((cycle, entry))
        entry, cycle, adds = entry[order], cycle[order], adds[order]
        behind = (entry[1:] == entry[:-1]) & adds[:-1] & ~adds[1:]
        least = min(least, np.diff(cycle)[behind].min(initial=10**9))
    return least


@pytest.mark.parametrize("rows, cols, level", [
    (2, 4, 1), (4, 4, 0), *(pytest.param(*one, marks=pytest.mark.full) for one in ((2, 2, 0), (3, 2, 0), (4, 4, 1)))])
def test_no_read_follows_an_addition_at_once(rows, cols, level):
    spec, least, networks = preset("ecp5", rows=rows, cols=cols, blocks=64), np.inf, 0
    for name, make in NETWORKS.items():
        for shape in SHAPES:
            rng = np.random.default_rng(5)
            layers = make(rng)
            case = Case(name=name, layers=layers, x=sparse(rng, shape, 0.5, 100), levels=(level,) * len(layers))
            try:
                assembly = case.assembly(spec)
            except ValueError:                              # the plane is too small for the array at this level
                continue
            networks += 1
            least = min(least, nearest(spec, drains(case, assembly)))
    assert networks >= 15 and 3 <= least < 30

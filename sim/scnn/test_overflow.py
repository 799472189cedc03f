"""A PE without room for its outputs: it says so, and writes nothing beyond its region."""

from dataclasses import replace

import numpy as np
import pytest

from compress.scnn import stream
from rtl.scnn import generate
from sim.scnn import check, job
from sim.scnn.networks import NETWORKS, sparse
from spec.scnn import preset
from spec.scnn.packet import BLOCK
from spec.scnn.program import DRAIN_LAYER, LAYER, pack, unpack
from spec.scnn.shape import ACT_ENTRY_BITS

CANARY = 200            # block index of words that nobody may touch


def limited(assembly, layer, pe, room):
    """The network with a smaller region of the activation memory for the outputs of one layer in one PE."""
    place = unpack(LAYER, [int(assembly.layers[layer])])["drain"]
    drain = assembly.drain.copy()
    head = unpack(DRAIN_LAYER, [int(word) for word in drain[pe, place:place + 2]])
    drain[pe, place:place + 2] = pack(DRAIN_LAYER, head | {"limit": head["word"] + room})
    return replace(assembly, drain=drain), head["word"] + room


@pytest.mark.parametrize("layer, pe, room", [(0, 1, 3), (1, 2, 0), (1, 3, 5)])
def test_overflow_is_flagged_and_contained(layer, pe, room, tmp_path):
    spec, rng = preset("ecp5", rows=2, cols=2), np.random.default_rng([layer, pe])
    case = check.Case(name="wide", layers=NETWORKS["wide"](rng), x=sparse(rng, (3, 16, 18), 0.5, 100), levels=(0, 0))
    whole = case.assembly(spec)
    small, end = limited(whole, layer, pe, room)
    canary = np.full(40, sum(0xABCDE << ACT_ENTRY_BITS * lane for lane in range(spec.i)), object)   # words behind the region
    entry = np.array([end << BLOCK["word"][0] | len(canary) * spec.i << BLOCK["count"][0]], np.uint64)
    packets = [*job.load(small, case.x), stream.for_pe("blocks", pe, CANARY, entry),
               stream.for_pe("activations", pe, end, stream.memory_words(spec, canary))]
    steps = [job.Step(packets=given, weights=whole.weights, count=2, blocks=CANARY + 1, limit=check.LIMIT)
             for given in (packets, job.load(whole, case.x))]
    over, again = job.run(generate(spec), spec, steps, tmp_path)
    assert over.ended and {name for name, flag in over.flags.items() if flag} >= {"done", "act_overflow"}
    assert over.overflow == {"pe": pe, "layer": layer}
    values, runs = over.blocks[pe][CANARY]
    assert len(values) == len(canary) * spec.i and (values == 0xBCDE - 0x10000).all() and (runs == 0xA).all()
    assert not check.faults(case, whole, again), "the next run of the machine is right again"

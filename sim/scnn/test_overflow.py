"""A PE without room for its outputs: it says so, and writes nothing beyond its region."""

import re
from functools import partial

import numpy as np
import pytest

from compress.actions import ReadRegister
from compress.scnn import image, stream
from compress.scnn.actions import read_actions
from compress.scnn.tensor import PLAIN, indices, store
from golden.scnn.layer import Pool, forward
from rtl.scnn import generate
from sim.scnn import check, upset
from sim.scnn.networks import NETWORKS, SAME, conv, sparse
from sim.scnn.talks import apart, attempt
from sim.session import hold
from spec.scnn import preset
from spec.scnn.packet import BLOCK
from spec.scnn.shape import ACT_ENTRY_BITS

CANARY = 200            # block index of words that nobody may touch


def tight(made, x, pe, end, canary):
    """Run with words after the region that nobody may touch; return the flags, where it overflowed, and those words."""
    spec = made.spec
    entry = np.array([end << BLOCK["word"][0] | len(canary) * spec.i << BLOCK["count"][0]], np.uint64)
    flags = yield from upset.flags_of(made, x, [
        stream.for_pe("blocks", pe, CANARY, entry),
        stream.for_pe("activations", pe, end, stream.memory_words(spec, canary))])
    where = yield ReadRegister("overflow")
    kept = yield from read_actions(spec, CANARY, 1)
    return flags, where, kept[pe][CANARY]


@pytest.mark.parametrize("layer, pe, room", [(0, 1, 3), (1, 2, 0), (1, 3, 5)])
def test_overflow_is_flagged_and_contained(layer, pe, room, tmp_path):
    spec, rng = preset("ecp5", rows=2, cols=2), np.random.default_rng([layer, pe])
    case = check.Case(name="wide", layers=NETWORKS["wide"](rng), x=sparse(rng, (3, 16, 18), 0.5, 100), levels=(0, 0))
    whole = case.assembly(spec)
    small, end = upset.limited(whole, layer, pe, room)
    canary = np.full(40, sum(0xABCDE << ACT_ENTRY_BITS * lane for lane in range(spec.i)), object)
    talks = [partial(tight, image.of(small), case.x, pe, end, canary),
             *(partial(attempt, image.of(made), case.x, limit=check.LIMIT) for made in (whole, small))]
    over, again, refused = (answer.value for answer in hold(generate(spec), talks, folder=tmp_path, apart=apart(spec)))
    flags, where, (values, runs) = over
    assert {name for name, flag in flags.items() if flag} >= {"done", "act_overflow"}
    assert where == {"pe": pe, "layer": layer}
    assert len(values) == len(canary) * spec.i and (values == 0xBCDE - 0x10000).all() and (runs == 0xA).all()
    assert not check.faults(case, whole, again), "the next run of the machine is right again"
    assert check.faults(case, small, refused) == [
        f"outputs of layer {layer} must fit the memory of PE {pe}, and do not; take more memory_words or a smaller input"]


def test_a_run_without_room_leaves_no_sums_behind(tmp_path):
    """Blocks that the third layer cannot write have the indices of the first one's, whose planes are larger."""
    spec, rng = preset("ecp5", rows=1, cols=2), np.random.default_rng(5)
    layers = [conv(rng, "a", "input", (6, 3, 3, 3), pad=SAME, shift=4, pool=Pool(kind="max", size=(1, 1), stride=(1, 1))),
              conv(rng, "b", "a", (6, 6, 3, 3), pad=SAME, shift=6, pool=Pool(kind="max", size=(2, 2), stride=(2, 2))),
              conv(rng, "c", "b", (6, 6, 1, 1), shift=5), conv(rng, "d", "c", (4, 6, 3, 3), pad=SAME, shift=6)]
    case = check.Case(name="reused", layers=layers, x=sparse(rng, (3, 16, 16), 1.0, 100), levels=(0,) * 4)
    whole = case.assembly(spec)
    first, third = (indices(whole.mappings[number].output, PLAIN, 0) for number in (0, 2))
    assert set(first.tolist()) & set(third.tolist()), "indices must be used again, or this shows nothing"
    small, _ = upset.limited(whole, 2, 1, 0)
    talks = [partial(attempt, image.of(whole), case.x, limit=check.LIMIT), partial(upset.flags_of, image.of(small), case.x),
             *[partial(attempt, image.of(whole), case.x, limit=check.LIMIT)] * 2]
    before, over, *again = (answer.value for answer in hold(generate(spec), talks, folder=tmp_path, apart=apart(spec)))
    assert over["act_overflow"] and not over["bad_run"]
    assert [check.faults(case, whole, one) for one in (before, *again)] == [[], [], []]


def place(image, x):
    """Run an input that does not fit; return flag and place of the overflow."""
    flags = yield from upset.flags_of(image, x)
    return flags["act_overflow"], (yield ReadRegister("overflow"))


@pytest.mark.parametrize("more, soon", [({"rows": 2, "cols": 2, "broadcast_latency": 1}, 1000), ({"rows": 1, "cols": 2}, 2000)])
def test_the_layer_without_room_is_named_while_later_ones_have_begun(more, soon, tmp_path):
    """Every layer and PE in turn lacks its last word, which it would write while the layer after issues its products.

    Within ``soon`` cycles the first layer is written, and the last one is not within twice as many.
    """
    spec, rng = preset("ecp5", **more), np.random.default_rng(9)
    layers = [*NETWORKS["deep"](rng), conv(rng, "e", "d", (12, 6, 1, 1), shift=5), conv(rng, "f", "e", (3, 12, 1, 1), shift=5)]
    case = check.Case(name="deep", layers=layers, x=sparse(rng, (3, 9, 10), 1.0, 100), levels=(0,) * 6,
                      passes=(None, 3, None, 2, None, None))
    whole = case.assembly(spec)
    assert max(mapping.passes for mapping in whole.mappings) > 1 == min(mapping.passes for mapping in whole.mappings)
    tried, values = [(layer, pe) for layer in range(len(layers)) for pe in range(spec.pes)], forward(layers, case.x)
    need = [len(store(spec, whole.mappings[layer].output, values[layers[layer].name], pe, 0)[1]) for layer, pe in tried]
    small = [image.of(upset.limited(whole, layer, pe, words - 1)[0]) for (layer, pe), words in zip(tried, need, strict=True)]
    talks = [*(partial(place, one, case.x) for one in small), partial(attempt, small[0], case.x, limit=soon)]
    *answers, late = [answer.value for answer in hold(generate(spec), talks, folder=tmp_path, apart=apart(spec))]
    assert answers == [(1, {"layer": layer, "pe": pe}) for layer, pe in tried]
    said = re.match(rf"the layers must end within {soon} cycles, .*act_overflow 1.* counters: cycles (\d+)", late.fault)
    assert said, late.fault
    assert soon < int(said[1]) < 3 * soon, "counters are read whole, also after a wait that was given up"

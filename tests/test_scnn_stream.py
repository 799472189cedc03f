"""The weight stream of several lanes: which words go together, and that every lane gets its own in order."""

import numpy as np
import pytest

from compress.scnn import stream, work
from compress.scnn.assemble import assemble
from golden.scnn.lanes import Reader, turns
from golden.scnn.layer import forward
from golden.scnn.model import ArrayModel
from spec.scnn import preset
from tests.scnn_sample import conv, sparse


@pytest.mark.parametrize("slots", [1, 3, 30])
def test_nothing_goes_too_early(slots):
    rng, pairs = np.random.default_rng(slots), 30
    needs = [np.sort(rng.integers(0, pairs, size)) for size in (40, 7, 25, 0)]
    ahead = np.minimum(np.arange(pairs) + slots - 1, pairs - 1)
    lanes, ends = stream.dealt(needs, ahead)
    assert [int((lanes == lane).sum()) for lane in range(4)] == list(map(len, needs))
    turn = 0
    at, left = [0] * 4, [need.tolist() for need in needs]
    for lane, end in zip(lanes.tolist(), ends.tolist(), strict=True):
        assert lane in (-1, turn), "lanes have their turns one after another"
        if lane >= 0:
            first = min(own[place] for own, place in zip(left, at, strict=True) if place < len(own))
            assert left[lane][at[lane]] <= ahead[first]
            at[lane] += 1
        assert not end or lane >= 0, "a turn ends with a transfer for somebody"
        turn = 0 if end else turn + 1
    assert ends[-1]


def test_a_lane_alone_has_every_transfer():
    lanes, ends = stream.dealt([np.zeros(5, np.int64)], np.zeros(1, np.int64))
    assert lanes.tolist() == [0] * 5 and ends.all()


def test_items_tell_where_blocks_end():
    spec = preset("default", rows=1, cols=1)
    sizes, items = stream.ended(spec, np.array([2, 0, 1, 0]), np.array([5, 1 << 16 | 7, 9]))
    end = 1 << 20
    assert sizes.tolist() == [2, 1, 1, 1] and items.tolist() == [5, 1 << 16 | 7 | end, end, 9 | end, end]


@pytest.mark.parametrize("lanes", [1, 2, 3, 5])
def test_lanes_get_the_weights_of_their_sets(lanes):
    """Whatever the lanes, the sets of the golden machine get the same blocks; bits of the transfers are their items."""
    rng = np.random.default_rng(1)
    layers = [conv(rng, "a", "input", 9, 5, 3, pad=(1, 1, 1, 1)), conv(rng, "b", "a", 7, 9, 1)]
    found = []
    for spec in (preset("default", rows=2, cols=2), preset("default", rows=2, cols=2, weight_lanes=lanes)):
        made = assemble(spec, layers, (5, 8, 8), levels=[0, 1])
        model = ArrayModel(spec=spec, layers=made.layers, lanes=made.lanes, taps=made.taps, supply=made.supply,
                           drain=made.drain, weights=made.weights)
        reader = Reader(spec, made.weights)
        found.append([reader.layer(model.programs(number)[0]) for number in range(2)])
    for one, other in zip(*found, strict=True):
        np.testing.assert_array_equal(one.counts, other.counts)
        np.testing.assert_array_equal(one.biases, other.biases)
        for block in np.ndindex(one.counts.shape):
            for mine, its in zip(one.block(*block), other.block(*block), strict=True):
                np.testing.assert_array_equal(mine, its)
    bits = np.unpackbits(stream.transfers(spec, made.weights), axis=1, bitorder="little")
    assert bits.shape == (len(made.weights), spec.weight_port_bits)
    size = spec.transfer_items * spec.item_bits
    items = (bits[:, :size].reshape(len(bits), -1, spec.item_bits) << np.arange(spec.item_bits)).sum(axis=2)
    np.testing.assert_array_equal(items, made.weights[:, 1:])
    if lanes > 1:
        np.testing.assert_array_equal(bits[:, size], made.weights[:, 0])
    assert not bits[:, size + (lanes > 1):].any()


@pytest.mark.parametrize("lanes", [2, 3])
def test_the_turns_follow_from_the_sizes_of_blocks(lanes):
    """What the bench takes as the stream of a network that it does not encode is the stream."""
    rng = np.random.default_rng(2)
    layers = [conv(rng, "a", "input", 9, 5, 3, pad=(1, 1, 1, 1), bias=True), conv(rng, "b", "a", 7, 9, 1)]
    spec = preset("default", rows=2, cols=2, weight_lanes=lanes)
    x = sparse(rng, (5, 8, 8), 0.5).astype(np.int16)
    made = assemble(spec, layers, x.shape, levels=[0, 1])
    np.testing.assert_array_equal(work.turns(made, work.loads(made, forward(layers, x))), turns(spec, made.weights))

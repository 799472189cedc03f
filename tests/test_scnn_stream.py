"""The weight stream of several lanes: which words go together, and that every lane gets its own in order."""

import numpy as np
import pytest

from compress.scnn import stream
from compress.scnn.assemble import assemble
from compress.scnn.work import loads, present
from golden.scnn.lanes import Reader
from golden.scnn.layer import forward
from golden.scnn.machine import Machine
from spec.scnn import preset
from spec.scnn.shape import ABSENT
from tests.scnn_sample import conv, sparse


@pytest.mark.parametrize("slots", [1, 3, 30])
def test_no_word_goes_too_early(slots):
    rng, pairs = np.random.default_rng(slots), 30
    needs = [np.sort(rng.integers(0, pairs, size)) for size in (40, 7, 25, 0)]
    ahead = np.minimum(np.arange(pairs) + slots - 1, pairs - 1)
    order = stream.dealt(needs, ahead)
    lanes, pair = np.repeat(range(4), list(map(len, needs))), np.concatenate(needs)
    assert len(set(zip(lanes.tolist(), order.tolist(), strict=True))) == len(order), "a beat has one word of a lane"
    assert set(order.tolist()) == set(range(order.max() + 1)), "every beat has a word"
    for lane in range(4):
        assert (np.diff(order[lanes == lane]) > 0).all()
    for beat in range(order.max() + 1):
        assert pair[order == beat].max() <= ahead[pair[order >= beat].min()]


def test_a_lane_alone_has_a_word_in_every_beat():
    assert stream.dealt([np.zeros(5, np.int64)], np.zeros(1, np.int64)).tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("lanes", [1, 2, 3, 5])
def test_lanes_get_the_weights_of_their_sets(lanes):
    """Whatever the lanes, the sets of the golden machine get the same blocks; bits of the beats say which words are there."""
    rng = np.random.default_rng(1)
    layers = [conv(rng, "a", "input", 9, 5, 3, pad=(1, 1, 1, 1)), conv(rng, "b", "a", 7, 9, 1)]
    found = []
    for spec in (preset("default", rows=2, cols=2), preset("default", rows=2, cols=2, weight_lanes=lanes)):
        made = assemble(spec, layers, (5, 8, 8), levels=[0, 1])
        machine = Machine(spec=spec, layers=made.layers, lanes=made.lanes, taps=made.taps, supply=made.supply, drain=made.drain,
                          weights=made.weights)
        reader = Reader(spec, made.weights)
        found.append([reader.layer(machine.programs(number)[0]) for number in range(2)])
    for one, other in zip(*found, strict=True):
        np.testing.assert_array_equal(one.counts, other.counts)
        np.testing.assert_array_equal(one.biases, other.biases)
        for block in np.ndindex(one.counts.shape):
            for mine, its in zip(one.block(*block), other.block(*block), strict=True):
                np.testing.assert_array_equal(mine, its)
    bits = np.unpackbits(stream.transfers(spec, made.weights), axis=1, bitorder="little").reshape(len(made.weights), -1)
    if lanes > 1:
        there = bits[:, lanes * spec.word_bits:spec.beat_bits]
        np.testing.assert_array_equal(there, made.weights[:, :, 0] != ABSENT)
    assert bits.shape[1] == spec.beat_words * spec.weight_port_bits


@pytest.mark.parametrize("lanes", [2, 3])
def test_the_beats_follow_from_the_sizes_of_blocks(lanes):
    """What the bench takes as the stream of a network that it does not encode is the stream."""
    rng = np.random.default_rng(2)
    layers = [conv(rng, "a", "input", 9, 5, 3, pad=(1, 1, 1, 1), bias=True), conv(rng, "b", "a", 7, 9, 1)]
    spec = preset("default", rows=2, cols=2, weight_lanes=lanes)
    x = sparse(rng, (5, 8, 8), 0.5).astype(np.int16)
    made = assemble(spec, layers, x.shape, levels=[0, 1])
    there = present(made, loads(made, forward(layers, x)))
    np.testing.assert_array_equal(there, made.weights[:, :, 0] != ABSENT)

"""The model of time: every slot is counted once, and a run of one PE takes the cycles that the page adds up to."""

import numpy as np
import pytest

from compress.scnn.work import loads
from golden.scnn.cycles import Load, Timeline, run
from golden.scnn.layer import Layer, forward
from golden.scnn.port import Lane, Port
from spec.scnn import preset
from tests.scnn_sample import compare, conv, sparse

SAME = (1, 1, 1, 1)


def load(trace):
    """What the golden machine saw, as the model of time takes it."""
    return Load(programs=trace.programs, weights=trace.weights.counts, live_weights=trace.weights.live, acts=trace.counts,
                live_acts=trace.live)


def network(rng):
    return [conv(rng, "a", "input", 8, 3, 3, pad=SAME, shift=6), conv(rng, "b", "a", 12, 8, 1, shift=5),
            conv(rng, "c", "b", 8, 12, 3, pad=SAME, shift=6, residual=("a", 1))]


@pytest.mark.parametrize("rows, cols, levels", [(1, 1, (0, 0, 0)), (3, 2, (0, 0, 0)), (2, 4, (1, 1, 1)), (4, 4, (2, 2, 2))])
@pytest.mark.parametrize("limited", [False, True])
def test_every_slot_is_counted_once(rows, cols, levels, limited):
    rng = np.random.default_rng(7)
    spec = preset("default", rows=rows, cols=cols)
    _, _, traces = compare(spec, network(rng), sparse(rng, (3, 12, 12), 0.5).astype(np.int16), levels=levels)
    counters = run(spec, [load(trace) for trace in traces], limited=limited)
    cycles, slots = sum(own.cycles for own in counters), sum(sum(own.slots.values()) for own in counters)
    assert slots == cycles * spec.multipliers and all(value >= 0 for own in counters for value in own.slots.values())
    for own, trace in zip(counters, traces, strict=True):
        acts, sets = trace.live.sum(axis=2), [program.supply["set"] for program in trace.programs]
        assert own.slots["products"] == int((trace.weights.live[:, :, sets] * acts).sum())


def test_counts_from_values_are_those_of_the_machine():
    rng = np.random.default_rng(8)
    spec, layers = preset("default", rows=4, cols=4), network(rng)
    x = sparse(rng, (3, 12, 12), 0.4).astype(np.int16)
    assembly, _, traces = compare(spec, layers, x, levels=(1, 1, 1))
    for made, trace in zip(loads(assembly, forward(layers, x)), traces, strict=True):
        for name in ("weights", "live_weights", "acts", "live_acts"):
            np.testing.assert_array_equal(np.broadcast_to(getattr(made, name), getattr(load(trace), name).shape),
                                          getattr(load(trace), name))


def test_one_pair_takes_what_the_page_says():
    """One PE, one channel, one 1 x 1 weight, 8 x 8 activations without a zero: every latency of the page once."""
    spec = preset("default", rows=1, cols=1)
    layers = [Layer(name="a", inputs=("input",), weight=np.full((1, 1, 1, 1), 3, np.int16))]
    _, _, traces = compare(spec, layers, np.full((1, 8, 8), 5, np.int16))
    counters, = run(spec, [load(traces[0])])
    latency = spec.broadcast_latency
    acts = latency + 7 + 3 + 15 + 4 + 1             # START, first look-up, read, 16 words, buffer, ready
    weights = 6 + 5 + latency + 1                   # first take, lane, broadcast, ready
    issued = max(acts, weights) + 16 - 1
    drained = issued + 5 + 2 + 1 + 1 + 5 + 64 + 16  # complete, drain starts, step, 64 sums, post
    assert counters.cycles == drained + 2 + latency + 1
    assert counters.slots["products"] == 64 and counters.slots["weight_tail"] == 3 * 64
    assert counters.slots["weight_wait"] == (weights - latency) * 16
    assert counters.slots["act_wait"] == (acts - weights) * 16


def test_a_lane_takes_what_has_arrived():
    spec = preset("default", weight_lanes=1, weight_port_bits=64)       # three items a transfer
    lane = Lane(spec, port=Port(spec, start=0), start=0)
    assert lane.take(4, 0) == 2                     # transfers in cycles 0 and 1
    assert lane.take(2, 0) == 3 and lane.take(2, 0) == 4 and lane.take(2, 0) == 5
    assert lane.wait == 2
    free = Lane(spec, port=None, start=0)
    free.layer(np.array([[[9], [0]]]), kc=0, first=5, credit=lambda pair, place: 0)
    assert free.block() == 7 and free.block() == 8


def test_a_buffer_of_four_vectors_holds_the_port_up():
    spec = preset("default", weight_lanes=1, weight_port_bits=84 + 4)
    lane = Lane(spec, port=Port(spec, start=0), start=0)
    assert lane.take(4, 100) == 100                 # four vectors came in cycles 0 to 3, the fifth in 101
    assert [lane.take(4, 0) for _ in range(4)] == [101, 102, 103, 104]


def test_a_lane_holds_up_the_transfers_that_others_wait_for():
    """Two lanes, by turns a vector each; lane 1 may begin its block late: 4 vectors in its buffer, 8 kept, the 13th waits."""
    spec = preset("default", weight_lanes=2, weight_port_bits=88)
    assert (spec.transfer_items, spec.transfer_parts) == (4, 1)
    port = Port(spec, start=0, lanes=[0, 1] * 36)
    lanes = [Lane(spec, port=port, start=0) for _ in range(2)]
    for lane, late in zip(lanes, (0, 50), strict=True):
        lane.layer(np.full((1, 3, 1), 48), kc=0, first=0, credit=lambda pair, place, late=late: late)
    assert lanes[0].block() == 24       # its 12th transfer is taken in cycle 22, in the buffer in 23, its items taken in 24
    # lane 1 takes its first vector in 50, its 5th is in the buffer in 51, its 13th transfer is taken in 52, lane 0's 14th in 53
    assert lanes[0].block() == 53 + 2 + 2 * 10
    assert lanes[1].block() == 50 + 11


def test_layers_add_up():
    rng = np.random.default_rng(9)
    spec = preset("default", rows=2, cols=2)
    _, _, traces = compare(spec, network(rng), sparse(rng, (3, 12, 12), 0.5).astype(np.int16), levels=(0, 0, 0))
    timeline = Timeline(spec)
    for trace in traces:
        timeline.layer(load(trace))
    counters = timeline.finish()
    assert timeline.start == sum(own.cycles for own in counters)

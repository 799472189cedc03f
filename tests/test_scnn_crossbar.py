"""The model of queues and arbiter: the rules of the page on streams small enough to follow by hand."""

import numpy as np

from compress.scnn.assemble import assemble
from golden.scnn import exact
from golden.scnn.crossbar import Queues, lanes
from golden.scnn.layer import forward
from spec.scnn import preset
from spec.scnn.shape import HEAD, PUSH
from tests.scnn_sample import conv, golden_model, sparse


def test_products_for_different_banks_never_stop():
    spec = preset()
    queues = Queues(spec)
    vector = [(m, 2 * m + k % 2) for k, m in enumerate(range(16))]
    assert queues.pair(10, [vector] * 100) == 0
    assert queues.empty(0) == 10 + 99 + PUSH + HEAD + 1


def test_one_bank_takes_one_product_a_cycle():
    """Two multipliers for one bank: 12 fit each queue before the issue stops, and then one of two issues must wait."""
    spec = preset()
    queues = Queues(spec)
    vectors = 200
    stops = queues.pair(0, [[(0, 0), (1, 0)]] * vectors)
    assert queues.empty(0) == 2 * vectors + PUSH + HEAD     # from the first choice on, one each cycle
    assert vectors - 2 * spec.queue_depth < stops <= vectors


def test_the_side_port_comes_first():
    spec = preset()
    queues = Queues(spec, lambda cycle: [4] if cycle < 50 else [])
    queues.pair(0, [[(3, 4)]])
    assert queues.empty(0) == 51


def test_a_bank_prefers_the_multiplier_of_its_number():
    spec = preset()
    queues = Queues(spec)
    queues.pair(0, [[(1, 4), (2, 4)], [(2, 5)]])            # bank 4 begins with multiplier 2
    queues.empty(0)
    while queues.now < PUSH + HEAD + 1:
        queues._cycle(None)
    assert [len(queue) for queue in queues._queues[2:6]] == [1, 0, 0, 1]


def test_offsets_become_vectors():
    assert lanes(np.array([5, 6, 7]), np.array([True, False, True]), 2).tolist() == [[5, -1], [7, -1]]


def test_a_run_with_crossbars_counts_every_slot_and_is_not_faster():
    rng = np.random.default_rng(12)
    spec = preset("ecp5", rows=2, cols=2, f=2, i=2)
    layers = [conv(rng, "a", "input", 6, 4, 3, pad=(1, 1, 1, 1), shift=6, density=1.0),
              conv(rng, "b", "a", 6, 6, 3, pad=(1, 1, 1, 1), shift=6, density=1.0)]
    x = sparse(rng, (4, 12, 12), 1.0).astype(np.int16)
    made = assemble(spec, layers, x.shape, levels=(0, 0))
    own, none = golden_model(made, x), golden_model(made, x)
    counters, ideal = exact.run(own), exact.run(none, crossbars=False)
    total = sum(sum(one.slots.values()) for one in counters)
    assert total == spec.multipliers * sum(one.cycles for one in counters)
    assert sum(one.cycles for one in ideal) <= sum(one.cycles for one in counters) < 1.1 * sum(one.cycles for one in ideal)
    assert sum(one.slots["products"] for one in counters) == sum(one.slots["products"] for one in ideal)
    assert forward(layers, x)["b"].any()

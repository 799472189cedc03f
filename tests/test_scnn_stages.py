"""The model of a crossbar of two stages: the rules of docs/scnn/pipeline.md, followed by hand."""

import numpy as np
import pytest

from compress.scnn.assemble import assemble
from golden.scnn import exact
from golden.scnn.crossbar import Queues
from spec.scnn import locate, preset
from spec.scnn.shape import HEAD, LINE, LINE_DEPTH, LINE_SEEN, PUSH
from tests.scnn_sample import conv, golden_model, sparse

LATE = PUSH + HEAD + LINE + HEAD
"""Cycles from an issue to the choice of a lone product by its bank."""


def stages(**changes):
    return preset("ecp5", rows=1, cols=1, f=4, i=4, banks=32, crossbar_stages=2, **changes)


def test_a_lone_product_is_a_line_later():
    queues = Queues(stages())
    assert queues.pair(10, [[(3, 7)]]) == 0
    assert queues.empty(0) == 10 + LATE + 1 + LINE_SEEN


def test_products_of_one_four_for_one_line_come_one_a_cycle():
    """Banks 0, 10, 20 and 30 stand in line 0 (0 xor 0, 1 xor 1, ...): four products of four multipliers, one queue between."""
    queues = Queues(stages())
    queues.pair(0, [[(m, bank) for m, bank in enumerate((0, 10, 20, 30))]])
    assert queues.empty(0) == LATE + 4 + LINE_SEEN
    queues = Queues(stages())
    queues.pair(0, [[(4 * g, bank) for g, bank in enumerate((0, 10, 20, 30))]])         # of four fours: four queues, four banks
    assert queues.empty(0) == LATE + 1 + LINE_SEEN


def test_a_line_prefers_the_multiplier_of_its_number_and_a_bank_the_four():
    queues = Queues(stages())
    queues.pair(0, [[(m, 8) for m in (4, 5, 6, 7, 13)]])    # bank 8 is h = 4, top 1, low 0: line 1, and four 0 is its first
    seen = []
    while queues._held or queues._push:
        queues._cycle(None)
        seen.append(tuple(len(queue) for queue in queues._queues[8:16:2]))
    assert list(dict.fromkeys(seen))[1:] == [(1, 1, 1, 1), (1, 0, 1, 1), (1, 0, 0, 1), (1, 0, 0, 0)]
    assert queues.now == LATE + 5


def test_a_line_that_is_full_takes_no_more():
    """While the side port has their bank, products fill the queue of their line, then that of their multiplier."""
    queues = Queues(stages(), lambda cycle: [4] if cycle < 200 else [])
    assert queues.pair(0, [[(0, 4)]] * 24) == 0
    while queues.now < 100:
        queues._cycle(None)
    assert max(len(queue) for queue in queues._lines._queues) == LINE_DEPTH
    assert len(queues._queues[0]) == 24 - LINE_DEPTH
    assert queues.pair(100, [[(0, 4)]] * 36) > 0            # the issue stops
    assert queues.empty(0) == 200 + 60 + LINE_SEEN          # from cycle 200 on the bank takes one per cycle


def test_looking_ahead_changes_nothing():
    queues = Queues(stages())
    queues.pair(0, [[(m, (m * 5 + k) % 32) for m in range(16)] for k in range(40)])
    assert queues.empty(0) == queues.empty(0)


@pytest.mark.parametrize("apart", [1, 2, 3, 4, 8, 30])
def test_neighbouring_addresses_seldom_wait(apart):
    """Four activations of a row of ones and four filters: the vectors of dense planes, for which the xor is there."""
    spec, rng = stages(), np.random.default_rng(apart)
    vectors = []
    for _ in range(1500):
        acts = int(rng.integers(4000)) + np.arange(4)
        weights = np.sort(rng.choice(64, 4, replace=False)) * apart
        vectors.append([(4 * f + i, locate(spec, int(acts[i] + weights[f]) % spec.accumulators)[0])
                        for f in range(4) for i in range(4)])
    assert Queues(spec).pair(0, vectors) <= 0.02 * len(vectors)


def test_a_run_counts_every_slot_and_takes_the_time_of_the_lines():
    rng = np.random.default_rng(12)
    layers = [conv(rng, "a", "input", 6, 4, 3, pad=(1, 1, 1, 1), shift=6, density=1.0),
              conv(rng, "b", "a", 6, 6, 3, pad=(1, 1, 1, 1), shift=6, density=1.0)]
    x = sparse(rng, (4, 12, 12), 1.0).astype(np.int16)
    cycles = {}
    for number in (1, 2):
        spec = preset("ecp5", rows=1, cols=1, f=4, i=4, banks=32, crossbar_stages=number)
        made = assemble(spec, layers, x.shape, levels=(0, 0))
        counters = exact.run(golden_model(made, x))
        assert sum(sum(one.slots.values()) for one in counters) == spec.multipliers * sum(one.cycles for one in counters)
        ideal = exact.run(golden_model(made, x), crossbars=False)
        cycles[number] = sum(one.cycles for one in ideal)
        passes = sum(mapping.passes for mapping in made.mappings)
        assert cycles[number] <= sum(one.cycles for one in counters) < 1.1 * cycles[number]
    late = LINE + HEAD + LINE_SEEN
    assert late <= cycles[2] - cycles[1] <= passes * late       # a pass may end while the next one is issued

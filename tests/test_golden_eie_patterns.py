"""The patterns have the sizes, densities and live activations of the paper's Table III, and the model the paper's cycles."""
from time import process_time

import numpy as np
import pytest

from golden.eie import Layer, cycles, values
from golden.eie.patterns import TABLE, Benchmark, draw
from spec.eie import preset

PUBLISHED = {       # useful products, and cycles of the authors' simulator, on patterns of these densities
    "Alex-6": (1192978, 22897), "Alex-7": (532557, 10283), "Alex-8": (383738, 6550), "VGG-6": (751337, 20019),
    "VGG-7": (252290, 6680), "VGG-8": (387365, 6697), "NT-We": (246013, 6043), "NT-Wd": (579767, 10671),
    "NT-LSTM": (288461, 5363)}


def encode(spec, pattern):
    """A layer of code 1, without loops: row i belongs to PE i modulo their number."""
    column = np.repeat(np.arange(pattern.columns), np.diff(pattern.indptr))
    in_slots, out_slots = -(-pattern.columns // spec.pes), -(-pattern.rows // spec.pes)
    wide = spec.pes * in_slots
    fragment, slot = np.divmod(np.sort(((pattern.indices % spec.pes) * wide + column) * out_slots
                                       + pattern.indices // spec.pes), out_slots)
    run = np.diff(slot, prepend=0) - 1
    head = np.append(True, fragment[1:] != fragment[:-1])
    run[head] = slot[head]
    skipped, run = run >> spec.index_bits, run & spec.max_run
    ends = np.cumsum(skipped + 1)
    entries = np.full(ends[-1], spec.max_run << spec.codebook_bits, np.uint16)
    entries[ends - 1] = run << spec.codebook_bits | 1
    count = np.bincount(fragment, skipped + 1, spec.pes * wide).astype(np.int64).reshape(spec.pes, wide)
    return Layer(entries=entries, pointers=np.pad(np.cumsum(count, axis=1), ((0, 0), (1, 0))), inputs=pattern.columns,
                 outputs=pattern.rows, in_slots=in_slots, out_slots=out_slots, codebook=[0, 1] + [0] * 14)


@pytest.mark.parametrize("name", TABLE)
def test_a_pattern_has_the_tables_numbers(name):
    benchmark, pattern = TABLE[name], draw(TABLE[name], seed=1)
    assert (pattern.rows, pattern.columns) == (benchmark.outputs, benchmark.inputs)
    assert pattern.live.size == benchmark.live and (np.diff(pattern.live) > 0).all() and pattern.live[-1] < benchmark.inputs
    likely = benchmark.inputs * benchmark.outputs * benchmark.weight_density
    assert pattern.indices.size == pytest.approx(likely, abs=5 * likely**0.5)
    assert (np.diff(pattern.indptr) >= 0).all() and pattern.indptr[-1] == pattern.indices.size
    column = np.repeat(np.arange(pattern.columns), np.diff(pattern.indptr))
    assert (np.diff(column * pattern.rows + pattern.indices) > 0).all(), "rows must ascend and not repeat in a column"
    assert pattern.useful == pytest.approx(PUBLISHED[name][0], rel=0.01)


def test_a_seed_is_a_pattern():
    first, again, other = (draw(TABLE["NT-We"], seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(first.indices, again.indices) and np.array_equal(first.live, again.live)
    assert not np.array_equal(first.indices[:1000], other.indices[:1000])


@pytest.mark.parametrize("density", [0.001, 0.5, 1.0])
def test_any_density_is_met(density):
    pattern = draw(Benchmark(inputs=50, outputs=40, weight_density=density, activation_density=1.0), seed=0)
    assert pattern.indices.size == pytest.approx(2000 * density, abs=5 * (2000 * density * (1 - density))**0.5)


@pytest.mark.parametrize("name", TABLE)
def test_the_papers_machine_takes_the_published_cycles(name):
    spec = preset("paper", batch_slots=0, columns=32768)
    pattern = draw(TABLE[name], seed=1)
    count = cycles.layer(spec, encode(spec, pattern), pattern.live, codebook_loaded=True)
    assert count.useful_macs == pattern.useful
    assert count.cycles == pytest.approx(PUBLISHED[name][1], rel=0.03)


@pytest.mark.full
def test_a_layer_of_4096_x_4096_takes_a_second_at_most():
    spec, pattern = preset("default", entries=65536), draw(TABLE["Alex-7"], seed=1)
    layer, given = encode(spec, pattern), np.zeros((1, pattern.columns), np.int64)
    given[0, pattern.live] = 1
    start = process_time()
    outputs, _ = values.layer(spec, layer, given)
    count = cycles.layer(spec, layer, np.flatnonzero(given[0]), codebook_loaded=True)
    assert process_time() - start <= 1.0, "processor time, so that other work on the machine does not count"
    assert outputs.sum() == count.useful_macs == pattern.useful


def test_values_of_a_large_layer_are_the_products_of_the_pattern():
    spec, pattern = preset("paper"), draw(TABLE["NT-LSTM"], seed=1)
    given = np.zeros((1, spec.pes * -(-pattern.columns // spec.pes)), np.int64)
    given[0, pattern.live] = np.random.default_rng(0).integers(-3, 4, pattern.live.size)
    outputs, saturated = values.layer(spec, encode(spec, pattern), given)
    column = np.repeat(np.arange(pattern.columns), np.diff(pattern.indptr))
    expected = np.zeros(pattern.rows, np.int64)
    np.add.at(expected, pattern.indices, given[0, column])
    assert np.array_equal(outputs[0, :pattern.rows], expected) and not saturated.any()

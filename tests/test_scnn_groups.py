"""Input-channel groups: sums of several PEs for the same outputs, added up before anything is done with them."""

from dataclasses import replace

import numpy as np
import pytest

from compress.scnn.assemble import assemble
from compress.scnn.group import members
from compress.scnn.image import of, save
from compress.scnn.tensor import store
from compress.scnn.work import loads
from golden import scnn as golden
from golden.scnn.cycles import run
from golden.scnn.layer import Layer, forward
from spec.scnn import preset
from spec.scnn.program import CAUSES, KINDS
from tests.scnn_sample import compare, conv, sparse
from tests.test_scnn_cycles import load
from tests.test_scnn_values import NETWORKS

SAME = (1, 1, 1, 1)


def splits(spec):
    return [(level, groups) for level in range(len(spec.block_sides)) for groups in (2, 4)
            if spec.grouped(level, groups) is not None]


def tried(rows, cols, name):
    """Run a network in every split with groups: values, counts, and every slot of every cycle."""
    rng, spec = np.random.default_rng([rows, cols]), preset("default", rows=rows, cols=cols, input_groups=4)
    layers = NETWORKS[name](rng)
    x = sparse(rng, (3, 43, 47) if name == "eleven" else (3, 16, 18), 0.5, -100, 100).astype(np.int16)
    for level, groups in splits(spec):
        many = len(layers)
        assembly, _, traces = compare(spec, layers, x, levels=[level] * many, groups=[groups] * many)
        counters = run(spec, [load(trace) for trace in traces])
        slots = sum(sum(own.slots.values()) for own in counters)
        assert slots == sum(own.cycles for own in counters) * spec.multipliers
        assert sum(own.slots["reduction"] for own in counters) > 0
        for made, trace in zip(loads(assembly, forward(layers, x)), traces, strict=True):
            for part in ("weights", "live_weights", "acts", "live_acts"):
                seen = getattr(load(trace), part)
                np.testing.assert_array_equal(np.broadcast_to(getattr(made, part), seen.shape), seen)


@pytest.mark.parametrize("rows, cols, splits_there", [(1, 1, 0), (1, 2, 1), (2, 2, 3), (2, 4, 5), (3, 2, 1), (4, 4, 7)])
def test_splits(rows, cols, splits_there):
    assert len(splits(preset("default", rows=rows, cols=cols, input_groups=4))) == splits_there
    assert not splits(preset("default", rows=rows, cols=cols))


@pytest.mark.parametrize("name", NETWORKS)
def test_every_kind_of_layer_in_four_pes(name):
    tried(2, 2, name)


@pytest.mark.parametrize("rows, cols, name", [(2, 4, "residual"), (2, 4, "strided"), (3, 2, "max"), (3, 2, "joined"),
                                              (4, 4, "residual")])
def test_larger_arrays(rows, cols, name):
    tried(rows, cols, name)


@pytest.mark.full
@pytest.mark.parametrize("rows, cols", [(1, 2), (1, 4), (2, 4), (3, 2), (4, 4)])
@pytest.mark.parametrize("name", NETWORKS)
def test_every_kind_of_layer_in_every_split(name, rows, cols):
    tried(rows, cols, name)


def test_groups_of_four_are_numbered_as_the_page_says():
    """Bits of a group: the second of two blocks of half as many columns, then of half as many rows."""
    spec = preset("default", rows=8, cols=8, input_groups=4)
    assert spec.block_sides == ((1, 1), (2, 1), (2, 2), (4, 2), (4, 4), (8, 4), (8, 8))
    assert members(spec, 2, 0) == [(0, 2, 1, 3)]          # (0, 0), (1, 0), (0, 1), (1, 1)
    assert members(spec, 6, 5)[:2] == [(0, 4), (1, 5)]
    assert members(spec, 6, 4)[4 + 1] == (9, 9 + 32, 9 + 4, 9 + 36)
    assert members(spec, 3, 3) == [(place,) for place in range(8)]


def test_the_sums_are_added_up_first_by_halves():
    rng = np.random.default_rng(1)
    spec = preset("default", rows=4, cols=4, input_groups=4)
    layers = [conv(rng, "a", "input", 12, 9, 3, pad=SAME, shift=6)]
    assembly, made, _ = compare(spec, layers, sparse(rng, (9, 10, 11), 0.5).astype(np.int16), levels=[2], groups=[4],
                                passes=[1])
    mapping = assembly.mappings[0]
    assert (mapping.kc, mapping.channels, mapping.pairs) == (3, 12, 3)
    for pe, program in enumerate(made.programs(0)):
        assert (program.supply["level"], program.drain["level"], program.lane["sets"]) == (0, 0, 4)
        assert program.supply["set"] == spec.position(pe, 2)[1]
        steps = [step for step in program.steps if step["cause"] == CAUSES["reduction"]]
        assert steps == list(program.steps[:2])
        assert [(step["kind"], step["level"], step["nk"], step["delta"]) for step in steps] == [
            (KINDS["send"], 1, 6, 0), (KINDS["send"], 0, 3, 0)]


def test_a_reduction_takes_what_the_page_says():
    """Two PEs, two input channels, two outputs: one send of 6 x 7 sums after the barrier, seen whole by PEs that wait."""
    spec = preset("default", rows=1, cols=2, input_groups=2)
    layers = [Layer(name="a", inputs=("input",), weight=np.full((2, 2, 1, 1), 3, np.int16))]
    _, _, traces = compare(spec, layers, np.full((2, 6, 7), 5, np.int16), levels=[1], groups=[2])
    counters, = run(spec, [load(traces[0])])
    latency = spec.broadcast_latency
    issued = latency + 7 + 3 + 10 + 4 + 1 + 11 - 1      # as without groups: 11 vectors of 42 activations
    ready = issued + 5 + 2 + 1
    sent = ready + 2 + 2 * latency + 2 * 42 + 8
    assert counters.cycles == sent + 5 + 42 + 16 + 2 + latency + 1
    assert counters.slots["reduction"] == (2 * 42 + 8 + 1) * spec.multipliers       # and the first cycle of the step after it
    assert counters.slots["products"] == 2 * 2 * 2 * 42 // 2


@pytest.mark.parametrize("first, second, saturated", [((1, 1, 1), (-1, -1, -1), False), ((1, 1, 0), (1, 0, 0), True),
                                                      ((1, 1, 1), (0, 0, -1), False), ((-1, -1, 0), (0, -1, 0), True)])
def test_the_sum_alone_decides_what_saturates(first, second, saturated):
    """Two groups, products of nearly 2^30: sums beyond 32 bits that come back, and sums within them whose total is beyond."""
    spec = preset("default", rows=1, cols=2, input_groups=2)
    layers = [Layer(name="a", inputs=("input",), weight=np.full((2, 6, 1, 1), 32767, np.int16), shift=18, relu=False)]
    orders = assemble(spec, layers, (6, 2, 3), levels=[1], groups=[2]).source.orders
    x = np.zeros((6, 2, 3), np.int16)
    for own, signs in zip(orders, (first, second), strict=True):
        x[own] = 32767 * np.array(signs)[:, None, None]
    _, made, _ = compare(spec, layers, x, levels=[1], groups=[2])
    assert made.saturated == saturated


def test_a_place_with_fewer_channels_has_blocks_to_read():
    """Three channels in four groups of one PE: the PE without one has an empty block, whatever was there before."""
    spec = preset("default", rows=2, cols=2, input_groups=4)
    x = np.full((3, 4, 4), 9, np.int16)
    layers = [Layer(name="a", inputs=("input",), weight=np.ones((4, 3, 1, 1), np.int16))]
    assembly, _, _ = compare(spec, layers, x, levels=[2], groups=[4])
    tables = [store(spec, assembly.source, x, pe, 0)[0] for pe in range(4)]
    assert [sorted(table) for table in tables] == [[assembly.source.blocks[1, 1, 0, 0]]] * 4
    assert sorted(count for table in tables for _, count in table.values()) == [0, 16, 16, 16]


def wide(rng, outputs=8, inputs=96, size=3):
    """A layer of many channels, meant for a small plane."""
    return [conv(rng, "a", "input", outputs, inputs, size, density=0.4, shift=6, pad=(size // 2,) * 4)]


def test_the_tiler_takes_groups_where_they_are_faster():
    rng = np.random.default_rng(3)
    layers, x, found = wide(rng), sparse(rng, (96, 4, 4), 0.4).astype(np.int16), {}
    for most in (1, 2, 4):
        spec = preset("default", rows=4, cols=4, input_groups=most)
        assembly, _, traces = compare(spec, layers, x)
        found[most] = assembly.mappings[0].groups, sum(own.cycles for own in run(spec, [load(trace) for trace in traces]))
    assert found[1][0] == 1 and found[2][0] == found[4][0] == 2
    assert found[4][1] < 0.9 * found[1][1]


def test_what_an_image_says_is_checked(tmp_path):
    rng = np.random.default_rng(3)
    spec = preset("default", rows=2, cols=2, input_groups=4)
    layers, x = wide(rng), sparse(rng, (96, 3, 3), 0.4).astype(np.int16)
    image = of(assemble(spec, layers, x.shape, levels=[2], groups=[4]))
    save(image, tmp_path / "a.npz")
    found = golden.run(golden.load(tmp_path / "a.npz"), x)
    np.testing.assert_array_equal(found.outputs, forward(layers, x)["a"])
    for most, said in ((2, "sets must be 1 at level 0, not 4"), (1, "sets must be 1 at level 0, not 4")):
        less = preset("default", rows=2, cols=2, input_groups=most)
        save(replace(image, spec=less), tmp_path / "b.npz")
        with pytest.raises(ValueError, match=f"^layer 0: {said}"):
            golden.load(tmp_path / "b.npz")


@pytest.mark.parametrize("changes, said", [
    ({"input_groups": 3}, "input_groups must be one of 1, 2, 4, not 3"),
    ({"rows": 16, "cols": 16, "input_groups": 2}, "input_groups must be 1 for 16 x 16 PEs, not 2: blocks have 9 levels"),
    ({"rows": 8, "cols": 8, "input_groups": 4, "broadcast_latency": 2}, "broadcast_latency must be at least 4 for 8 x 8"),
])
def test_machines_that_there_are_not(changes, said):
    with pytest.raises(ValueError, match=f"^{said}"):
        preset("default", **changes)


def test_splits_that_there_are_not():
    rng = np.random.default_rng(3)
    spec = preset("default", rows=4, cols=4, input_groups=2)
    for levels, groups, said in (
            ([4], [4], "at level 4 input-channel groups must be pairs of blocks in blocks, up to 2 of them, not 4"),
            ([0], [2], "at level 0 input-channel groups must be pairs of blocks in blocks, up to 2 of them, not 2")):
        with pytest.raises(ValueError, match=f"^a must fit the array; {said}"):
            assemble(spec, wide(rng), (96, 3, 3), levels=levels, groups=groups)
    layers = [*wide(rng), conv(rng, "b", "a", 8, 8, 1)]
    with pytest.raises(ValueError, match="^b must fit the array; at level 2 inputs must be at level 2 for 2 input-channel "):
        assemble(spec, layers, (96, 3, 3), levels=[1, 2], groups=[1, 2])
    many = preset("default", rows=1, cols=2, input_groups=2, bank_entries=16)
    with pytest.raises(ValueError, match="groups must leave a channel of 484 accumulators to each, of 512, not be 2"):
        assemble(many, wide(rng, 2, 2), (2, 20, 20), levels=[1], groups=[2])

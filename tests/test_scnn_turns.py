"""Channels that take turns between two cuts of the plane, and cuts that neighbours can exchange."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from compress.scnn import arrange, lay
from compress.scnn.assemble import assemble
from compress.scnn.axis import TURNS, Axis, bounds, mirrored
from compress.scnn.tensor import TURN, pieces
from golden.scnn.layer import Pool
from spec.scnn import preset
from tests.scnn_sample import compare, conv, sparse

SAME = (1, 1, 1, 1)
HALF = Pool(kind="max", size=(2, 2), stride=(2, 2))


def in_turn(monkeypatch):
    """Let channels take turns wherever that can be, whatever it costs."""
    def cheap(spec, way, layer, level, groups, cuts, cut, choices):
        new = before(spec, way, layer, level, groups, cuts, cut, choices)
        return replace(new, cycles=new.cycles - 1e9) if cut == TURNS and not isinstance(new, str) else new
    before = arrange._next
    monkeypatch.setattr(arrange, "_next", cheap)


NETWORKS = {
    "plain": lambda rng: [conv(rng, "a", "input", 19, 3, 3, pad=SAME, shift=6),
                          conv(rng, "b", "a", 21, 19, 3, pad=SAME, shift=7), conv(rng, "c", "b", 5, 21, 1, shift=5)],
    "strided": lambda rng: [conv(rng, "a", "input", 16, 3, 3, pad=SAME, shift=6),
                            conv(rng, "b", "a", 17, 16, 3, 5, pad=(1, 0, 2, 2), stride=(2, 1), shift=7),
                            conv(rng, "c", "b", 4, 17, 1, shift=5)],
    "pooled": lambda rng: [conv(rng, "a", "input", 12, 3, 3, pad=SAME, shift=6, pool=HALF),
                           conv(rng, "b", "a", 9, 12, 3, pad=SAME, shift=7)],
    "windows": lambda rng: [conv(rng, "a", "input", 11, 3, 3, pad=SAME, shift=6,
                                 pool=Pool(kind="max", size=(3, 3), stride=(1, 1), pad=(1, 1))),
                            conv(rng, "b", "a", 9, 11, 3, pad=SAME, shift=7)],
    "ranges": lambda rng: [conv(rng, "a", "input", 18, 3, 3, pad=SAME, shift=6),
                           conv(rng, "b", "a:3:14", 9, 11, 3, pad=SAME, shift=7)],
    "groups": lambda rng: [conv(rng, "a", "input", 12, 3, 1, shift=4),
                           conv(rng, "b", "a", 6, 6, 3, groups=2, pad=SAME, shift=5)],
    "two readers": lambda rng: [conv(rng, "a", "input", 10, 3, 3, pad=SAME, shift=6),
                                conv(rng, "b", "a", 6, 10, 1, stride=(2, 2), shift=4),
                                conv(rng, "c", "a", 5, 10, 3, pad=SAME, shift=6)],
}


@pytest.mark.parametrize("rows, cols, levels, shape", [(2, 2, 2, (3, 13, 15)), (3, 2, 2, (3, 17, 18)), (4, 4, 3, (3, 19, 23))])
@pytest.mark.parametrize("name", NETWORKS)
def test_values_are_those_of_a_dense_convolution(name, rows, cols, levels, shape, monkeypatch):
    in_turn(monkeypatch)
    layers, spec = NETWORKS[name](np.random.default_rng([rows, cols])), preset("default", rows=rows, cols=cols)
    x = sparse(np.random.default_rng(5), shape, 0.6, -100, 100).astype(np.int16)
    turned = 0
    for level in range(levels):
        made = assemble(spec, layers, x.shape, levels=[level] * len(layers))
        turned += sum(mapping.output.turns for mapping in made.mappings)
        compare(spec, layers, x, levels=[level] * len(layers))
    assert turned >= levels - 1                             # a block of all PEs has one tile, which no turn changes


def test_the_split_changes_behind_channels_that_take_turns(monkeypatch):
    in_turn(monkeypatch)
    rng = np.random.default_rng(3)
    layers = [conv(rng, "a", "input", 12, 3, 3, pad=SAME, shift=6), conv(rng, "b", "a", 20, 12, 3, pad=SAME, shift=6),
              conv(rng, "c", "b", 7, 20, 3, pad=SAME, shift=6)]
    spec, x = preset("default", rows=4, cols=4), sparse(rng, (3, 18, 14), 0.5).astype(np.int16)
    for levels in (0, 1, 1), (0, 1, 2), (0, 0, 2):
        made = assemble(spec, layers, x.shape, levels=levels)
        assert made.mappings[0].output.turns
        compare(spec, layers, x, levels=levels)


def test_no_pe_has_the_largest_tile_of_every_channel():
    """28 rows over 8 PEs: 4 x 4 for some PEs in each turn, and 12 or 12.5 on average for all; equal tiles need no turns."""
    rng = np.random.default_rng(2)
    layers = [conv(rng, name, source, 128, inputs, 3, pad=SAME, shift=9, density=0.3)
              for name, source, inputs in (("a", "input", 16), ("b", "a", 128), ("c", "b", 128))]
    spec = preset("paper", rows=8, cols=8, memory_words=65536, blocks=8192)
    network, mappings = arrange.arrange(spec, layers, (16, 28, 28), density=0.5, levels=[0] * 3)
    assert not network.turns and [mapping.output.turns for mapping in mappings] == [True, True, False]
    tensor = mappings[1].output
    sizes = [np.multiply.outer(np.diff(rows), np.diff(cols)) for rows, cols in tensor.cuts]
    assert sizes[0].max() == sizes[1].max() == 16 and (sizes[0] + sizes[1]).max() == 25
    even = arrange.arrange(spec, layers, (16, 32, 32), density=0.5, levels=[0] * 3)[1]
    assert not any(mapping.output.turns for mapping in even)


def test_what_others_read_beside_it_takes_no_turns():
    """A residual meets its own sums, tensors read together are cut alike, and an image's ends are described by one cut."""
    rng = np.random.default_rng(4)
    layers = [conv(rng, "a", "input", 16, 8, 3, pad=SAME, shift=6), conv(rng, "b", "a", 16, 16, 3, pad=SAME, shift=6),
              conv(rng, "c", "b", 16, 16, 3, pad=SAME, shift=6, residual=("a", 1)),
              conv(rng, "d", ("b", "c"), 16, 32, 1, shift=6)]
    assert arrange._lone(layers) == [False] * 4
    assert arrange._lone([*layers[:2], layers[1]]) == [True, False, False]


@pytest.mark.parametrize("first, end", [(0, 4), (0, 8), (3, 13), (5, 6), (4, 4)])
def test_pieces_cover_a_range_and_have_one_turn_each(first, end):
    tensor = lay.Tensor(name="a", shape=(16, 3, 3), level=0, rows=(0, 1, 3), cols=(0, 1, 3), orders=[np.arange(16)], layer=0,
                        kc=8, span=16, turns=True)
    cut = pieces(tensor, first, end)
    assert [at for low, high in cut for at in range(low, high)] == list(range(first, end))
    assert all(len({tensor.turn(at) for at in range(low, high)}) == 1 and high - low <= TURN for low, high in cut)
    assert tensor.cuts[1] == ((0, 2, 3), (0, 2, 3)) == (mirrored(tensor.rows), mirrored(tensor.cols))


def test_fourteen_rows_in_eight_tiles_are_pooled_to_seven():
    """With 7 outputs in tiles 0 to 6 the sums of row 10 would lie two tiles from the one that owns them."""
    given = bounds(14, 8)
    one = Axis(inputs=(given,), outputs=(bounds(7, 8),), taps=3, stride=1, before=1, sums=14, window=2, hop=2)
    assert one.fault() is not None
    cut = one.nearest(bounds(7, 8))
    assert cut == (0, 1, 2, 3, 3, 4, 5, 7, 7)
    assert Axis(inputs=(given,), outputs=(cut,), taps=3, stride=1, before=1, sums=14, window=2, hop=2).fault() is None


def test_a_cut_that_neighbours_can_exchange_is_left_as_it_is():
    for extent, tiles, taps in itertools.product((8, 13, 28), (2, 4, 8), (1, 3)):
        cut = bounds(extent, tiles)
        one = Axis(inputs=(cut,), outputs=(cut,), taps=taps, stride=1, before=taps // 2, sums=extent)
        if one.fault() is None:
            assert one.nearest(cut) == cut


@pytest.mark.parametrize("first, second", [
    ({"rows": 5, "pad": (2, 2, 2, 2)}, {"rows": 3}),
    ({"rows": 3, "pad": SAME}, {"rows": 3, "cols": 5, "pad": SAME, "stride": (2, 1)})])
def test_sums_before_the_plane_are_cleared_in_tiles_that_are_not_the_first(first, second):
    """A plane smaller than the array: the first tile may have no inputs, or no outputs, and others reach before the plane."""
    rng = np.random.default_rng(5)
    layers = [conv(rng, "a", "input", 6, 3, shift=6, **first), conv(rng, "b", "a", 7, 6, shift=6, **second)]
    x = sparse(rng, (3, 3, 3), 0.7, -100, 100).astype(np.int16)
    compare(preset("ecp5", rows=4, cols=4), layers, x, levels=[0, 0])


def test_ways_that_lie_alike_for_layers_to_come_are_one():
    """On planes that the array divides the cuts are alike: of the ways through a chain one is left, the cheapest."""
    rng = np.random.default_rng(6)
    layers = [conv(rng, "a", "input", 8, 3, 3, pad=SAME), conv(rng, "b", "a", 8, 8, 3, pad=SAME), conv(rng, "c", "b", 8, 8, 1)]
    assert arrange._needed(layers) == [{"a", "b"}, {"b"}, set()]
    network, mappings = arrange.arrange(preset("default", rows=2, cols=2), layers, (3, 8, 8), levels=[0] * 3)
    outputs = {mapping.layer.name: mapping.output for mapping in mappings}
    way = arrange.Way(network=network, tensors=outputs, mappings=mappings, level=0, cycles=3.0)
    other = replace(outputs["a"], rows=(0, 3, 8))
    ways = [way, replace(way, cycles=2.0), replace(way, tensors=outputs | {"a": other}, cycles=4.0)]
    assert arrange._apart(ways, {"b"}) == [ways[1]]
    assert arrange._apart(ways, {"a", "b"}) == ways[1:]

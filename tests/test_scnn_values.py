"""Golden's machine runs the tiler's programs; what comes out is a dense convolution, for every kind of layer and split."""

import numpy as np
import pytest
from scipy.signal import correlate

from golden.scnn.layer import Layer, Pool, apply, rounded, sums
from spec.scnn import preset
from tests.scnn_sample import compare, conv, sparse


@pytest.mark.parametrize("stride, pad", [((1, 1), (1, 1, 1, 1)), ((2, 3), (0, 2, 1, 0)), ((4, 4), (5, 0, 0, 3))])
def test_sums_are_those_of_scipy(stride, pad):
    rng = np.random.default_rng(1)
    layer = conv(rng, "a", "input", 4, 3, 5, 4, stride=stride, pad=pad)
    x = sparse(rng, (3, 14, 13), 0.6, -32768, 32767)
    padded = np.pad(x, ((0, 0), pad[:2], pad[2:]))
    want = [sum(correlate(padded[c], layer.weight[k, c].astype(np.int64), "valid", "direct") for c in range(3))
            for k in range(4)]
    np.testing.assert_array_equal(sums(layer, x), np.array(want)[:, ::stride[0], ::stride[1]])


def test_rounding_is_half_to_even():
    assert rounded(np.array([2, 6, -2, -6, 3, -3, 5]), 2).tolist() == [0, 2, 0, -2, 1, -1, 1]


def test_a_residual_needs_a_tensor():
    layer = Layer(name="a", inputs=("input",), weight=np.ones((1, 1, 1, 1), np.int16), residual=("b", 1))
    with pytest.raises(ValueError, match="^a: a residual must be given"):
        apply(layer, np.ones((1, 2, 2)))


SAME = (1, 1, 1, 1)
NETWORKS = {
    "plain": lambda rng: [conv(rng, "a", "input", 6, 3, 3, pad=SAME, shift=6), conv(rng, "b", "a", 5, 6, 1, shift=5)],
    "wide": lambda rng: [conv(rng, "a", "input", 6, 3, 5, pad=(2, 2, 2, 2), shift=6), conv(rng, "b", "a", 9, 6, 3, shift=5)],
    "strided": lambda rng: [conv(rng, "a", "input", 6, 3, 3, pad=SAME, shift=6),
                            conv(rng, "b", "a", 7, 6, 3, 5, pad=SAME, stride=(2, 1), shift=6)],
    "eleven": lambda rng: [conv(rng, "a", "input", 6, 3, 11, pad=(2, 2, 2, 2), stride=(4, 4), shift=6)],
    "max": lambda rng: [conv(rng, "a", "input", 6, 3, 3, pad=SAME, shift=6,
                             pool=Pool(kind="max", size=(3, 3), stride=(2, 2))), conv(rng, "b", "a", 4, 6, 1, shift=5)],
    "sum": lambda rng: [conv(rng, "a", "input", 6, 3, 3, pad=SAME, shift=6, relu=False,
                             pool=Pool(kind="sum", size=(3, 3), stride=(1, 1), pad=(1, 1)))],
    "pairs": lambda rng: [conv(rng, "a", "input", 6, 3, 3, pad=SAME, shift=6,
                               pool=Pool(kind="max", size=(2, 2), stride=(2, 2)))],
    "residual": lambda rng: [conv(rng, "a", "input", 4, 3, 3, pad=SAME, shift=6),
                             conv(rng, "b", "a", 5, 4, 3, pad=SAME, stride=(2, 2), shift=6),
                             conv(rng, "s", "a", 5, 4, 1, stride=(2, 2), shift=4, relu=False),
                             conv(rng, "c", "b", 5, 5, 3, pad=SAME, shift=6, residual=("s", 2))],
    "joined": lambda rng: [conv(rng, "a", "input", 4, 3, 3, pad=SAME, shift=6), conv(rng, "b", "a", 5, 4, 1, shift=4),
                           conv(rng, "c", "a", 3, 4, 3, pad=SAME, shift=6),
                           conv(rng, "d", ("b", "c"), 6, 8, 3, pad=(0, 1, 2, 0), shift=6)],
    "depthwise": lambda rng: [conv(rng, "a", "input", 8, 3, 3, pad=SAME, shift=6),
                              conv(rng, "b", "a", 8, 1, 3, groups=8, pad=SAME, shift=4)],
    "groups": lambda rng: [conv(rng, "a", "input", 8, 3, 1, shift=4),
                           conv(rng, "b", "a", 6, 4, 3, groups=2, pad=SAME, shift=5)],
}


@pytest.mark.parametrize("rows, cols, levels", [(1, 1, 1), (2, 2, 2), (3, 2, 2), (4, 4, 3)])
@pytest.mark.parametrize("name", NETWORKS)
def test_every_kind_of_layer_at_every_level(name, rows, cols, levels):
    rng = np.random.default_rng([rows, cols])
    layers, spec = NETWORKS[name](rng), preset("default", rows=rows, cols=cols)
    x = sparse(rng, (3, 43, 47) if name == "eleven" else (3, 16, 18), 0.5, -100, 100).astype(np.int16)
    for level in range(levels):
        compare(spec, layers, x, levels=[level] * len(layers))


@pytest.mark.parametrize("levels", [(0, 1, 2), (0, 0, 2), (0, 2, 2), (1, 2, 2)])
@pytest.mark.parametrize("stride", [1, 2])
def test_the_split_changes_between_layers(levels, stride):
    rng = np.random.default_rng(3)
    layers = [conv(rng, "a", "input", 6, 3, 3, pad=SAME, shift=6), conv(rng, "b", "a", 20, 6, 3, pad=SAME, shift=6,
                                                                        stride=(stride, stride)),
              conv(rng, "c", "b", 7, 20, 3, pad=SAME, shift=6)]
    compare(preset("default", rows=4, cols=4), layers, sparse(rng, (3, 16, 16), 0.5).astype(np.int16), levels=levels)


@pytest.mark.parametrize("level", [0, 1])
def test_readers_take_ranges_of_channels(level):
    rng = np.random.default_rng(10)
    layers = [conv(rng, "a", "input", 11, 3, 1, shift=4), conv(rng, "b", "a:0:4", 6, 4, 3, pad=SAME, shift=5),
              conv(rng, "c", "a:4:11", 5, 7, 3, pad=SAME, shift=5), conv(rng, "d", ("c", "b:2:5"), 4, 8, 1, shift=5)]
    compare(preset("default", rows=2, cols=2), layers, sparse(rng, (3, 9, 10), 0.5).astype(np.int16), levels=[level] * 4)


@pytest.mark.parametrize("density", [0.0, 0.05, 0.3, 1.0])
def test_densities_and_odd_sizes(density):
    rng = np.random.default_rng(4)
    layers = [conv(rng, "a", "input", 11, 5, 3, density=density, pad=SAME, shift=9, bias=False)]
    for shape in ((5, 7, 7), (5, 1, 1), (5, 13, 3)):
        compare(preset("default", rows=2, cols=2), layers, sparse(rng, shape, density, -32768, 32767).astype(np.int16))


def test_corners_and_biases_alone():
    spec = preset("default", rows=2, cols=2)
    weight = np.zeros((4, 2, 3, 3), np.int16)
    weight[1, 0, 0, 0] = weight[2, 1, 2, 2] = -32768
    layers = [Layer(name="a", inputs=("input",), weight=weight, pad=SAME, shift=15, relu=False,
                    bias=np.array([7 << 15, 0, -(5 << 15), 1 << 14], np.int32))]
    for y, x in ((0, 0), (0, 9), (9, 0), (9, 9), (4, 5)):
        plane = np.zeros((2, 10, 10), np.int16)
        plane[:, y, x] = -32768
        compare(spec, layers, plane)


def test_paper_preset_shifts_products():
    rng = np.random.default_rng(6)
    layers = [conv(rng, "a", "input", 8, 4, 3, pad=SAME, product_shift=9, shift=3)]
    layers[0].weight[...] = sparse(rng, layers[0].weight.shape, 0.4, -32768, 32767)
    compare(preset("paper", rows=2, cols=2), layers, sparse(rng, (4, 12, 12), 0.5, -32768, 32767).astype(np.int16), levels=[0])

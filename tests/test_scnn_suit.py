"""Windows and planes that reach too far for an array are taken in steps: the same answers, on golden's machine too."""
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from compress.frontend.execute import output, run
from compress.frontend.graph import INPUT, Activation, Conv, Dense, Network, Pool
from compress.frontend.onnx import from_model
from compress.scnn.assemble import assemble
from compress.scnn.image import save
from compress.scnn.lower import lower
from compress.scnn.size import MEMORIES, free
from compress.scnn.source import Request, build
from compress.scnn.suit import PLANE, WINDOW, suited
from compress.scnn.whole import quantise
from golden import scnn
from golden.scnn.layer import forward
from spec.scnn import preset
from tests.commands import leave
from tests.onnx_sample import ask, model, node
from tests.scnn_sample import golden_model, recover

RNG = np.random.default_rng(31)


def normal(*shape):
    return RNG.normal(size=shape).astype(np.float32)


def pooled(plane, kernel, strides=None, *, average=True):
    strides = strides or kernel
    size = tuple((n - k) // s + 1 for n, k, s in zip(plane, kernel, strides, strict=True))
    return Network(name="p", shape=(3, *plane), layers=(
        Pool(name="p", inputs=(INPUT,), shape=(3, *size), picture=(3, *plane), average=average, kernel=kernel, strides=strides,
             activation=Activation(relu=True)),))


@pytest.mark.parametrize("average", [True, False])
@pytest.mark.parametrize(("plane", "kernel"), [
    ((16, 16), (16, 16)), ((17, 17), (17, 17)), ((28, 28), (28, 28)), ((19, 40), (19, 40)), ((5, 64), (5, 64)),
    ((32, 32), (16, 16)), ((1, 250), (1, 250)), ((40, 3), (20, 1)), ((229, 2), (229, 2))])
def test_a_large_window_is_taken_in_stages(plane, kernel, average):
    network = pooled(plane, kernel, average=average)
    made = suited(network)
    assert len(made.layers) > 1
    for layer in made.layers:
        size = layer.kernel if isinstance(layer, Pool) else layer.weight.shape[2:]
        assert max(size) <= WINDOW
        assert isinstance(layer, Pool) or layer.groups == 3
    x = RNG.normal(size=(4, network.size))
    np.testing.assert_allclose(output(made, x), output(network, x), rtol=1e-9, atol=1e-12)
    assert made.layers[-1].name == "p"
    lower(made)


@pytest.mark.parametrize("operator, kernel, pads, strides, extra, kinds", [
    ("MaxPool", [5, 5], [2, 2, 2, 2], [1, 1], {}, ["max 3x3", "max 3x3"]),
    ("MaxPool", [7, 2], [3, 1, 0, 0], [2, 1], {}, ["max 3x2", "max 3x1", "max 3x1 /2x1"]),
    ("MaxPool", [3, 3], [1, 1, 1, 1], [1, 1], {}, ["max 3x3"]),
    ("AveragePool", [5, 5], [2, 2, 2, 2], [1, 1], {"count_include_pad": 1}, ["mean 5x5"]),
    ("AveragePool", [5, 5], [2, 2, 2, 2], [1, 1], {}, ["mean 5x5", "9x8"]),
    ("AveragePool", [3, 5], [1, 2, 1, 2], [1, 1], {"count_include_pad": 1, "ceil_mode": 1}, ["mean 3x5"])])
def test_a_pool_clips_one_window_at_an_edge(operator, kernel, pads, strides, extra, kinds):
    proto = model([node(operator, ["x"], kernel_shape=kernel, pads=pads, strides=strides, **extra)], {}, ["N", 2, 9, 8],
                  opset=19)
    network, x = from_model(proto), normal(3, 2, 9, 8)
    made = suited(network)
    for found in output(network, x), output(made, x):
        np.testing.assert_allclose(found.ravel(), ask(proto, x).ravel(), rtol=1e-5, atol=1e-6)
    lowered = lower(made)
    assert [step.kind.split(", ")[-1] for step in lowered.steps] == kinds
    whole, spec = quantise(preset("default"), made, lowered, x.reshape(3, -1)), preset("default", rows=2, cols=2)
    assembly = assemble(spec, whole.layers, lowered.shape, levels=[0] * len(whole.layers))
    array = golden_model(assembly, whole.inputs(x)[0])
    array.run()
    tensor = assembly.mappings[-1].output
    np.testing.assert_array_equal(recover(spec, tensor, array.memories), forward(whole.layers, whole.inputs(x)[0])[tensor.name])


@pytest.mark.parametrize(("plane", "kernel", "strides"), [((15, 15), (15, 15), None), ((40, 40), (17, 17), (3, 3)),
                                                          ((36, 36), (17, 17), None)])
def test_other_windows_stay(plane, kernel, strides):
    network = pooled(plane, kernel, strides)
    assert suited(network) is network


@pytest.mark.parametrize("shape", [(2, 20, 20), (1, 28, 28), (3, 17, 9), (2, 40), (1, 5, 70)])
def test_a_dense_layer_reads_a_smaller_plane(shape):
    dense = Dense(name="d", inputs=(INPUT,), shape=(4,), weight=normal(4, int(np.prod(shape))), bias=normal(4))
    network = Network(name="d", shape=shape, layers=(dense,))
    made = suited(network)
    near, last = made.layers
    assert max(near.shape[1:]) <= PLANE
    assert isinstance(near, Conv)
    assert np.count_nonzero(near.weight) == near.shape[0]
    x = RNG.normal(size=(3, network.size))
    np.testing.assert_allclose(output(made, x), output(network, x), rtol=1e-6, atol=1e-6)
    assert np.abs(run(made, x)[near.name]).sum() == pytest.approx(np.abs(x).sum())
    assert (last.name, last.bias is dense.bias) == ("d", True)


LARGE = {
    "global mean": ([node("Conv", ["x", "k"], "a", pads=[1, 1, 1, 1]), node("Relu", ["a"], "r"),
                     node("GlobalAveragePool", ["r"], "g"), node("Flatten", ["g"], "f"), node("MatMul", ["f", "w"])],
                    {"w": normal(4, 3)}),
    "dense": ([node("Conv", ["x", "k"], "a", pads=[1, 1, 1, 1]), node("Relu", ["a"], "r"), node("Flatten", ["r"], "f"),
               node("MatMul", ["f", "w"])], {"w": normal(4 * 19 * 19, 3) / 19})}


@pytest.mark.parametrize("name", LARGE)
@pytest.mark.parametrize("bits", [0, 4])
def test_golden_answers_as_the_build_says(name, bits, tmp_path):
    nodes, weights = LARGE[name]
    network = from_model(model(nodes, {"k": normal(4, 2, 3, 3)} | weights, ["N", 2, 19, 19]), name)
    spec = preset("default", rows=2, cols=2, weight_code_bits=bits)
    x = RNG.normal(size=(2, network.size))
    made = build(network, Path(name), spec, Request(preset=spec, free=free(["rows", "cols"]), level=None, density=0.8), x)
    assert made.facts["rounding"] < 0.003
    assert made.facts["density"] <= 0.8
    save(made.image, tmp_path / "net.npz")
    image = scnn.load(tmp_path / "net.npz")
    outputs = scnn.run(image, made.whole.inputs(x)[0], crossbars=False).outputs
    np.testing.assert_array_equal(made.whole.lowered.answers(outputs[None])[0] * image.output_scale, made.whole.outputs[0])


def test_the_check_names_a_layer_that_no_program_holds(tmp_path):
    proto = model([node("Conv", ["x", "k"], strides=[17, 17])], {"k": normal(8, 3, 17, 17)}, ["N", 3, 34, 34])
    (tmp_path / "net.onnx").write_bytes(proto.SerializeToString())
    left = leave("compress.check", tmp_path / "net.onnx")
    assert left.code == 2
    assert "refused: node 'y' (Conv): layer must be one that fits an array" in left.err
    assert "take a smaller filter, window or stride" in left.err


def test_where_layers_cannot_each_have_their_own_level_they_have_one_together():
    """The residual wants small tiles, the dense layer after it the whole plane: the tiler's own choice has no layout."""
    proto = model([node("Conv", ["x", "k"], "a", pads=[1, 1, 1, 1]), node("Relu", ["a"], "r"),
                   node("Conv", ["r", "l"], "b", pads=[1, 1, 1, 1]), node("Add", ["b", "x"], "s"), node("Flatten", ["s"], "f"),
                   node("MatMul", ["f", "w"], "h"), node("Relu", ["h"], "i"), node("MatMul", ["i", "v"])],
                  {"k": normal(1, 1, 3, 3), "l": normal(1, 1, 3, 3), "w": normal(156, 7) / 12, "v": normal(7, 3)},
                  ["N", 1, 13, 12])
    network = from_model(proto, "net")
    spec, x = preset("default", rows=2, cols=2), RNG.normal(size=(2, network.size))
    lowered = lower(network)
    whole = quantise(spec, network, lowered, x)
    largest = replace(spec, memory_words=1 << 16, program=4096)
    with pytest.raises(ValueError, match="rows of its tiles must be at most 15 shorter than the pitch"):
        assemble(largest, whole.layers, lowered.shape, density={name: own.density for name, own in whole.measured.items()})
    made = build(network, Path("net"), spec, Request(preset=spec, free=free(["rows", "cols"]), level=None), x)
    assert len({mapping.level for mapping in made.assembly.mappings}) == 1
    assert made.assembly.spec.rows == 2


def test_an_array_that_is_halved_has_no_more_lanes_than_pes(tmp_path):
    left = leave("compress.build", "--design", "scnn", "--example", "digits-cnn", "-o", tmp_path / "net.npz")
    assert left.code == 0
    spec = scnn.load(tmp_path / "net.npz").spec
    assert (spec.rows, spec.cols, spec.weight_lanes) == (2, 2, 4)
    assert spec == preset("default", rows=2, cols=2, **{name: getattr(spec, name) for name in MEMORIES})

"""Networks of convolutions become whole numbers that equal onnxruntime, and golden's machine equals those."""

import numpy as np
import pytest

from compress.frontend import onnx
from compress.frontend.refuse import NetworkRefusedError
from compress.scnn.assemble import assemble
from compress.scnn.fit import TOP
from compress.scnn.lower import lower
from compress.scnn.suit import suited
from compress.scnn.whole import quantise
from golden.scnn.layer import Pool, forward, pooled
from spec.scnn import preset
from tests.onnx_sample import ask, model, node
from tests.scnn_network import NETWORKS, SAME, network, normal
from tests.scnn_sample import golden_model, recover

NEAR = 0.002        # rms error of whole numbers, as a share of the answer


def made(name, spec, count=3):
    proto = NETWORKS[name]
    graph = onnx.from_model(proto, f"{name}.onnx")
    x = np.random.default_rng(5).normal(size=(count, *graph.shape)).astype(np.float32)
    graph = suited(graph)
    return quantise(spec, graph, lower(graph), x), x, ask(proto, x).reshape(count, -1)


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_equals_onnxruntime_and_golden_its_integers(name):
    spec = preset("default", rows=2, cols=2)
    whole, x, wanted = made(name, spec)
    error = np.sqrt(np.mean(np.square(whole.outputs - wanted)) / np.mean(np.square(wanted)))
    assert error < NEAR
    for rows, cols in (1, 1), (2, 2):
        spec = preset("default", rows=rows, cols=cols)
        assembly = assemble(spec, whole.layers, whole.lowered.shape, levels=[0] * len(whole.layers))
        for given in whole.inputs(x)[:2]:
            array = golden_model(assembly, given)
            array.run()
            output = assembly.mappings[-1].output
            np.testing.assert_array_equal(recover(spec, output, array.memories), forward(whole.layers, given)[output.name])
            assert not array.saturated
            assert array.overflow is None


def test_what_joins_which_layer():
    def steps(name):
        return [(step.kind, step.residual) for step in lower(onnx.from_model(NETWORKS[name], "x")).steps]

    assert steps("residual") == [("3x3", None), ("3x3, + residual", "a")]
    assert steps("residual after relu6") == [("3x3", None), ("3x3", None), ("1x1", None)]
    assert len(steps("residual, strided")) == 4
    assert steps("max pool") == [("3x3, max 2x2 /2x2", None)]
    assert steps("average pool") == [("3x3, mean 2x2 /2x2", None)]
    assert steps("average pool after relu") == [("3x3", None), ("mean 3x3 /2x2", None)]
    assert len(steps("concat")) == 3
    assert len(steps("concat, then relu and pool")) == 3
    assert steps("pad, then conv") == [("3x3 /2x2", None)]
    assert len(steps("pad that two read")) == 3             # the pool reads a layer that adds zeros
    assert [kind for kind, _ in steps("channel shuffle")] == ["3x3", "1x1", "3x3 in 2 groups"]
    assert [kind for kind, _ in steps("flatten and dense")] == ["3x3", "8x10", "1x1"]


def test_a_ceiling_is_where_16_bits_end():
    whole, x, wanted = made("relu6", preset("default", rows=1, cols=1))
    first = whole.lowered.steps[0].name
    assert whole.scales[first] * TOP == pytest.approx(2.0)
    graph = onnx.from_model(NETWORKS["relu6"], "x")
    assert forward(whole.layers, whole.inputs(50 * x)[0])[first].max() == TOP
    assert whole.measured[first].saturated == 0
    assert graph.layers[0].activation.ceiling == 2


def test_windows_may_end_after_the_plane_on_one_side():
    total = np.arange(-12, 0).reshape(1, 3, 4)
    pool = Pool(kind="max", size=(2, 2), stride=(2, 2), behind=(1, 0))
    assert pool.outputs((3, 4)) == (2, 2)
    assert pooled(pool, total).tolist() == [[[-7, -5], [-3, -1]]]


def test_no_input_makes_a_sum_wrong():
    """1,000 inputs of equal sign: the finest weights would leave 36 bits for some input, so coarser ones are taken and told."""
    proto = model([node("Conv", ["x", "k"])], {"k": np.full((1, 2000, 1, 1), 1.0, np.float32)}, ["N", 2000, 2, 2])
    graph = onnx.from_model(proto, "x")
    x = np.random.default_rng(1).normal(size=(4, 2000, 2, 2))
    whole = quantise(preset("default"), graph, lower(graph), x)
    layer = whole.layers[0]
    worst = np.abs(layer.weight.astype(np.int64)).sum() * 32768
    assert 2 ** 33 < worst < 2 ** 35
    assert len(whole.notices) == 1
    assert whole.notices[0].startswith("weights are coarser than 16 bits would allow, so that no input can make a sum leave")


@pytest.mark.parametrize("size", [1e200, 1e-200, 0.0])
def test_weights_far_from_1(size):
    """Too large is refused; too small, or nothing at all, is a network like others."""
    graph = onnx.from_model(network([node("Conv", ["x", "k"], **SAME)], k=normal(2, 3, 3, 3)), "x")
    object.__setattr__(graph.layers[0], "weight", np.full((2, 3, 3, 3), size))
    x = np.random.default_rng(1).normal(size=(2, *graph.shape))
    if size > 1:
        with pytest.raises(OverflowError, match=r"^y: outputs of the data must be below 1e\+100, not [0-9.]+e\+20[0-9]; scale"):
            quantise(preset("default"), graph, lower(graph), x)
        return
    whole = quantise(preset("default"), graph, lower(graph), x)
    assert whole.measured["y"].rms < 0.002
    assert whole.measured["y"].saturated == 0


def test_saturations_are_counted():
    graph = onnx.from_model(network([node("Conv", ["x", "k"], **SAME)], k=normal(2, 3, 3, 3)), "x")
    x = np.random.default_rng(1).normal(size=(2, *graph.shape))
    graph.ranges[graph.layers[0].name] = 1e-3
    whole = quantise(preset("default"), graph, lower(graph), x)
    assert whole.measured[whole.layers[0].name].saturated > 100


@pytest.mark.parametrize("nodes, weights, said", [
    ([node("Conv", ["x", "k"], dilations=[2, 2])], {}, "dilations must be \\[1, 1\\], not \\[2, 2\\]"),
    ([node("AveragePool", ["x"], kernel_shape=[3, 3], pads=[1, 1, 1, 1])], {},
     "mean of a window must be over as many values everywhere, not over 4 to 9; pad with count_include_pad=1"),
    ([node("Conv", ["x", "k"], "a", **SAME), node("Flatten", ["a"], "f"), node("Reshape", ["f", "s"], "g"),
      node("Conv", ["g", "l"])], {"s": np.array([0, 3, 8, 20]), "l": normal(2, 3, 1, 1)},
     "not 3 x 8 x 20; reshape only in front of a dense layer, or at most 2,048 elements in planes of 16 x 16"),
    ([node("Conv", ["x", "k"], "a", kernel_shape=[3, 3], pads=[1, 1, 10, 1]),
      node("Transpose", ["a"], "t", perm=[0, 1, 3, 2]), node("Conv", ["t", "l"])],
     {"l": normal(2, 6, 1, 1)}, "order of the elements must be that of channels, rows and columns, not another"),
    ([node("Conv", ["x", "k"], "a", **SAME), node("Concat", ["a", "x"], axis=2)], {}, "shapes must be alike but for the chan"),
    ([node("Conv", ["x", "k"], "a", **SAME), node("Concat", ["a", "a"], axis=2)], {}, "axis must be that of the channels"),
])
def test_what_the_array_cannot_do_is_named(nodes, weights, said):
    with pytest.raises(NetworkRefusedError, match=said):
        lower(onnx.from_model(network(nodes, **weights), "x.onnx"), "x.onnx")


@pytest.mark.parametrize("attributes, inputs, text", [
    ({"mode": "reflect"}, [0, 0, 1, 1, 0, 0, 1, 1], "mode must be constant, not reflect; give the padding to the Conv"),
    ({}, [0, 1, 0, 0, 0, 0, 0, 0], "pads must be 0 for batch and channels, .*not \\[0, 1, 0"),
    ({}, [0, 0, -1, 0, 0, 0, 0, 0], "pads must be 0 for batch and channels, and at least 0 for rows and columns, not")])
def test_padding_that_is_no_frame_of_zeros_is_refused(attributes, inputs, text):
    proto = network([node("Pad", ["x", "zeros"], "q", **attributes), node("Conv", ["q", "k"])], zeros=np.array(inputs))
    with pytest.raises(NetworkRefusedError, match=text):
        onnx.from_model(proto, "x")


def test_padding_with_another_number_is_refused():
    proto = network([node("Pad", ["x", "zeros", "value"], "q"), node("Conv", ["q", "k"])], value=np.float32(1),
                    zeros=np.array([0, 0, 1, 1, 0, 0, 1, 1]))
    with pytest.raises(NetworkRefusedError, match="constant_value must be 0, not 1"):
        onnx.from_model(proto, "x")


def test_elements_move_by_filters_of_one_weight_each():
    steps = [step for step in lower(onnx.from_model(NETWORKS["reshaped between convolutions"], "x")).steps]
    assert [step.kind for step in steps] == ["3x3", "8x10", "4x10", "3x3"]
    assert [np.count_nonzero(step.weight) for step in steps[1:3]] == [480, 480]
    graph = suited(onnx.from_model(NETWORKS["means of unequal windows"], "x"))
    assert [step.kind for step in lower(graph).steps] == ["3x3", "mean 3x3 /2x2", "4x5", "4x5", "1x1"]

"""Bounds of values: Relu, Clip and QuantizeLinear, wherever they stand, bound as in onnxruntime; none costs a layer in vain."""

import json

import numpy as np
import onnx
import pytest

from compress import eie as eie_host
from compress import image as images
from compress import scnn as array
from compress.frontend.execute import output
from compress.frontend.graph import INPUT
from compress.frontend.loose import loosened
from compress.frontend.onnx import from_model
from compress.frontend.write import save
from golden import eie, scnn
from golden import image as golden_image
from tests import onnx_sample
from tests.commands import leave
from tests.onnx_sample import model, node

RANDOM = np.random.default_rng(17)


def normal(*shape):
    return RANDOM.normal(size=shape).astype(np.float32)


W, V, K, L, ONE = normal(6, 5), normal(5, 4), normal(6, 3, 3, 3), normal(4, 6, 3, 3), normal(4, 6, 1, 1)
X, P = normal(200, 6), normal(40, 3, 6, 8)
SAME = {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]}


def kept(value, low, high, to):
    """A value quantised to 16 bits between two ends, and turned back: the grid is finer than that of an array."""
    step = (high - low) / 65535
    zero = int(np.clip(round(-low / step), 0, 65535))
    return [node("QuantizeLinear", [value, f"{to} s", f"{to} z"], f"{to} q", name=f"{to} q"),
            node("DequantizeLinear", [f"{to} q", f"{to} s", f"{to} z"], to)], {f"{to} s": np.float32(step),
                                                                               f"{to} z": np.uint16(zero)}


def graph(parts, shape, **weights):
    """A network of nodes and of lists of nodes with their weights, as ``kept`` returns them."""
    nodes = []
    for part in parts:
        nodes += part[0] if isinstance(part, tuple) else [part]
        weights |= part[1] if isinstance(part, tuple) else {}
    return model(nodes, weights, list(shape), opset=21, ir=10)


def flat(*parts, **weights):
    return graph(parts, ("N", 6), **{"w": W, "v": V} | weights)


def planes(*parts, **weights):
    return graph(parts, ("N", 3, 6, 8), **{"k": K, "l": L, "one": ONE} | weights)


FIRST = node("MatMul", ["x", "w"], "a")
CONV = node("Conv", ["x", "k"], "a", **SAME)
def called(name, proto):
    """The same network, its nodes called by names that the reader would give as well."""
    for number, one in enumerate(proto.graph.node):
        one.name = name[number]
    return proto


DENSE = {
    "between two layers": flat(FIRST, kept("a", -0.5, 1.1, "d"), node("MatMul", ["d", "v"])),
    "both ends above 0": flat(FIRST, kept("a", 0, 1.1, "d"), node("MatMul", ["d", "v"])),
    "both ends below 0": flat(FIRST, kept("a", -1.1, 0, "d"), node("MatMul", ["d", "v"])),
    "after the last layer": flat(FIRST, node("Relu", ["a"], "r"), node("MatMul", ["r", "v"], "b"), kept("b", -1.5, 0.7, "y")),
    "a relu ahead": flat(FIRST, node("Relu", ["a"], "r"), kept("r", -1.1, 1.1, "d"), node("MatMul", ["d", "v"])),
    "a relu after": flat(FIRST, kept("a", -0.5, 1.1, "d"), node("Relu", ["d"], "r"), node("MatMul", ["r", "v"])),
    "relu6 ahead of a narrower one": flat(FIRST, node("Clip", ["a", "low", "high"], "r"), kept("r", 0, 1.1, "d"),
                                          node("MatMul", ["d", "v"]), low=np.float32(0), high=np.float32(6)),
    "a clip ahead of a wider one": flat(FIRST, node("Clip", ["a", "low", "high"], "r"), kept("r", -2, 2, "d"),
                                        node("MatMul", ["d", "v"]), low=np.float32(-1), high=np.float32(0.5)),
    "one after another": flat(FIRST, kept("a", -0.9, 1.1, "d"), kept("d", -0.5, 1.4, "e"), node("MatMul", ["e", "v"])),
    "at the input": flat(kept("x", -0.7, 1.3, "d"), node("MatMul", ["d", "w"], "a"), node("Relu", ["a"], "r"),
                         node("MatMul", ["r", "v"])),
    "at the input, from 0": flat(kept("x", 0, 1.3, "d"), node("MatMul", ["d", "w"])),
    "a factor between": flat(FIRST, kept("a", -0.5, 1.1, "d"), node("Mul", ["d", "f"], "m"), node("Relu", ["m"], "r"),
                             node("MatMul", ["r", "v"]), f=np.float32(-4)),
    "names of the reader": called(["d q moved", "d q", "z", "d q from 0", "d q moved_2", "w"], flat(
        FIRST, kept("a", -0.5, 1.1, "d"), node("MatMul", ["d", "v"], "b"), kept("b", -1, 1.2, "y"))),
    "above alone": flat(FIRST, node("Clip", ["a", "", "high"], "r"), node("MatMul", ["r", "v"]), high=np.float32(0.5)),
    "at the input and at itself": flat(node("Relu", ["x"], "r"), kept("r", -1.3, 1.3, "d"), node("MatMul", ["d", "w"])),
}
PLANES = {
    "ahead of padding": planes(CONV, kept("a", -2, 3, "d"), node("Conv", ["d", "l"], **SAME)),
    "ahead of none": planes(CONV, kept("a", -2, 3, "d"), node("Conv", ["d", "one"])),
    "a maximum": planes(CONV, kept("a", -2, 3, "d"), node("MaxPool", ["d"], "p", kernel_shape=[2, 2], strides=[2, 2]),
                        kept("p", -2, 3, "e"), node("Conv", ["e", "one"])),
    "a maximum of what is bounded above alone": planes(
        CONV, node("Clip", ["a", "", "high"], "d"), node("MaxPool", ["d"], "p", kernel_shape=[3, 3], strides=[2, 2]),
        node("Conv", ["p", "one"]), high=np.float32(0.5)),
    "a mean, padded": planes(CONV, kept("a", -2, 3, "d"), node("AveragePool", ["d"], "p", **SAME, count_include_pad=1),
                             kept("p", -1, 1, "e"), node("Conv", ["e", "one"])),
    "a mean of all": planes(CONV, kept("a", -2, 3, "d"), node("GlobalAveragePool", ["d"], "p"), kept("p", -1, 1.5, "e"),
                            node("Conv", ["e", "one"])),
    "two sums": planes(CONV, kept("a", -2, 3, "d"), node("Conv", ["d", "m"], "b", **SAME), kept("b", -4, 5, "e"),
                       node("Add", ["d", "e"], "s"), node("Relu", ["s"], "t"), kept("t", 0, 4, "u"), node("Conv", ["u", "one"]),
                       m=normal(6, 6, 3, 3)),
    "channels side by side": planes(CONV, kept("a", -2, 3, "d"), node("Conv", ["x", "m"], "b", **SAME), kept("b", 0, 5, "e"),
                                    node("Concat", ["d", "e"], "s", axis=1), kept("s", -1, 4, "u"), node("Conv", ["u", "n"]),
                                    m=normal(2, 3, 3, 3), n=normal(4, 8, 1, 1)),
    "at the input": planes(kept("x", -0.7, 1.3, "d"), node("Conv", ["d", "k"], **SAME)),
    "read bounded and as it is": planes(CONV, kept("a", -2, 3, "d"), node("Add", ["a", "d"])),
    "part of the input": planes(node("Split", ["x", "sizes"], ["p", "q"], axis=1), kept("p", -0.7, 1.3, "d"),
                                node("Concat", ["d", "q"], "s", axis=1), node("Conv", ["s", "k"], **SAME),
                                sizes=np.array([1, 2])),
    "a sum with the input": planes(kept("x", -1, 1.2, "i"), node("Conv", ["i", "m"], "a", **SAME), kept("a", -2, 1, "d"),
                                   node("Add", ["d", "i"], "s"), kept("s", -1.5, 2, "y"), m=normal(3, 3, 3, 3)),
    "a dense layer after a mean": planes(CONV, node("GlobalAveragePool", ["a"], "p"), node("Flatten", ["p"], "f"),
                                node("MatMul", ["f", "u"], "b"), kept("b", -0.3, 0.2, "y"), u=normal(6, 3)),
    "after the last layer": planes(CONV, kept("a", -2, 3, "y")),
    "a normalised input": planes(node("Mul", ["x", "f"], "m"), node("Sub", ["m", "g"], "n"), kept("n", -0.7, 0.9, "d"),
                                 node("Conv", ["d", "k"], **SAME), f=np.float32(0.5), g=np.float32(0.2)),
}


def ask(proto, x):
    return onnx_sample.ask(proto, x, plain=True)


def off(found, wanted):
    wanted = wanted.reshape(len(wanted), -1)
    return np.sqrt(np.mean((found.reshape(len(found), -1) - wanted) ** 2) / np.mean(wanted ** 2))


@pytest.mark.parametrize("name, proto, x", [*((name, proto, X) for name, proto in DENSE.items()),
                                            *((name, proto, P) for name, proto in PLANES.items())])
def test_bounds_are_those_of_onnxruntime(name, proto, x):
    x = 2 * x
    assert off(output(from_model(proto), x), ask(proto, x)) < 1e-4


def built(proto, x, folder, *options):
    """The whole numbers of an image, as golden reads it, in real numbers; built with data that reach all bounds."""
    onnx.save(proto, folder / "net.onnx")
    np.save(folder / "x.npy", x)
    left = leave("compress.build", folder / "net.onnx", "-o", folder / "net.npz", "--data", folder / "x.npy", *options)
    assert left.code == 0, left.out + left.err
    return golden_image.load(folder / "net.npz")


@pytest.mark.parametrize("name", DENSE)
def test_an_eie_bounds_as_onnxruntime_does(name, tmp_path):
    image = built(DENSE[name], 2 * X, tmp_path, "--bits", "8", "--pes", "4")
    answers = eie.run(image, 2 * X).outputs * image.output_scale
    assert off(answers, ask(DENSE[name], 2 * X)) < 2e-3


@pytest.mark.parametrize("name", PLANES)
def test_an_scnn_bounds_as_onnxruntime_does(name, tmp_path):
    image = built(PLANES[name], 2 * P[:8], tmp_path, "--design", "scnn", "--preset", "ecp5", "--level", "0")
    whole, _ = array.inputs(array.load(tmp_path / "net.npz"), 2 * P[:8])
    found = np.array([scnn.run(image, x, crossbars=False).outputs for x in whole]) * image.output_scale
    assert off(found, ask(PLANES[name], 2 * P[:8])) < 2e-3


@pytest.mark.parametrize("name, layers", [
    ("between two layers", 2), ("a relu ahead", 2), ("a relu after", 2), ("relu6 ahead of a narrower one", 2),
    ("one after another", 2), ("at the input", 2), ("at the input, from 0", 1), ("after the last layer", 3)])
def test_what_can_be_taken_in_is_no_layer(name, layers):
    assert len(from_model(DENSE[name]).layers) == layers


@pytest.mark.parametrize("name, layers", [("ahead of none", 2), ("a maximum", 3), ("a mean of all", 4), ("at the input", 1),
                                          ("a maximum of what is bounded above alone", 4), ("ahead of padding", 3),
                                          ("a normalised input", 2), ("two sums", 6)])
def test_what_can_be_taken_in_is_no_layer_of_planes(name, layers):
    network = from_model(PLANES[name])
    assert len(network.layers) == layers
    assert all(len(set(layer.nodes)) == len(layer.nodes) for layer in network.layers)


INPUTS = [(DENSE["at the input"], X, ("--bits", "8", "--pes", "4")),
          (PLANES["at the input"], P[:8], ("--design", "scnn", "--preset", "ecp5", "--level", "0"))]


@pytest.mark.parametrize("proto, x, options", INPUTS, ids=["eie", "scnn"])
@pytest.mark.full
def test_the_simulator_keeps_inputs_as_the_network_does(proto, x, options, tmp_path):
    """An input of 100 counts as one of 1.3, and has not saturated, as real numbers and as whole ones."""
    built(proto, x, tmp_path, *options)
    far = (100 * x[:3]).astype(np.float32)
    np.save(tmp_path / "far.npy", far)
    left = leave("sim.run", tmp_path / "net.npz", "--input", tmp_path / "far.npy", "--outputs", tmp_path / "y.npy", "--json",
                 tmp_path / "run.json", "--out", tmp_path / "run")
    assert left.code == 0, left.out + left.err
    assert off(np.load(tmp_path / "y.npy"), ask(proto, far)) < 2e-3
    figures = json.loads((tmp_path / "run.json").read_text())
    assert figures["inputs_saturated"] == 0 and figures["warnings"] == []
    assert figures.get("float_error", 0) < 2e-3
    np.testing.assert_array_equal(np.load(tmp_path / "y.npy"), _integers(tmp_path, far))


@pytest.mark.parametrize("proto, x, options", INPUTS, ids=["eie", "scnn"])
def test_inputs_beyond_what_the_data_had_are_kept_by_the_host(proto, x, options, tmp_path):
    """The image says between which numbers, and both readers keep them: real numbers and whole ones."""
    image = built(proto, x, tmp_path, *options)
    assert np.allclose(np.array(image.input_bounds) * image.input_scale, (-0.7, 1.3), atol=image.input_scale)
    loaded, far = images.load(tmp_path / "net.npz"), (100 * x[:3]).astype(np.float32)
    stage = eie_host if hasattr(loaded, "layers") else array
    kept, saturated = stage.inputs(loaded, far)
    assert saturated == 0 and (kept.min(), kept.max()) == image.input_bounds
    steps = np.clip(np.rint(far / image.input_scale), -32768, 32767).astype(np.int16)
    np.testing.assert_array_equal(stage.inputs(loaded, steps)[0], kept)
    if stage is array:
        found = np.array([scnn.run(image, one, crossbars=False).outputs for one in np.sign(kept) * np.int16(32767)])
    else:
        found = eie.run(image, far).outputs
        assert eie.run(image, far).clipped == 0
    assert off(found * image.output_scale, ask(proto, far)) < 2e-3


def _integers(folder, far):
    """The same inputs as whole numbers, which are kept alike."""
    image = golden_image.load(folder / "net.npz")
    np.save(folder / "far.npy", np.clip(np.rint(far / image.input_scale), -32768, 32767).astype(np.int16))
    left = leave("sim.run", folder / "net.npz", "--input", folder / "far.npy", "--outputs", folder / "y2.npy", "--out",
                 folder / "run")
    assert left.code == 0, left.out + left.err
    return np.load(folder / "y2.npy")


def test_a_softmax_between_whole_numbers_is_left_to_the_host():
    """As onnxruntime's quantiser writes it; what is ahead of it is bounded, and turned back to real numbers, in the machine."""
    proto = flat(FIRST, kept("a", -0.5, 1.1, "d"), node("Softmax", ["d"], "s"), kept("s", 0, 1, "y"))
    network = from_model(proto)
    assert [name.partition(" (")[2] for name in network.host] == ["Softmax)", "QuantizeLinear)", "DequantizeLinear)"]
    found = np.exp(output(network, 2 * X))
    assert off(found / found.sum(1, keepdims=True), ask(proto, 2 * X)) < 1e-4


def test_bounds_that_leave_one_value_are_refused_by_name():
    proto = flat(FIRST, node("Clip", ["a", "low", "high"], "r"), node("Clip", ["r", "low", "least"], "d"),
                 node("MatMul", ["d", "v"]), low=np.float32(2), high=np.float32(6), least=np.float32(3))
    assert from_model(proto).layers[0].activation.ceiling == pytest.approx(1)
    proto = flat(FIRST, node("Clip", ["a", "low", "high"], "r"), kept("r", -1, 1, "d"), node("MatMul", ["d", "v"]),
                 low=np.float32(2), high=np.float32(6))
    with pytest.raises(ValueError, match=r"node d q \(QuantizeLinear\) must leave more than one value of what r \("):
        from_model(proto)


def test_a_bound_that_no_value_reaches_is_refused_by_name():
    """One more than a ReLU gives is never below 1."""
    proto = flat(FIRST, node("Relu", ["a"], "r"), node("Add", ["r", "one"], "b"), node("Mul", ["r", "one"], "c"),
                 kept("b", -2, 0.9, "d"), node("Add", ["c", "d"], "e"), node("MatMul", ["e", "v"]), one=np.float32(1))
    with pytest.raises(ValueError, match=r"node d q \(QuantizeLinear\) must leave more than one value, not 0.* from 1 to inf"):
        from_model(proto)


@pytest.mark.parametrize("low, high, left", [(-65504, 65504, "-65504 and 65504"), (-65504, 0.5, "-65504"), (0, 65504, "65504"),
                                             (-0.5, 65504, "65504"), (None, 65504, "65504")])
@pytest.mark.parametrize("machine", ["eie", "scnn"])
def test_an_end_far_beyond_the_data_does_not_make_steps_coarse(machine, low, high, left, tmp_path):
    """As networks for half precision have them: what data reach sets the steps, and the build says so."""
    ends = ["" if low is None else "low", "high"]
    weights = {name: np.float32(end) for name, end in (("low", low), ("high", high)) if end is not None}
    if machine == "eie":
        proto, x = flat(FIRST, node("Clip", ["a", *ends], "d"), node("MatMul", ["d", "v"]), **weights), X
        options = ["--bits", "8"]
    else:
        proto, x = planes(CONV, node("Clip", ["a", *ends], "d"), node("Conv", ["d", "l"], **SAME), **weights), P[:8]
        options = ["--design", "scnn", "--preset", "ecp5", "--level", "0"]
    image = built(proto, x, tmp_path, *options, "--json", tmp_path / "facts.json")
    notices = json.loads((tmp_path / "facts.json").read_text())["notices"]
    assert any(notice.startswith(f"d (Clip): no bound at {left}, for the inputs given reach") for notice in notices)
    if machine == "eie":
        answers = eie.run(image, x).outputs
    else:
        whole, _ = array.inputs(array.load(tmp_path / "net.npz"), x)
        answers = np.array([scnn.run(image, one, crossbars=False).outputs for one in whole])
    assert off(answers * image.output_scale, ask(proto, x)) < 2e-3


def test_ends_that_data_reach_stay():
    network = from_model(DENSE["between two layers"])
    assert loosened(network, X) is network and loosened(network, X / 3) is network


def test_a_range_is_that_of_the_value_that_was_quantised():
    """A maximum of bounded values is bounded; the file's range is that of the maximum."""
    network = from_model(PLANES["a mean of all"])
    assert network.ranges == {}
    network = from_model(planes(CONV, node("Relu", ["a"], "r"), kept("r", 0, 3, "d"), kept("d", 0, 4, "e"),
                                node("Conv", ["e", "one"])))
    assert network.layers[0].activation.ceiling == pytest.approx(3)
    assert network.ranges.keys() <= {network.layers[0].name} and INPUT not in network.ranges


def test_a_network_that_is_written_keeps_its_bounds(tmp_path):
    network = from_model(DENSE["at the input"])
    save(network, tmp_path / "net.onnx")
    again = from_model(onnx.load(tmp_path / "net.onnx"))
    assert again.bounds == pytest.approx(network.bounds) and again.bounds is not None
    assert off(output(again, 2 * X), output(network, 2 * X)) < 1e-6

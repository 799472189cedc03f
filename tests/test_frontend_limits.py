"""What a QuantizeLinear keeps: a range from or to 0 is an activation, another one is compared with the data, none is stale."""

import numpy as np
import onnx
import pytest

from compress.frontend.execute import output
from compress.frontend.limits import beyond
from compress.frontend.onnx import from_model
from tests.commands import leave
from tests.onnx_sample import ask, model, node

RANDOM = np.random.default_rng(17)
W, V = (RANDOM.normal(size=size).astype(np.float32) for size in ((6, 5), (5, 4)))
X = RANDOM.normal(size=(200, 6)).astype(np.float32)


def quantised(*nodes, zero, last, **weights):
    """A dense layer, its outputs quantised to 8 bits, then ``nodes`` from ``d`` to ``last``, and another dense layer."""
    made = [node("MatMul", ["x", "w"], "a"), node("QuantizeLinear", ["a", "s", "z"], "q"),
            node("DequantizeLinear", ["q", "s", "z"], "d"), *nodes, node("MatMul", [last, "v"])]
    return model(made, {"w": W, "v": V, "s": np.float32(0.01), "z": np.uint8(zero)} | weights, ["N", 6])


@pytest.mark.parametrize("zero", [0, 255])
def test_a_range_that_ends_at_0_is_an_activation(zero):
    proto = quantised(zero=zero, last="d")
    network = from_model(proto)
    assert not network.limits
    wanted = ask(proto, X)
    assert np.sqrt(np.mean((output(network, X) - wanted) ** 2) / np.mean(wanted ** 2)) < 0.01


def test_a_range_that_cuts_off_values_of_the_data_is_told():
    """As onnxruntime's quantiser writes a Clip from -0.5 to 2.05: the Clip is gone."""
    network = from_model(quantised(zero=50, last="d"))
    assert [(round(low, 3), round(high, 3), name) for low, high, name in network.limits.values()] == [
        (-0.5, 2.05, "q (QuantizeLinear)")]
    line, = beyond(network, X)
    assert line.startswith("q (QuantizeLinear) keeps -0.5 to 2.05, and ")
    assert beyond(network, X / 100) == []


@pytest.mark.parametrize("options", [["--design", "scnn"], ["--bits", "8", "--pes", "4"]])
def test_the_build_tells_it(options, tmp_path):
    onnx.save(quantised(zero=50, last="d"), tmp_path / "net.onnx")
    np.save(tmp_path / "x.npy", X)
    left = leave("compress.build", tmp_path / "net.onnx", "-o", tmp_path / "net.npz", "--data", tmp_path / "x.npy", *options)
    assert left.code == 0
    assert "lie beyond: a Clip may have been folded into it" in left.out + left.err


@pytest.mark.parametrize("factor", [4.0, 0.25])
def test_a_range_is_that_of_the_value_that_was_quantised(factor):
    """A factor behind joins the layer: the range that the file states is no longer that of the layer's outputs."""
    proto = quantised(node("Mul", ["d", "f"], "m"), node("Relu", ["m"], "r"), zero=128, last="r", f=np.float32(factor))
    network = from_model(proto)
    assert network.ranges == {}
    assert network.limits == {}
    assert from_model(quantised(zero=128, last="d")).ranges.keys() == {"a"}

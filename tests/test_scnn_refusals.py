"""Layers and machines that the array cannot hold: one line that says what must be and what to do, and nothing else."""

import numpy as np
import pytest

from compress.scnn import image
from compress.scnn.assemble import assemble
from golden.scnn.layer import Layer, Pool
from spec.scnn import preset
from tests.commands import leave


def one(outputs, inputs, side, **rest):
    """A layer of ones."""
    return Layer(name="a", inputs=("input",), weight=np.ones((outputs, inputs, side, side), np.int16), **rest)


@pytest.mark.parametrize("changes, layer, shape, text", [
    ({}, one(1, 1, 1), (1, 70000, 1), "^plane of input must be at most 65536 x 65536, not 70000 x 1; cut it"),
    ({"pes": 256}, one(1, 1, 1), (1, 1, 60000), "^a must fit the array; at level 0 cols of a tile must be at most 511"),
    ({"pes": 1}, one(1, 1, 3), (1, 200, 200), "^a must fit the array; at level 0 accumulators of a tile of 202 x 202 must be"),
    ({}, one(4, 4, 9), (4, 3, 3), "^a must fit the array; at level 0 plane must be at least as large as the filter"),
    ({"pes": 1, "memory_words": 64}, one(4, 300, 1), (300, 4, 4), "^activations of input must fit memory_words, not need"),
    ({"pes": 1, "blocks": 16}, one(4, 30, 1), (30, 4, 4), "^blocks of input must fit 16, not need 30"),
    ({"pes": 1, "taps": 16}, one(1, 1, 5), (1, 9, 9), "^taps of all layers together must be at most 16, not 25"),
    ({}, one(4, 5, 3), (4, 8, 8), "^a must fit the array; at level 0 inputs must be 5, not 4"),
    ({"pes": 1}, one(1, 1, 1, pool=Pool(kind="max", size=(5, 5), stride=(1, 1), pad=(2, 2), behind=(2, 2))), (1, 8, 8),
     "^a: windows beyond an edge must be one, not several, of 5 with a step of 1; pad at most a step"),
])
def test_what_the_array_cannot_hold_is_refused_with_its_rule(changes, layer, shape, text):
    with pytest.raises(ValueError, match=text):
        assemble(preset("default", **changes), [layer], shape)


def test_a_program_that_is_too_long_is_refused():
    names = "abcdefghij"
    layers = [Layer(name=new, inputs=(old,), weight=np.ones((1, 1, 1, 1), np.int16))
              for old, new in zip(("input", *names), names, strict=False)]
    with pytest.raises(ValueError, match="^program of lanes must fit 16 words, not 30; take --program 64"):
        assemble(preset("default", pes=1, program=16), layers, (1, 3, 3))
    with pytest.raises(ValueError, match="^layers must be at most 4, not 10; take --layers 10"):
        assemble(preset("default", pes=1, layers=4), layers, (1, 3, 3))


def test_an_accumulator_that_could_overflow_is_refused():
    layers = [Layer(name="a", inputs=("input",), weight=np.full((1, 8, 3, 3), 32767, np.int16))]
    with pytest.raises(OverflowError, match="^sums of a must fit 36 bits, not 38; take smaller weights or inputs"):
        image.of(assemble(preset("default", pes=1), layers, (8, 4, 4)))


def test_dilation_is_refused_in_one_line(tmp_path, monkeypatch):
    from onnx import TensorProto, helper, numpy_helper, save
    monkeypatch.chdir(tmp_path)
    weight = numpy_helper.from_array(np.ones((2, 1, 3, 3), np.float32), "w")
    node = helper.make_node("Conv", ["x", "w"], ["y"], name="wide", dilations=[2, 2])
    graph = helper.make_graph([node], "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 1, 8, 8])],
                              [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 2, 4, 4])], [weight])
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)]), "net.onnx")
    left = leave("compress.build", "--design", "scnn", "net.onnx", "-o", "net.npz", "--input-range=0,1")
    assert left.code == 2 and "dilation" in left.err and left.err.count("\n") == 1, left.err
    assert [path.name for path in tmp_path.iterdir()] == ["net.onnx"]

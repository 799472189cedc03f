"""The SCNN array with a weight memory: the same values and cycles as with a stream, run after run."""

from functools import partial

import numpy as np
import pytest

from compress.actions import ReadRegister, Send, Wait, WriteRegister
from compress.scnn import load_actions, run_actions, stream
from compress.scnn.assemble import assemble
from golden.scnn.layer import Layer
from rtl.scnn import generate
from sim.scnn.cases import case
from sim.session import hold
from spec.scnn import preset

SMALL = {"rows": 1, "cols": 1, "weight_memory": 512}
SHAPES = {"word": SMALL, "two transfers a word": SMALL | {"f": 4, "banks": 16},
          "two words per transfer": SMALL | {"weight_port_bits": 128, "weight_memory": 300}}
RUNS = 3


def runs(image, x, limit):
    """Load an image once and run an input on it several times."""
    yield from load_actions(image)
    results = []
    for _ in range(RUNS):
        results.append((yield from run_actions(image, x, limit=limit)))
    return results


def late():
    """Start with layer 1: the weights that the memory gives first are those of layer 0."""
    yield WriteRegister("layers", {"first": 1, "count": 1})
    yield WriteRegister("flags", {"refused": 1})
    yield WriteRegister("control", {"start": 1})
    return (yield Wait("refused", limit=100, what="the refusal"))


def far(words):
    """Write the last word of the memory, and the one after it."""
    yield Send(stream.packet("weights", words - 1, [0]))
    inside = yield ReadRegister("flags")
    yield Send(stream.packet("weights", words, [0]))
    return inside, (yield Wait("range", limit=100, what="the range flag"))


@pytest.mark.parametrize("name", [name if name == "two transfers a word" else pytest.param(name, marks=pytest.mark.full)
                                  for name in SHAPES])
def test_runs_from_the_memory_are_those_of_a_stream(name):
    spec = preset("ecp5", **SHAPES[name])
    one = case(spec, seed=1)
    built = generate(spec)
    assert not any(port["name"].startswith("s_weight") for port in built.manifest["ports"])
    wanted = sum(counters.cycles for counters in one.golden.counters)
    found = hold(built, [partial(runs, one.image, one.x, 4 * wanted + 1000), late, partial(far, spec.stored_words)])
    results, refusal, (inside, beyond) = (answer.value for answer in found)
    for result in results:
        assert result.outputs.tolist() == one.golden.outputs.tolist()
        assert abs(result.counters["cycles"] - wanted) <= 0.01 * wanted
    assert refusal["refused"] and not inside["range"] and beyond["range"]


def test_weights_beyond_the_memory_are_refused_before_anything_is_made():
    layer = Layer(name="a", inputs=("input",), weight=np.ones((4, 3, 3, 3), np.int16), bias=np.zeros(4, np.int32),
                  pad=(1, 1, 1, 1), shift=4)
    with pytest.raises(ValueError, match=r"weights must fit 8 transfers of 64 bits, not \d+; take a larger weight_memory"):
        assemble(preset("ecp5", **SMALL | {"weight_memory": 8}), [layer], (3, 6, 6))


def test_the_port_of_a_memory_is_a_power_of_two_of_words():
    with pytest.raises(ValueError, match="weight_port_bits must be one of 64, 128, 256, 512 with weight_memory, not 96"):
        preset("ecp5", weight_memory=64, weight_port_bits=96)

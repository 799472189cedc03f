"""Pruning by sensitivity keeps what the answers need: a layer that matters little gives up most of its weights."""
import numpy as np
import pytest

from compress.frontend.execute import output, run
from compress.frontend.graph import INPUT, Activation, Add, Conv, Dense, Network
from compress.pruner import pruner
from compress.scnn.source import kept
from compress.sensitivity import densities, pruned

RNG = np.random.default_rng(17)


def network():
    """Two convolutions, then a dense layer that hears half of the channels."""
    hears = np.zeros((3, 8, 6, 6))
    hears[:, :4] = RNG.normal(size=(3, 4, 6, 6))
    return Network(name="net", shape=(2, 6, 6), layers=(
        Conv(name="a", inputs=(INPUT,), shape=(4, 6, 6), picture=(2, 6, 6), pads=(1, 1, 1, 1), activation=Activation(relu=True),
             weight=RNG.normal(size=(4, 2, 3, 3))),
        Conv(name="b", inputs=("a",), shape=(8, 6, 6), picture=(4, 6, 6), pads=(1, 1, 1, 1), activation=Activation(relu=True),
             weight=RNG.normal(size=(8, 4, 3, 3))),
        Dense(name="c", inputs=("b",), shape=(3,), weight=hears.reshape(3, -1))))


def error(less, given, x):
    wanted = output(given, x)
    return np.sqrt(np.mean(np.square(output(less, x) - wanted)) / np.mean(np.square(wanted)))


@pytest.mark.parametrize("density", [0.8, 0.5, 0.3, 0.1])
def test_it_keeps_at_most_the_share_and_errs_less_than_by_magnitude(density):
    given, x = network(), RNG.normal(size=(20, 72))
    less = pruned(given, densities(given, density, x))
    assert kept(less) <= density
    assert kept(less) > 0.8 * min(density, kept(given))
    assert error(less, given, x) <= error(pruner(given, "magnitude", density)(given), given, x) * 1.02
    same = pruner(given, "sensitivity", density, x)(given)
    assert error(same, given, x) == error(less, given, x)


def test_a_layer_that_is_hardly_heard_gives_up_its_weights():
    x = RNG.normal(size=(20, 72))
    loud, quiet = (Conv(name=name, inputs=(INPUT,), shape=(4, 6, 6), picture=(2, 6, 6), pads=(1, 1, 1, 1),
                        weight=RNG.normal(size=(4, 2, 3, 3)) * size) for name, size in (("p", 1), ("q", 0.001)))
    made = densities(Network(name="net", shape=(2, 6, 6), layers=(
        loud, quiet, Add(name="s", inputs=("p", "q"), shape=(4, 6, 6)))), 0.55, x)
    assert made["p"] >= 0.9
    assert made["q"] <= 0.2


def test_too_small_a_share_is_refused():
    with pytest.raises(ValueError, match="^density must be at least 0.03, the least that a layer is tried at; take a"):
        densities(network(), 0.01, RNG.normal(size=(5, 72)))


def test_known_values_are_taken_as_they_are():
    given, x = network(), RNG.normal(size=(4, 72))
    values = run(given, x)
    again = run(given, x, {"a": values["a"], "b": 2 * values["b"]})
    np.testing.assert_allclose(again["c"], 2 * values["c"])

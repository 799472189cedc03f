"""Networks from files are trained on: slopes are those of small differences, zeros stay, shared values stay shared."""
import json
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits

from compress.eie.load import load
from compress.frontend.execute import output, run
from compress.frontend.graph import Conv, Dense, Network
from compress.frontend.onnx import from_model
from compress.frontend.sklearn import from_perceptron
from compress.pruner import KINDS, pruner
from compress.scnn import digits
from compress.scnn.share import shared as few_values
from compress.scnn.source import Request, build
from compress.tune.backward import slopes
from compress.tune.lesson import Lesson, held_back
from compress.tune.stage import read_passes
from compress.tune.train import Tuning, centroids, grouped, masked
from spec.scnn import preset
from tests.commands import leave
from tests.scnn_network import NETWORKS

STEP = 1e-6


@pytest.fixture(scope="module")
def perceptron():
    """A classifier trained on four of five digits of 0 to 16, and what was held back."""
    x, y = load_digits(return_X_y=True)
    x = x.astype(np.float32)
    held = held_back(len(x), y)
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore")
        model = MLPClassifier((64, 32), max_iter=40, random_state=0).fit(x[~held], y[~held])
    return from_perceptron(model), (x[~held], y[~held]), (x[held], y[held])


def right(network, given):
    return int((output(network, given[0]).argmax(1) == given[1]).sum())


def doubled(network):
    """The same network with weights in double precision that may be changed."""
    return replace(network, layers=tuple(
        replace(layer, weight=np.array(layer.weight, np.float64),
                bias=None if layer.bias is None else np.array(layer.bias, np.float64))
        if isinstance(layer, Conv | Dense) else layer for layer in network.layers))


@pytest.mark.parametrize("name", NETWORKS)
def test_slopes_are_those_of_small_differences(name):
    network, rng = doubled(from_model(NETWORKS[name], name)), np.random.default_rng(5)
    last, x = network.layers[-1].name, rng.normal(size=(3, network.size))
    values = run(network, x)
    weigh = rng.normal(size=values[last].shape)
    found = slopes(network, values, weigh)
    layers = [layer for layer in network.layers if isinstance(layer, Conv | Dense)]
    assert set(found) == {layer.name for layer in layers}
    for layer in layers:
        for slope, array in zip(found[layer.name], (layer.weight, layer.bias), strict=True):
            for _ in range(3 * (array is not None)):
                place = tuple(int(rng.integers(size)) for size in array.shape)
                kept, sums = array[place], []
                for change in (STEP, -STEP):
                    array[place] = kept + change
                    sums.append((run(network, x)[last] * weigh).sum())
                array[place] = kept
                assert slope[place] == pytest.approx((sums[0] - sums[1]) / (2 * STEP), rel=1e-4, abs=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_masks_stay_and_accuracy_comes_back(perceptron, kind):
    network, seen, held = perceptron
    cut = pruner(network, kind, 0.15, seen[0], pes=8)
    tuned = masked(network, cut, Lesson(inputs=seen[0], labels=seen[1]), Tuning(masked=20))
    before, after, dense = right(cut(network), held), right(tuned, held), right(network, held)
    assert before < dense - 50                  # 15 % of the weights without training on
    assert after >= dense - 0.04 * len(held[1])
    weights = [layer.weight for layer in tuned.layers]
    assert sum(map(np.count_nonzero, weights)) <= 0.15 * sum(weight.size for weight in weights)
    if kind == "balanced":
        for weight in weights:
            work = [np.count_nonzero(weight[pe::8]) for pe in range(8)]
            assert max(work) - min(work) <= 1


def test_what_is_zero_in_a_file_stays_zero_and_frozen_layers_stay(perceptron):
    network, seen, _ = perceptron
    holes = replace(network, layers=tuple(replace(layer, weight=layer.weight * (np.abs(layer.weight) > 0.05))
                                          for layer in network.layers))
    tuned = masked(holes, pruner(holes, "magnitude", None), Lesson(inputs=seen[0], labels=seen[1]), Tuning(masked=1),
                   frozen=frozenset({"fc2"}))
    for old, new in zip(holes.layers, tuned.layers, strict=True):
        assert not new.weight[old.weight == 0].any()
        assert (np.abs(new.weight - old.weight).max() > 1e-4) == (old.name != "fc2")


def test_without_classes_the_answers_are_those_of_before(perceptron):
    network, seen, held = perceptron
    wanted = output(network, seen[0])
    cut = pruner(network, "magnitude", 0.1)
    tuned = masked(network, cut, Lesson(inputs=seen[0], wanted=wanted.astype(np.float32)), Tuning(masked=10))
    change = [np.square(output(less, held[0]) - output(network, held[0])).mean() for less in (cut(network), tuned)]
    assert change[1] < 0.2 * change[0]


def test_shared_values_move_and_stay_shared():
    network = digits.network()
    (pictures, labels), held = digits.images()
    coarse = few_values(network, 2)             # two values per layer
    x = pictures.reshape(len(pictures), -1)
    given = Lesson(inputs=x.astype(np.float32)[::4], labels=labels[::4])
    tuned, found = centroids(coarse, grouped(coarse), given, Tuning(shared=2))
    assert _loss(tuned, given) < _loss(coarse, given)
    for old, new in zip(coarse.layers, tuned.layers, strict=True):
        if hasattr(old, "weight"):
            assert len(np.unique(new.weight)) == len(np.unique(old.weight)) <= 3
            assert ((new.weight == 0) == (old.weight == 0)).all()
    layers = [layer for layer in tuned.layers if hasattr(layer, "weight")]
    for codes, book, layer in zip(found.codes, found.book, layers, strict=True):
        np.testing.assert_allclose(found.centroids[book][codes.toarray()], layer.weight.reshape(codes.shape), rtol=1e-6)


def _loss(network, given):
    answers = output(network, given.inputs)
    largest = answers.max(1, keepdims=True)
    logs = answers - largest - np.log(np.exp(answers - largest).sum(1, keepdims=True))
    return -logs[np.arange(len(given.labels)), given.labels].mean()


@pytest.mark.parametrize("text, data, rule", [
    ("20", "x", "passes over the data must be two numbers, with masks and with shared weights, not '20'; write --passes 20,5"),
    ("a,2", "x", "passes over the data must be two numbers, .*not 'a,2'"), ("0,0", "x", "passes must be at least 0 .*not 0,0"),
    ("5,0", None, "passes must come with the data to train on, not alone; give these with --data FILE")])
def test_passes_that_cannot_be_are_refused(text, data, rule):
    with pytest.raises(ValueError, match=rule):
        read_passes(text, data)


def test_few_inputs_are_refused_and_a_fifth_of_each_class_is_held_back():
    with pytest.raises(ValueError, match="data must be at least 10 inputs to train on, not 9; give more, or leave out"):
        held_back(9, None)
    labels = np.repeat([0, 1, 2], [50, 20, 30])
    held = held_back(100, labels)
    assert [int(held[labels == number].sum()) for number in range(3)] == [10, 4, 6]


def test_shared_passes_need_codes():
    network = digits.network()
    data = np.zeros((10, 64))
    spec = preset("default")
    with pytest.raises(ValueError, match="passes with shared weights must be 0 where an array's weights are no codes, not 2; "
                                         "take --weight-code-bits 4, or --passes 3,0"):
        build(network, Path("net"), spec, Request(preset=spec, tuning=Tuning(masked=3, shared=2)), data)


def test_one_output_is_trained_as_a_logistic_one():
    rng = np.random.default_rng(2)
    x = rng.normal(size=(200, 6)).astype(np.float32)
    labels = (x[:, 0] - x[:, 1] > 0).astype(int)
    network = Network(name="one", shape=(6,), layers=(
        Dense(name="d", inputs=("input",), shape=(1,), weight=rng.normal(size=(1, 6)), bias=np.zeros(1)),))
    tuned = masked(network, pruner(network, "magnitude", None), Lesson(inputs=x, labels=labels), Tuning(masked=60))
    assert ((output(tuned, x)[:, 0] > 0) == labels).mean() > 0.93


def files(folder, perceptron):
    network, seen, held = perceptron
    np.savez(folder / "net.npz", **{f"{layer.name}.{part}": getattr(layer, part)
                                    for layer in network.layers for part in ("weight", "bias")})
    np.save(folder / "x.npy", np.concatenate([seen[0], held[0]]))
    np.save(folder / "y.npy", np.concatenate([seen[1], held[1]]))
    return [str(folder / name) for name in ("net.npz", "x.npy", "y.npy")]


def test_the_command_trains_a_file_on_and_tells_each_step(tmp_path, perceptron):
    network, x, y = files(tmp_path, perceptron)
    left = leave("compress.build", network, "-o", tmp_path / "net_image.npz", "--pes", "8", "--density", "0.15",
                 "--codebook-bits", "3", "--data", x, "--labels", y, "--passes", "8,2", "--json", tmp_path / "r.json",
                 "--report", tmp_path / "r.html")
    assert (left.code, left.faults) == (0, [])
    facts = json.loads((tmp_path / "r.json").read_text())
    steps = ["float", "pruned", "pruned+trained", "shared", "shared+trained", "integer"]
    assert list(facts["accuracy"]) == steps and facts["tried"] == 359 and facts["vectors"] == 1438
    accuracy = facts["accuracy"]
    assert accuracy["pruned"] < 0.6 and accuracy["pruned+trained"] > 0.92
    assert accuracy["integer"] == pytest.approx(accuracy["shared+trained"], abs=0.01)
    page = (tmp_path / "r.html").read_text()
    assert all(step in page for step in steps)
    image = load(tmp_path / "net_image.npz")
    assert sum(layer.nonzeros for layer in image.layers) <= 0.15 * 6496

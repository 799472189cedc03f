"""The convolutional example: gradients of its training, its stored weights, and its image on golden."""
import json

import numpy as np
import pytest

from compress.cnn import Network, Recipe, answers, train
from compress.frontend.execute import output
from compress.scnn import digits
from compress.scnn.image import save
from compress.scnn.size import free
from compress.scnn.source import Request, Trial, build
from golden import scnn
from spec.scnn import preset
from tests.commands import leave


@pytest.fixture(scope="module")
def example():
    (seen, _), (held, labels) = digits.images()
    spec = preset("default")
    return build(digits.network(), digits.WEIGHTS, spec, Request(preset=spec, free=free()),
                 seen.reshape(len(seen), -1), before=digits.network("dense"),
                 trial=Trial(inputs=held.reshape(len(held), -1), labels=labels)), held, labels


def loss(model, pictures, labels):
    given = model.forward(pictures)
    given = given - given.max(1, keepdims=True)
    return -np.mean((given - np.log(np.exp(given).sum(1, keepdims=True)))[np.arange(len(labels)), labels])


@pytest.mark.parametrize("number", [0, 1, 2, 3])
def test_slopes_are_those_of_the_loss(number):
    """The slope of each kind of parameter is the change of the loss with it."""
    rng = np.random.default_rng(number)
    model = Network(Recipe(convolutions=((3, 3, 1, 1), (4, 2, 0, 2)), hidden=(5,)), 8, 10)
    for layer in model.layers:
        layer.weight, layer.bias = layer.weight.astype(float), rng.normal(size=layer.bias.shape)
    pictures, labels = rng.random((6, 8, 8)).astype(np.float32), rng.integers(0, 10, 6)
    given = model.forward(pictures)
    slope = np.exp(given) / np.exp(given).sum(1, keepdims=True)
    slope[np.arange(6), labels] -= 1
    slope = (slope / 6).reshape(6, 1, 1, -1)
    for at in range(len(model.layers) - 1, number - 1, -1):
        weight, bias, slope = model.layers[at].backward(slope, first=at == 0)
    for array, found in ((model.layers[number].weight, weight), (model.layers[number].bias, bias)):
        place = np.unravel_index(np.abs(found).argmax(), found.shape)
        ends = []
        for step in (1e-5, -2e-5):
            array[place] += step
            ends.append(loss(model, pictures, labels))
        assert found[place] == pytest.approx((ends[0] - ends[1]) / 2e-5, rel=1e-3)


def test_training_prunes_and_shares():
    (pictures, labels), _ = digits.images()
    recipe = Recipe(convolutions=((6, 3, 1, 2), (8, 3, 1, 2)), density=(0.5, 0.3, 0.4), dense_passes=16, prune_passes=6,
                    share_passes=1, batch=32)
    made = train(pictures[:600], labels[:600], recipe, bits=3)
    assert (answers(made.dense, pictures[:600]).argmax(1) == labels[:600]).mean() > 0.5
    for layer, shared, share in zip(made.pruned, made.network, recipe.density, strict=True):
        assert np.count_nonzero(layer.weight) == int(share * layer.weight.size)
        assert len(np.unique(shared.weight[shared.weight != 0])) <= 7
        assert ((shared.weight != 0) == (layer.weight != 0)).all()


def test_the_stored_network_is_the_trained_one():
    (seen, labels), (held, wanted) = digits.images()
    assert (len(seen), len(held)) == (1437, 360)
    for moment, right in ("dense", 358), ("pruned", 357):
        network = digits.network(moment)
        assert int((output(network, held).argmax(1) == wanted).sum()) == right
        assert (output(network, seen).argmax(1) == labels).mean() > 0.99
    weights = [layer.weight for layer in digits.network().layers if hasattr(layer, "weight")]
    assert sum(map(np.count_nonzero, weights)) <= 0.2 * sum(weight.size for weight in weights)


def test_the_image_loses_at_most_a_point(example, tmp_path):
    built, held, labels = example
    facts = built.facts
    assert facts["accuracy"]["float"] - facts["accuracy"]["integer"] <= 0.01
    assert facts["accuracy"]["integer"] > 0.98
    assert [row["layer"] for row in facts["layers"]] == ["conv1", "pool2", "pool3", "fc1", "all"]
    save(built.image, tmp_path / "digits.npz")
    image = scnn.load(tmp_path / "digits.npz")
    given = built.whole.inputs(held[:12])
    runs = [scnn.run(image, x, crossbars=False) for x in given]
    right = sum(int(run.outputs.argmax() == label) for run, label in zip(runs, labels[:12], strict=True))
    assert right >= 11
    real = np.array([run.outputs.ravel() for run in runs]) * image.output_scale
    np.testing.assert_allclose(real, output(digits.network(), held[:12]), atol=0.02)


def test_the_command_takes_the_example(tmp_path):
    left = leave("compress.build", "--design", "scnn", "--example", "digits-cnn", "-o", str(tmp_path / "net.npz"), "--json",
                 str(tmp_path / "facts.json"))
    assert left.code == 0, left.err
    assert json.loads((tmp_path / "facts.json").read_text())["array"] == [2, 2]
    assert np.load(tmp_path / "net_inputs.npy").shape == (360, 1, 8, 8)
    assert np.load(tmp_path / "net_labels.npy").shape == (360,)
    assert "accuracy on 360 inputs that were held back: float 99.44 %, pruned 99.17 %, integer 99.17 %" in left.out

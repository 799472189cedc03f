"""The command: the digits from training to image, files to images, and one line for what cannot be."""
import json
import subprocess
import sys

import numpy as np
import pytest
from sklearn.datasets import load_digits

from cli import command
from compress.build import application
from compress.digits import folds
from compress.eie.image import header
from compress.eie.integer import quantise, run
from compress.eie.load import load
from compress.eie.order import modulo
from compress.train import Recipe, train
from spec.eie import preset

QUICK = Recipe(hidden=(128, 64), dense_passes=15, prune_passes=25, share_passes=5)


def call(capsys, *arguments):
    """Exit code, stdout and stderr of the command, run here."""
    with pytest.raises(SystemExit) as left:
        words = [str(argument) for argument in arguments]
        command.main(lambda: application(words), words, name="build")
    return left.value.code or 0, *capsys.readouterr()


@pytest.fixture(scope="module")
def fold():
    return next(folds(QUICK, preset("default")))


def test_training_keeps_the_density_the_codebook_and_most_of_the_accuracy(fold):
    assert fold.density <= 0.1
    for layer in fold.trained.network:
        assert len(np.unique(layer.weight.data)) <= 15
    assert len(fold.labels) >= 300
    assert fold.right["float"] > 0.9 * len(fold.labels)
    assert fold.right["shared"] > 0.9 * len(fold.labels)
    assert abs(fold.right["integer"] - fold.right["shared"]) <= 2
    assert [layer.weight.shape for layer in fold.trained.network] == [(128, 64), (64, 128), (10, 64)]


def test_held_back_images_are_not_trained_on(fold):
    images, _ = load_digits(return_X_y=True)
    held = {image.tobytes() for image in (fold.inputs * 16).astype(np.uint8)}
    assert sum(image.tobytes() in held for image in images.astype(np.uint8)) == len(fold.inputs)


def test_training_is_the_same_each_time():
    images, labels = load_digits(return_X_y=True)
    recipe = Recipe(hidden=(8,), dense_passes=2, prune_passes=2, share_passes=1)
    passes = []
    one, two = (train(images[:300], labels[:300], recipe, bits=4, codebooks=4, advance=lambda: passes.append(1))
                for _ in range(2))
    assert len(passes) == 2 * recipe.passes
    for first, second in zip(one.network, two.network, strict=True):
        assert np.array_equal(first.weight.toarray(), second.weight.toarray())
        assert np.array_equal(first.bias, second.bias)


@pytest.mark.parametrize(("changes", "text"), [
    (dict(hidden=()), "hidden must be one or more sizes of at least 1, not"),
    (dict(density=0.0), "density must be above 0 and at most 1, not 0.0"),
    (dict(dense_passes=0), "dense_passes must be at least 1, not 0"),
    (dict(share_passes=-1), "share_passes must be at least 0, not -1"),
])
def test_a_recipe_that_cannot_train_is_refused(changes, text):
    with pytest.raises(ValueError, match=text):
        Recipe(**changes)


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    folder = tmp_path_factory.mktemp("digits")
    done = subprocess.run([sys.executable, "-m", "compress.build", "--example", "digits", "--pes", "16",
                           "--hidden", "64,32", "--passes", "10,20,5", "-o", folder / "digits.npz",
                           "--json", folder / "digits.json"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder, done.stdout


def test_digits_end_as_image_inputs_and_labels(digits):
    folder, said = digits
    assert sorted(path.name for path in folder.iterdir()) == [
        "digits.json", "digits.npz", "digits_inputs.npy", "digits_labels.npy"]
    image = load(folder / "digits.npz", preset("default", pes=16))
    facts = json.loads((folder / "digits.json").read_text())
    inputs, labels = np.load(folder / "digits_inputs.npy"), np.load(folder / "digits_labels.npy")
    assert len(image.layers) == 3 and inputs.shape == (360, 64) and labels.shape == (360,)
    assert facts["network"]["density"] <= 0.1 == facts["recipe"]["density"]
    assert facts["warnings"] == [] and facts["images"] == 360
    assert facts["network"]["nonzeros"] == sum(layer["nonzeros"] for layer in header(image)["layers"])
    assert f"integer {100 * facts['accuracy']['integer']:.2f} %" in said
    assert "wrote" in said and "digits_inputs.npy" in said


def test_the_digits_image_recognises_what_the_figures_say(digits):
    from compress.eie.assemble import IntegerLayer
    from compress.eie.encode import decode

    folder, _ = digits
    image, facts = load(folder / "digits.npz"), json.loads((folder / "digits.json").read_text())
    layers, columns = [], modulo(image.layers[0].inputs, 16)
    for layer in image.layers:
        codes = decode(layer.entries, layer.pointers, image.spec, rows=16 * layer.out_slots)
        there = layer.rows >= 0
        logical = np.zeros((layer.outputs, int((columns >= 0).sum())), int)
        logical[np.ix_(layer.rows[there], columns[columns >= 0])] = codes[np.ix_(there, columns >= 0)]
        bias = np.zeros(layer.outputs, int)
        bias[layer.rows[there]] = layer.bias[there]
        layers.append(IntegerLayer(name=layer.name, codes=logical, codebook=layer.codebook, bias=bias,
                                   shift=layer.shift, relu=layer.relu))
        columns = layer.rows
    x, lost = quantise(np.load(folder / "digits_inputs.npy"), image.input_scale, 16)
    answers = run(layers, image.codebooks, x, image.spec).argmax(1)
    right = int((answers == np.load(folder / "digits_labels.npy")).sum())
    assert lost == 0 and right == facts["folds"][0]["right"]["integer"]


def test_the_figures_count_every_bit(digits):
    folder, said = digits
    image, facts = load(folder / "digits.npz"), json.loads((folder / "digits.json").read_text())
    sizes, before, after = [(64, 64), (64, 32), (32, 10)], 0, 3 * 16 * 16
    for (inputs, outputs), layer, row in zip(sizes, image.layers, facts["layers"], strict=True):
        columns = 16 * layer.in_slots
        assert row["bits_before"] == 32 * (inputs + 1) * outputs
        assert row["bits_after"] == 8 * len(layer.entries) + 13 * 16 * columns + 32 * outputs
        assert row["ratio"] == row["bits_before"] / row["bits_after"]
        assert row["weight_ratio"] == 32 * inputs * outputs / (8 * len(layer.entries))
        assert row["density"] == np.count_nonzero(layer.entries & 15) / (inputs * outputs)
        assert row["layer"] in said and f"{row['bits_after']:,}" in said
        before, after = before + row["bits_before"], after + row["bits_after"]
    assert (facts["network"]["bits_before"], facts["network"]["bits_after"]) == (before, after)


def dense(path, **changes):
    rng = np.random.default_rng(1)
    arrays = {"fc1.weight": rng.normal(size=(30, 12)), "fc1.bias": rng.normal(size=30),
              "fc2.weight": rng.normal(size=(7, 30))}
    np.savez(path, **arrays | changes)
    return path


def test_a_file_becomes_an_image(tmp_path, capsys):
    np.save(tmp_path / "x.npy", np.random.default_rng(2).normal(size=(50, 12)))
    code, said, errors = call(capsys, dense(tmp_path / "net.npz"), "-o", tmp_path / "out.npz", "--pes", 4, "--density",
                              0.5, "--calibrate", tmp_path / "x.npy", "--json", tmp_path / "out.json", "--order",
                              "modulo", "--codebook-bits", 6, "--index-bits", 3, "--slots", 16)
    assert code == 0 and all(line.endswith(" ...") for line in errors.splitlines()), "nothing but what takes long"
    assert "scales chosen on 50 vectors of -" in said and "accumulators hold 2 times the largest sum" in said
    image, facts = load(tmp_path / "out.npz"), json.loads((tmp_path / "out.json").read_text())
    assert (image.spec.codebook_bits, image.spec.index_bits, image.spec.slots) == (6, 3, 16)
    assert [(layer.name, layer.relu, layer.bias is None) for layer in image.layers] == [
        ("fc1", True, False), ("fc2", False, True)]
    assert sum(layer.nonzeros for layer in image.layers) == int(0.5 * (12 * 30 + 30 * 7))
    assert all(np.array_equal(layer.rows, modulo(layer.outputs, 4)) for layer in image.layers)
    assert facts["error"]["integer"] == pytest.approx(facts["error"]["shared"], abs=2e-3)
    assert 0 < facts["error"]["pruned"] < 1


def test_a_file_stays_dense_and_says_how_its_scales_came_about(tmp_path, capsys):
    code, said, _ = call(capsys, dense(tmp_path / "net.npz"), "-o", tmp_path / "out.npz", "--pes", 4)
    assert code == 0 and "256 random vectors of 0 to 1, for want of --calibrate FILE" in said
    assert "pruned 0.00 %" in said
    assert sum(layer.nonzeros for layer in load(tmp_path / "out.npz").layers) == 12 * 30 + 30 * 7


WRONG = {
    "no source": ([], "source must be a network file or --example digits, not neither"),
    "two sources": (["net.npz", "--example", "digits"], "source must be .*, not both"),
    "example": (["--example", "mnist"], "example must be digits for an eie, not 'mnist'"),
    "order": (["net.npz", "--order", "random"], "order must be one of balanced, modulo, not 'random'"),
    "preset": (["net.npz", "--preset", "big"], "preset must be one of paper, default, ecp5, ice40, not 'big'"),
    "pes": (["net.npz", "--pes", "257"], "pes must be 1 to 256, not 257"),
    "unknown": (["net.npz", "--speed", "3"], "No such option: --speed"),
    "unknown for an scnn": (["net.npz", "--design", "scnn", "--order", "modulo"],
                            "No such option: --order.*; see .* --design scnn --help"),
    "design": (["net.npz", "--design", "cpu"], "design must be one of eie, .*not 'cpu'"),
    "codebook": (["net.npz", "--codebook-bits", "9"], "codebook_bits must be 1 to 8, not 9"),
    "density": (["net.npz", "--density", "0"], "density must be above 0 and at most 1, not 0.0"),
    "hidden": (["--example", "digits", "--hidden", "64;32"], "hidden must be whole numbers .*, not '64;32'"),
    "passes": (["--example", "digits", "--passes", "3,4"], "passes must be 3 numbers.*, not '3,4'"),
    "folds": (["--example", "digits", "--folds", "6"], "folds must be 1 to 5, not 6"),
    "nan": (["nan.npz"], "fc1.bias of nan.npz must be finite, not nan"),
    "absent": (["absent.npz"], "network must be a file that is there, not 'absent.npz'"),
    "memory": (["net.npz", "--pes", "1", "--slots", "16"],
               "must hold the network, not slots 16 where it takes 30; type --slots 32, or"),
}


@pytest.mark.parametrize("name", WRONG)
def test_bad_input_is_one_line_exit_two_and_no_file(name, tmp_path, capsys, monkeypatch):
    arguments, text = WRONG[name]
    monkeypatch.chdir(tmp_path)
    dense("net.npz")
    dense("nan.npz", **{"fc1.bias": np.full(30, np.nan)})
    code, said, errors = call(capsys, *arguments, "-o", "out.npz", "--json", "out.json")
    assert (code, said) == (2, "")
    assert errors.startswith("error: ") and errors.count("\n") == 1
    with pytest.raises(ValueError, match=text):
        raise ValueError(errors)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["nan.npz", "net.npz"]


def test_the_machine_is_the_preset_with_changes(tmp_path, capsys):
    arguments = ["--preset", "ecp5", "--pes", 8, "--slots", 64, "--no-skip-empty", "--codebook-bits", 5]
    assert call(capsys, dense(tmp_path / "net.npz"), "-o", tmp_path / "out.npz", *arguments)[0] == 0
    assert load(tmp_path / "out.npz").spec == preset("ecp5", pes=8, slots=64, skip_empty=False, codebook_bits=5)


@pytest.mark.full
def test_pruning_and_sharing_cost_at_most_half_a_point_over_all_images():
    tried = list(folds(Recipe(), preset("default"), count=5))
    assert sum(len(fold.labels) for fold in tried) == 1797
    assert max(fold.density for fold in tried) <= 0.1
    right = {step: sum(fold.right[step] for fold in tried) for step in tried[0].right}
    assert right["float"] > 0.975 * 1797
    for step in "shared", "integer":
        assert 100 * (right["float"] - right[step]) / 1797 <= 0.5

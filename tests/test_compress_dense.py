"""Layers as frameworks leave them in files: narrow floats, masks, batch normalisation, an order, codes and codebooks."""
import json
import re

import ml_dtypes
import numpy as np
import pytest

from cli import command
from compress.dense import read
from compress.eie.load import load
from compress.network import forward

RNG = np.random.default_rng(0)
KINDS = {"BF16": ml_dtypes.bfloat16, "F8_E4M3": ml_dtypes.float8_e4m3fn, "F8_E5M2": ml_dtypes.float8_e5m2, "F16": np.float16}


def save(path, name, array, kind):
    """Write a safetensors file of one array: the length of a JSON head, the head, the bytes."""
    data = array.tobytes()
    head = json.dumps({name: {"dtype": kind, "shape": list(array.shape), "data_offsets": [0, len(data)]}}).encode()
    path.write_bytes(len(head).to_bytes(8, "little") + head + data)


@pytest.mark.parametrize("kind", KINDS)
def test_narrow_floats_are_read_to_the_bit(kind, tmp_path):
    weight = RNG.normal(size=(4, 3)).astype(KINDS[kind])
    save(tmp_path / "net.safetensors", "fc.weight", weight, kind)
    layer, = read(tmp_path / "net.safetensors")
    assert np.array_equal(layer.weight, weight.astype(np.float64))


def test_a_type_that_is_none_is_refused_in_one_line(tmp_path):
    save(tmp_path / "net.safetensors", "fc.weight", np.zeros((4, 3), np.complex64), "C64")
    with pytest.raises((TypeError, ValueError)) as told:
        read(tmp_path / "net.safetensors")
    assert "fc.weight" in str(told.value) and "\n" not in str(told.value)


def test_masks_are_multiplied_and_counters_left_out(tmp_path):
    weight, mask, bias = RNG.normal(size=(4, 3)), RNG.random((4, 3)) < 0.5, RNG.normal(size=4)
    np.savez(tmp_path / "net.npz", **{"fc.weight_orig": weight, "fc.weight_mask": mask, "fc.bias_orig": bias,
                                      "fc.bias_mask": np.array([1.0, 0, 1, 0]), "fc.num_batches_tracked": np.array(7)})
    layer, = read(tmp_path / "net.npz")
    assert np.array_equal(layer.weight, weight * mask) and layer.bias.tolist() == [bias[0], 0, bias[2], 0]


def batch_norm(x, parts):
    return (x - parts["running_mean"]) / np.sqrt(parts["running_var"] + 1e-5) * parts["weight"] + parts["bias"]


def test_batch_normalisation_is_folded_into_the_layer_before(tmp_path):
    norm = {"weight": RNG.normal(size=5), "bias": RNG.normal(size=5), "running_mean": RNG.normal(size=5),
            "running_var": RNG.random(5) + 0.1}
    first, second, x = RNG.normal(size=(5, 3)), RNG.normal(size=(2, 5)), RNG.normal(size=(6, 3))
    arrays = {f"1.{name}": array for name, array in norm.items()} | {"1.num_batches_tracked": np.array(3)}
    np.savez(tmp_path / "net.npz", **{"0.weight": first, "3.weight": second}, **arrays)
    layers = read(tmp_path / "net.npz")
    assert [layer.name for layer in layers] == ["0", "3"]
    wanted = np.maximum(batch_norm(x @ first.T, norm), 0) @ second.T
    assert np.allclose(forward(layers, x)[-1], wanted, rtol=1e-10)
    named = {name.replace("1.", "bn1.").replace("0.", "fc1.").replace("3.", "fc2."): array
             for name, array in np.load(tmp_path / "net.npz").items()}
    np.savez(tmp_path / "named.npz", **named)
    with pytest.raises(ValueError, match="bn1 of .* must follow a dense layer, not come first; .*--layers fc1,bn1,fc2"):
        read(tmp_path / "named.npz")
    layers = read(tmp_path / "named.npz", order=["fc1", "bn1", "fc2"])
    assert np.allclose(forward(layers, x)[-1], wanted, rtol=1e-10)


def test_the_order_of_layers_can_be_given_and_leaves_out_others(tmp_path):
    np.savez(tmp_path / "net.npz", **{"a.weight": np.ones((2, 4)), "b.weight": np.ones((4, 3)),
                                      "spare.weight": np.ones((9, 9))})
    assert [layer.name for layer in read(tmp_path / "net.npz", order=["b", "a"])] == ["b", "a"]
    with pytest.raises(ValueError, match="layers must be of a, b, spare, each at most once, not 'c'"):
        read(tmp_path / "net.npz", order=["b", "c"])
    with pytest.raises(ValueError, match=r"b.weight of .* must have 2 inputs, .* --layers A,B,C gives another order"):
        read(tmp_path / "net.npz")


@pytest.mark.parametrize("book", [np.array([0, 3, -7, 0, 100], np.int16), np.array([0.5, 0, -0.25, 2])])
def test_codes_and_codebook_stand_for_weights(book, tmp_path):
    codes = RNG.integers(0, len(book), (6, 5))
    np.savez(tmp_path / "net.npz", **{"fc.codes": codes.astype(np.uint8), "fc.codebook": book,
                                      "fc.bias": np.arange(6, dtype=np.int32)})
    layer, = read(tmp_path / "net.npz")
    assert np.array_equal(layer.weight, book[codes]) and layer.bias.tolist() == [0, 1, 2, 3, 4, 5]
    assert layer.given.codebook.tolist() == [0, *book[book != 0]] and layer.given.whole == (book.dtype == np.int16)
    assert np.array_equal(layer.given.codebook[layer.given.codes.toarray()], book[codes])


WRONG = {
    "codes alone": ({"fc.codes": np.ones((2, 2), int)}, "must be named .*, not 'fc.codes' together"),
    "both": ({"fc.codes": np.ones((2, 2), int), "fc.codebook": np.arange(3), "fc.weight": np.ones((2, 2))}, "together"),
    "code too large": ({"fc.codes": np.full((2, 2), 3), "fc.codebook": np.arange(3)},
                       "fc.codes of .* must be 0 to 2, the entries of its codebook, not 3"),
    "codes of floats": ({"fc.codes": np.ones((2, 2)), "fc.codebook": np.arange(3)}, "must be integers, not float64"),
    "large codebook": ({"fc.codes": np.ones((2, 2), int), "fc.codebook": np.arange(400)}, "at most 255 values besides 0"),
    "mask alone": ({"fc.weight_mask": np.ones((2, 2))}, "must come with fc.weight_orig"),
    "mask of another shape": ({"fc.weight_orig": np.ones((2, 2)), "fc.weight_mask": np.ones((2, 3))},
                              r"must be numbers of shape \(2, 2\)"),
    "three of one": ({"fc.weight": np.ones((2, 2)), "fc.weight_orig": np.ones((2, 2)), "fc.weight_mask": np.ones((2, 2))},
                     "without fc.weight, not with both"),
    "half a normalisation": ({"0.weight": np.ones((2, 2)), "1.running_mean": np.ones(2)}, "together; rename or drop one"),
    "negative variance": ({"0.weight": np.ones((2, 2)), "1.running_mean": np.ones(2), "1.running_var": -np.ones(2)},
                          "1.running_var of .* must not be negative, not -1.0"),
    "normalisation of another size": ({"0.weight": np.ones((2, 2)), "1.running_mean": np.ones(3), "1.running_var": np.ones(3)},
                                      "must have 2 values, the outputs of 0, not 3"),
    "normalisation alone": ({"1.running_mean": np.ones(3), "1.running_var": np.ones(3)}, "must follow a dense layer"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_does_not_belong_together_is_refused_in_one_line(name, tmp_path):
    arrays, text = WRONG[name]
    np.savez(tmp_path / "net.npz", **arrays)
    with pytest.raises((TypeError, ValueError)) as told:
        read(tmp_path / "net.npz")
    assert re.search(text, str(told.value)) and "\n" not in str(told.value)


def test_an_image_holds_a_codebook_of_whole_numbers_as_it_came(tmp_path):
    from compress.build import application
    codes, book = RNG.integers(0, 5, (12, 9)).astype(np.uint8), np.array([0, -300, 7, 0, 31000], np.int16)
    np.savez(tmp_path / "net.npz", **{"a.codes": codes, "a.codebook": book, "b.weight": RNG.normal(size=(2, 12))})
    np.save(tmp_path / "x.npy", RNG.random((20, 9)))
    given = [str(tmp_path / "net.npz"), "-o", str(tmp_path / "image.npz"), "--pes", "2", "--calibrate", str(tmp_path / "x.npy")]
    with pytest.raises(SystemExit) as left:
        command.main(lambda: application(given), given, name="build")
    assert not left.value.code
    image = load(tmp_path / "image.npz")
    assert image.codebooks[0, :4].tolist() == [0, -300, 7, 31000] and not image.codebooks[0, 4:].any()
    assert image.layers[0].nonzeros == np.count_nonzero(book[codes])
    with pytest.raises(SystemExit) as left:
        command.main(lambda: application([*given, "--codebook-bits", "1"]), [*given, "--codebook-bits", "1"], name="build")
    assert left.value.code == 2

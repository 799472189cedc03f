"""Networks from files: what the naming rule means, and one error for each way to break it."""
import numpy as np
import pytest
from safetensors.numpy import save_file

from compress.dense import read
from compress.network import Dense, density, forward, vectors

RNG = np.random.default_rng(0)
NET = {"fc2.weight": RNG.normal(size=(4, 6)), "fc2.bias": RNG.normal(size=4), "fc10.weight": RNG.normal(size=(2, 4)),
       "fc1.weight": RNG.normal(size=(6, 3)).astype(np.float32)}


@pytest.mark.parametrize("suffix", [".npz", ".safetensors"])
def test_layers_come_in_natural_order_with_relu_between(suffix, tmp_path):
    path = tmp_path / f"net{suffix}"
    (save_file(NET, path) if suffix == ".safetensors" else np.savez(path, **NET))
    layers = read(path)
    assert [(layer.name, layer.relu, layer.bias is not None) for layer in layers] == [
        ("fc1", True, False), ("fc2", True, True), ("fc10", False, False)]
    assert read(path, relu_last=True)[-1].relu
    for layer in layers:
        assert np.array_equal(layer.weight, NET[f"{layer.name}.weight"])


def test_forward_is_the_network():
    x = RNG.normal(size=(5, 3))
    layers = [Dense(name="a", weight=NET["fc1.weight"]),
              Dense(name="b", weight=NET["fc2.weight"], bias=NET["fc2.bias"], relu=False)]
    one = np.maximum(x @ NET["fc1.weight"].T, 0)
    first, second = forward(layers, x)
    assert np.allclose(first, one, rtol=1e-12)
    assert np.allclose(second, one @ NET["fc2.weight"].T + NET["fc2.bias"], rtol=1e-12)
    assert (second < 0).any()


def test_density_counts_all_layers():
    layers = [Dense(name="a", weight=np.array([[1, 0], [0, 0]])), Dense(name="b", weight=np.array([[1, 1]]))]
    assert density(layers) == 0.5


BAD = {
    "nan": ({"fc.weight": np.array([[1.0, 2], [np.nan, 0]])}, ValueError,
            r"fc.weight of .* must be finite, not nan at \(1, 0\)"),
    "infinity": ({"fc.weight": np.array([[np.inf]])}, ValueError,
                 r"fc.weight of .* must be finite, not inf at \(0, 0\)"),
    "nan bias": ({"fc.weight": np.ones((2, 2)), "fc.bias": np.array([0, np.nan])}, ValueError,
                 r"fc.bias of .* must be finite, not nan at \(1,\)"),
    "text": ({"fc.weight": np.array([["a"]])}, TypeError, "fc.weight of .* must be real numbers, not <U1"),
    "complex": ({"fc.weight": np.array([[1j]])}, TypeError, "fc.weight of .* must be real numbers, not complex128"),
    "a name": ({"fc.kernel": np.ones((2, 2))}, ValueError, "array of .* must be named NAME.weight .*, not 'fc.kernel'"),
    "a bias alone": ({"fc.bias": np.ones(2)}, ValueError, "array of .* must be named .*, not 'fc.bias'"),
    "a bare name": ({"fc.weight": np.ones((2, 2)), "fc": np.ones(2)}, ValueError, "must be named .*, not 'fc'"),
    "nothing": ({}, ValueError, "must hold at least one array NAME.weight, not none"),
    "a vector": ({"fc.weight": np.ones(3)}, ValueError, r"fc.weight of .* must have 2 dimensions .*, not shape \(3,\)"),
    "no rows": ({"fc.weight": np.ones((0, 3))}, ValueError, r"no empty one, not shape \(0, 3\)"),
    "bias length": ({"fc.weight": np.ones((2, 3)), "fc.bias": np.ones(3)}, ValueError,
                    "fc.bias of .* must have 2 values, one for each output, not 3"),
    "chain": ({"a.weight": np.ones((2, 3)), "b.weight": np.ones((2, 3))}, ValueError,
              "b.weight of .* must have 2 inputs, the outputs of a, not 3; a weight is outputs x inputs"),
    "objects": ({"fc.weight": np.array([[None]])}, ValueError, "must be a whole .npz file of plain numbers"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_refused_in_one_line(name, tmp_path):
    arrays, error, text = BAD[name]
    np.savez(tmp_path / "net.npz", **arrays)
    with pytest.raises(error, match=text) as caught:
        read(tmp_path / "net.npz")
    assert "\n" not in str(caught.value) and "net.npz" in str(caught.value)


@pytest.mark.parametrize("suffix", [".npz", ".safetensors"])
def test_a_damaged_file_is_refused_in_one_line(suffix, tmp_path):
    path = tmp_path / f"net{suffix}"
    (save_file(NET, path) if suffix == ".safetensors" else np.savez(path, **NET))
    for data in (b"", b"nonsense", path.read_bytes()[:200]):
        path.write_bytes(data)
        with pytest.raises(ValueError, match=f"must be a whole {suffix} file of plain numbers") as caught:
            read(path)
        assert "\n" not in str(caught.value)
    path.unlink()
    with pytest.raises(FileNotFoundError, match=f"net{suffix}"):
        read(path)


def test_other_suffixes_are_refused(tmp_path):
    with pytest.raises(ValueError, match="must end in .npz or .safetensors, not '.onnx'"):
        read(tmp_path / "net.onnx")


@pytest.mark.parametrize(("values", "error", "text"), [
    (np.ones((2, 3)), ValueError, r"must hold vectors of 4 inputs, one in each row, not an array of shape \(2, 3\)"),
    (np.ones(3), ValueError, r"must hold vectors of 4 inputs, one in each row, not an array of shape \(3,\)"),
    (np.ones((0, 4)), ValueError, "must hold vectors of 4 inputs"),
    (np.full((1, 4), np.nan), ValueError, "must be finite, not nan"),
    (np.ones((1, 4), np.int16), TypeError, "--data must be real values, float or uint8, not the int16 of"),
    (np.array([["a"] * 4]), TypeError, "must be float, uint8 or int16, not <U1"),
])
def test_calibration_vectors_are_checked(values, error, text, tmp_path):
    np.save(tmp_path / "x.npy", values)
    with pytest.raises(error, match=text):
        vectors(tmp_path / "x.npy", 4)
    (tmp_path / "x.npy").write_bytes(b"no")
    with pytest.raises(ValueError, match="must be a whole .npy file"):
        vectors(tmp_path / "x.npy", 4)

"""Convolutions from arrays by name: what the naming rule means, and one error for each way to break it."""
import numpy as np
import pytest
from scipy.signal import correlate

from compress.frontend.execute import output
from compress.frontend.file import read_network
from compress.frontend.graph import Conv, Dense, Pool
from tests.commands import leave

RNG = np.random.default_rng(0)
NET = {"input.shape": np.array([3, 9, 8]), "conv1.weight": RNG.normal(size=(6, 3, 3, 3)), "conv1.bias": RNG.normal(size=6),
       "conv1.stride": np.array([2, 1]), "conv1.padding": np.array([1, 0, 2, 1]), "conv1.pool": np.array([2, 2]),
       "conv2.weight": RNG.normal(size=(4, 3, 1, 1)), "conv2.groups": np.array(2), "fc.weight": RNG.normal(size=(5, 4 * 2 * 3)),
       "fc.bias": RNG.normal(size=5)}


def answer(x):
    """Return what :data:`NET` answers, by scipy."""
    x = np.pad(x, ((0, 0), (1, 2), (0, 1)))
    y = np.stack([correlate(x, kernel, "valid")[0] for kernel in NET["conv1.weight"]])[:, ::2]
    y = np.maximum(y + NET["conv1.bias"][:, None, None], 0)
    rows, cols = y.shape[1] // 2, y.shape[2] // 2
    y = y[:, :2 * rows, :2 * cols].reshape(6, rows, 2, cols, 2).max(axis=(2, 4))
    halves = [np.einsum("kc,cij->kij", NET["conv2.weight"][2 * n:2 * n + 2, :, 0, 0], y[3 * n:3 * n + 3]) for n in (0, 1)]
    y = np.maximum(np.concatenate(halves), 0)
    return NET["fc.weight"] @ y.reshape(-1) + NET["fc.bias"]


def test_a_network_of_arrays_answers_as_scipy_does(tmp_path):
    np.savez(tmp_path / "net.npz", **NET)
    network = read_network(tmp_path / "net.npz")
    assert network.shape == (3, 9, 8)
    assert [type(layer) for layer in network.layers if layer.name != "fc.flat"] == [Conv, Pool, Conv, Dense]
    x = RNG.normal(size=(3, 9, 8))
    assert np.allclose(output(network, x[None])[0], answer(x), rtol=1e-9)


def test_batch_normalisation_is_folded_and_codes_are_weights(tmp_path):
    norm = {"bn1.weight": RNG.normal(size=6), "bn1.bias": RNG.normal(size=6), "bn1.running_mean": RNG.normal(size=6),
            "bn1.running_var": RNG.random(6) + 0.1, "bn1.num_batches_tracked": np.array(3)}
    codes, codebook = RNG.integers(0, 4, (6, 3, 3, 3)), np.array([0, 0.5, -1, 2])
    np.savez(tmp_path / "net.npz", **{"input.shape": [3, 4, 4], "bn0.weight": codebook[codes]}, **norm)
    np.savez(tmp_path / "coded.npz", **{"input.shape": [3, 4, 4], "bn0.codes": codes, "bn0.codebook": codebook}, **norm)
    x = RNG.normal(size=(1, 3, 4, 4))
    y = np.stack([correlate(x[0], kernel, "valid")[0] for kernel in codebook[codes]])
    wanted = (y - norm["bn1.running_mean"][:, None, None]) / np.sqrt(norm["bn1.running_var"] + 1e-5)[:, None, None]
    wanted = wanted * norm["bn1.weight"][:, None, None] + norm["bn1.bias"][:, None, None]
    for name in ("net", "coded"):
        assert np.allclose(output(read_network(tmp_path / f"{name}.npz"), x)[0], wanted.reshape(-1), rtol=1e-9)
    clamped = read_network(tmp_path / "net.npz", relu_last=True)
    assert np.allclose(output(clamped, x)[0], np.maximum(wanted, 0).reshape(-1), rtol=1e-9)


@pytest.mark.parametrize("names", [("x", "y"), ("a", "a.relu"), ("0", "1"), ("2", "10")])
def test_a_layer_may_have_any_name(names, tmp_path):
    first, second, x = RNG.normal(size=(2, 1, 1, 1)), RNG.normal(size=(3, 2, 1, 1)), RNG.normal(size=(1, 1, 2, 2))
    np.savez(tmp_path / "net.npz", **{"input.shape": [1, 2, 2], f"{names[0]}.weight": first, f"{names[1]}.weight": second})
    network = read_network(tmp_path / "net.npz")
    assert tuple(layer.name for layer in network.layers) == names
    hidden = np.maximum(np.einsum("kc,cij->kij", first[..., 0, 0], x[0]), 0)
    assert np.allclose(output(network, x)[0], np.einsum("kc,cij->kij", second[..., 0, 0], hidden).reshape(-1), rtol=1e-9)


def test_an_image_is_built_of_arrays(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.savez("net.npz", **NET)
    assert leave("compress.check", "net.npz").code == 0
    left = leave("compress.build", "--design", "scnn", "--preset", "ecp5", "--pes", "1", "net.npz", "-o", "image.npz")
    assert left.code == 0 and not left.faults, left.err


BAD = {
    "no shape": ({"input.shape": None}, "net.npz must hold input.shape, the channels, rows and columns of its input"),
    "shape of two": ({"input.shape": np.array([3, 9])},
                     r"input.shape of net.npz must be 3 whole numbers of at least 1, not \[3, 9\]"),
    "no stride": ({"conv1.stride": np.array([0])}, "conv1.stride of net.npz must be 1 or 2 whole numbers of at least 1, not"),
    "padding of three": ({"conv1.padding": np.array([1, 1, 1])}, "conv1.padding of net.npz must be 1 or 2 or 4 whole numbers"),
    "real stride": ({"conv1.stride": np.array(1.5)}, "conv1.stride of net.npz must be 1 or 2 whole numbers of at least 1, not"),
    "channels": ({"conv2.groups": np.array(1)}, "conv2.weight of net.npz must have 6 inputs in 1 group, .* not 3 in each"),
    "bias": ({"conv1.bias": np.ones(5)}, "conv1.bias of net.npz must have 6 values, one for each output, not 5"),
    "plane": ({"conv1.weight": np.ones((6, 3, 15, 3))}, "conv1 of net.npz must fit a padded plane of 12 x 9, not have 15 x 3"),
    "pool": ({"conv1.pool": np.array([20, 2])}, "conv1.pool of net.npz must fit a padded plane of"),
    "dense": ({"fc.weight": np.ones((5, 23))}, r"fc.weight of net.npz must have 24 inputs, .* \(4 x 2 x 3\), not 23"),
    "stride of dense": ({"fc.stride": np.array(1)}, "fc.stride of net.npz must belong to a convolution"),
    "after dense": ({"g.weight": np.ones((2, 5, 1, 1))}, "g.weight of net.npz must have 2 dimensions after a dense layer"),
    "a name": ({"conv1.dilation": np.array(1)}, "array of net.npz must be named NAME.weight .*conv1.dilation"),
    "three dimensions": ({"conv1.weight": np.ones((6, 3, 3))}, "conv1.weight of net.npz must have 4 dimensions"),
    "a bare name": ({"weight": np.ones((6, 3, 3, 3))}, "array of net.npz must be named NAME.weight .*, not 'weight'"),
    "no name": ({".weight": np.ones((6, 3, 3, 3))}, "array of net.npz must be named NAME.weight .*, not '.weight'"),
    "nan": ({"conv2.weight": np.full((4, 3, 1, 1), np.nan)}, "conv2.weight of net.npz must be finite"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_arrays_are_refused_in_one_line(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    changed, rule = BAD[name]
    np.savez("net.npz", **{key: array for key, array in (NET | changed).items() if array is not None})
    with pytest.raises((ValueError, TypeError), match=rule) as told:
        read_network("net.npz")
    assert "\n" not in str(told.value)


def test_an_eie_names_the_machine_for_a_convolution(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.savez("net.npz", **{"conv1.weight": np.ones((4, 3, 3, 3))})
    left = leave("compress.build", "net.npz", "-o", "image.npz")
    assert left.code == 2 and "a convolution runs on an scnn: take --design scnn" in left.err

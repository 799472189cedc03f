"""A network whose channels lie last: an image takes inputs, and gives answers, in the order of the network's file."""

import numpy as np
import onnx
import pytest

from compress import image as container
from compress.scnn import image
from compress.scnn.actions import inputs
from golden import scnn as golden
from spec.scnn import image as rules
from tests.commands import leave
from tests.onnx_sample import ask, model, node

RANDOM = np.random.default_rng(31)
LAST = model([node("Mul", ["x", "f"], "n"), node("Transpose", ["n"], "t", perm=[0, 3, 1, 2]),
              node("Conv", ["t", "k"], "c", pads=[1, 1, 1, 1]), node("Transpose", ["c"], perm=[0, 2, 3, 1])],
             {"k": RANDOM.normal(size=(4, 3, 3, 3)).astype(np.float32), "f": np.array([2, -1, 3], np.float32)}, ["N", 5, 6, 3])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("order")
    onnx.save(LAST, path / "net.onnx")
    np.save(path / "x.npy", RANDOM.normal(size=(4, 5, 6, 3)).astype(np.float32))
    left = leave("compress.build", "--design", "scnn", path / "net.onnx", "-o", path / "net.npz", "--data", path / "x.npy")
    assert left.code == 0, left.err
    assert left.out.count("sim.run and boards.run") == 2
    return path


def test_inputs_and_answers_are_those_of_the_file(folder):
    made, x = image.load(folder / "net.npz"), np.load(folder / "x.npy")
    assert (made.input_shape, made.source.shape) == ((5, 6, 3), (3, 5, 6))
    placed, clipped = inputs(made, x)
    assert not clipped
    np.testing.assert_array_equal(placed, inputs(made, x.reshape(4, -1))[0])
    np.testing.assert_array_equal(placed[:1], inputs(made, x[0])[0])
    trusted = golden.load(folder / "net.npz")
    found = made.answers(np.stack([golden.run(trusted, one, crossbars=False).outputs for one in placed])) * made.output_scale
    wanted = ask(LAST, x).reshape(4, -1)
    assert np.sqrt(np.mean((found - wanted) ** 2) / np.mean(wanted ** 2)) < 1e-3


def test_the_order_survives_huffman_codes(folder):
    for given, out in ("net.npz", "net.nzc"), ("net.nzc", "back.npz"):
        assert leave("compress.huffman", folder / given, "-o", folder / out).code == 0
    assert (folder / "back.npz").read_bytes() == (folder / "net.npz").read_bytes()


@pytest.mark.parametrize("change, said", [
    ({"input_sizes": [3, 5, 7]}, "input_sizes must be those of 90 elements, not \\[3, 5, 7\\]"),
    ({"input_sizes": [-5, -6, 3]}, "input_sizes must be those of 90 elements"),
    ({"input_sizes": None}, "input_sizes must come with input_places, not alone"),
    ({"input_places": [0] * 90}, "input_places must name each of 90 elements once"),
    ({"output_places": [*range(119), 120]}, "output_places must name each of 120 elements once"),
])
def test_an_order_that_is_none_is_one_line(change, said, folder, tmp_path):
    made = image.load(folder / "net.npz")
    head, members = image.header(made), image.members(made)
    members = {name: np.array(change[name], np.int32) if name in change else values for name, values in members.items()
               if change.get(name, True) is not None}
    container.save(tmp_path / "a.npz", "scnn", made.spec, {key: head[key] for key in rules.HEADER_KEYS}, members)
    with pytest.raises(ValueError, match=said):
        image.load(tmp_path / "a.npz")

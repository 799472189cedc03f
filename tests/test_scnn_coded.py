"""A coded image of the SCNN array is the same image, byte for byte; a damaged file is one line."""
import json
import zlib
from dataclasses import replace

import numpy as np
import pytest

from compress.huffman.array import MAGIC, PARTS, compressed, restored, save
from compress.scnn import image
from compress.scnn.assemble import assemble
from compress.scnn.items import join, split
from golden.scnn.layer import Layer
from spec.scnn import preset
from tests.commands import leave
from tests.scnn_sample import conv, sparse

SAME = (1, 1, 1, 1)


def made(*, bits=0, lanes=1, level=0, density=0.3, bias=True):
    rng = np.random.default_rng(7)
    layers = [conv(rng, "a", "input", 12, 3, 3, pad=SAME, stride=(2, 1), shift=6, density=density, bias=bias),
              conv(rng, "b", "a", 12, 12, 3, pad=SAME, shift=6, residual=("a", 3), density=density, bias=False),
              conv(rng, "c", "b", 9, 12, 1, shift=6, density=density)]
    if bits:
        layers = [replace(layer, weight=np.where(layer.weight != 0, 1 + abs(layer.weight) % 13, 0).astype(np.int16))
                  for layer in layers]
    spec = preset("default", rows=2, cols=2, weight_code_bits=bits, weight_lanes=lanes)
    return image.of(assemble(spec, layers, (3, 12, 11), levels=[level] * 3), input_scale=0.5)


CASES = [{}, {"bits": 4}, {"bits": 4, "level": 1}, {"level": 1}, {"density": 0.0}, {"density": 1.0, "bits": 4},
         {"bias": False}, {"density": 0.02}, {"lanes": 2, "level": 1},
         {"bits": 4, "lanes": 3, "level": 1}]


@pytest.mark.parametrize("changes", CASES)
def test_an_image_comes_back_byte_for_byte(changes, tmp_path):
    given = made(**changes)
    arrays = image.members(given)
    items = split(given.spec, arrays)
    again = join(given.spec, arrays["layers"], arrays["lanes"], items, len(arrays["weights"]))
    np.testing.assert_array_equal(again, arrays["weights"])
    image.save(given, tmp_path / "a.npz")
    account = save(given, tmp_path / "a.nzc")
    assert account.total == 8 * (tmp_path / "a.nzc").stat().st_size
    assert set(account.bits) == set(PARTS)
    image.save(restored((tmp_path / "a.nzc").read_bytes(), "a.nzc"), tmp_path / "b.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_a_stream_that_ends_within_a_block_is_refused():
    whole = made()
    with pytest.raises(ValueError, match="^weights must hold every block of the program, not end before"):
        split(whole.spec, whole.arrays | {"weights": whole.arrays["weights"][:-1]})


def test_many_values_are_kept_as_they_are():
    rng = np.random.default_rng(1)
    weight = sparse(rng, (40, 30, 3, 3), 0.5, -3000, 3000).astype(np.int16)
    given = image.of(assemble(preset("default", rows=1, cols=1), [Layer(name="a", inputs=("input",), weight=weight)],
                              (30, 6, 6)))
    data, account = compressed(given)
    assert account.bits["values"] == 16 * np.count_nonzero(weight)
    np.testing.assert_array_equal(restored(data, "x").arrays["weights"], given.arrays["weights"])


def test_the_command_goes_both_ways(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    image.save(made(bits=4), "a.npz")
    for source, goal in ("a.npz", "a.nzc"), ("a.nzc", "b.npz"):
        assert leave("compress.huffman", source, "-o", goal).code == 0
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def damaged(data, change):
    """The file with its header changed."""
    size = int.from_bytes(data[4:8], "little")
    head = json.loads(zlib.decompress(data[8:8 + size]))
    change(head)
    text = zlib.compress(json.dumps(head).encode())
    return MAGIC + len(text).to_bytes(4, "little") + text + data[8 + size:]


@pytest.mark.parametrize("change, said", [
    (lambda head: head.update(transfers=head["transfers"] - 1), "weights must fit"),
    (lambda head: head.update(transfers=-1), "header must describe an image for an scnn"),
    (lambda head: head["coded"].pop(), "file must end after its last layer"),
    (lambda head: head["coded"][0].update(span=10 ** 9), "header must describe an image for an scnn"),
    (lambda head: head["coded"][0].update(weights=10 ** 6), "header must describe|weights must be at most"),
    (lambda head: head["members"].pop("taps"), "header must describe an image for an scnn"),
    (lambda head: head["members"].update(taps=[1 << 19]), "taps must have at most"),
    (lambda head: head["image"].update(input_scale=2.0), "sha256 must be that of the image"),
    (lambda head: head["image"].update(machine="eie"), "header must describe an image for an scnn"),
    (lambda head: head["image"]["spec"].update(rows=3), "sha256|must|not")])
def test_a_changed_header_is_one_line(change, said):
    data, _ = compressed(made(bits=4))
    with pytest.raises((ValueError, TypeError, OverflowError), match=said):
        restored(damaged(data, change), "a.nzc")


def test_a_file_that_is_cut_or_altered_anywhere_is_refused():
    data, _ = compressed(made(bits=4))
    rng = np.random.default_rng(2)
    for size in rng.integers(0, len(data), 40).tolist():
        with pytest.raises(ValueError):
            restored(data[:size], "a.nzc")
    for place in rng.integers(0, len(data), 60).tolist():
        with pytest.raises((ValueError, TypeError, OverflowError)):
            restored(data[:place] + bytes([data[place] ^ 1 << int(rng.integers(8))]) + data[place + 1:], "a.nzc")

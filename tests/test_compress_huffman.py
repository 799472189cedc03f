"""A coded image is the same image, whatever was in it; a damaged file is one line; the codes are the best there are."""
import heapq
import json
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from typer.testing import CliRunner

from compress.eie.assemble import IntegerLayer, assemble
from compress.eie.image import save as save_image
from compress.huffman import code
from compress.huffman.__main__ import app
from compress.huffman.file import compressed, load, restored, save
from compress.huffman.matrix import pack, unpack
from spec.eie import preset


def image(seed=0, *, density=0.1, pes=8, bias=True, order="balanced"):
    random = np.random.default_rng(seed)
    sizes, layers = (50, 40, 9), []
    for number, (inputs, outputs) in enumerate(zip(sizes, sizes[1:], strict=False)):
        codes = random.integers(1, 16, (outputs, inputs)) * (random.random((outputs, inputs)) < density)
        layers.append(IntegerLayer(name=f"fc {number}", codes=sparse.csr_array(codes.astype(np.uint8)), shift=3,
                                   codebook=number, bias=random.integers(-1 << 31, 1 << 31, outputs) if bias else None))
    books = random.integers(-1 << 15, 1 << 15, (2, 16))
    books[:, 0] = 0
    return assemble(layers, books, preset("default", pes=pes), order_name=order, input_scale=0.25, output_scale=3.5)


@pytest.mark.parametrize("changes", [{}, {"density": 0.0}, {"density": 1.0}, {"bias": False}, {"order": "modulo"}, {"pes": 1},
                                     {"density": 0.002}])
def test_an_image_comes_back_byte_for_byte(changes, tmp_path):
    made = image(**changes)
    save_image(made, tmp_path / "a.npz")
    account = save(made, tmp_path / "a.nzc")
    save_image(load(tmp_path / "a.nzc"), tmp_path / "b.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    assert account.total == 8 * (tmp_path / "a.nzc").stat().st_size


def test_the_command_goes_both_ways(tmp_path):
    save_image(image(), tmp_path / "a.npz")
    for source, goal in ("a.npz", "a.nzc"), ("a.nzc", "b.npz"):
        done = CliRunner().invoke(app, [str(tmp_path / source), "-o", str(tmp_path / goal)], catch_exceptions=False)
        assert done.exit_code == 0
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    assert "bits per weight" in CliRunner().invoke(app, [str(tmp_path / "b.npz"), "-o", str(tmp_path / "c.nzc")]).output


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 40), max_size=300))
def test_symbols_come_back(symbols):
    array = np.array(symbols, np.int64)
    bits = code.lengths(np.bincount(array, minlength=1))
    data = code.encode(array, bits)
    assert code.decode(data, len(array), bits).tolist() == symbols and len(data) == -(-int(bits[array].sum()) // 8)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 1000), min_size=2, max_size=40).filter(lambda counts: sum(map(bool, counts)) > 1))
def test_no_prefix_code_is_shorter(counts):
    heap = [count for count in counts if count]
    heapq.heapify(heap)
    best = 0
    while len(heap) > 1:
        both = heapq.heappop(heap) + heapq.heappop(heap)
        best += both
        heapq.heappush(heap, both)
    bits = code.lengths(np.array(counts))
    assert (bits * np.array(counts)).sum() == best
    assert sum(2.0 ** -int(size) for size in bits if size) == 1


def test_words_are_at_most_16_bits():
    fibonacci = [1, 1]
    while len(fibonacci) < 40:
        fibonacci.append(fibonacci[-1] + fibonacci[-2])
    bits = code.lengths(np.array(fibonacci))
    assert bits.max() == 16 and sum(2.0 ** -int(size) for size in bits) <= 1


@settings(max_examples=40, deadline=None)
@given(st.sets(st.integers(0, 3000), max_size=60), st.randoms(use_true_random=False))
def test_a_matrix_comes_back(places, random):
    place = np.array(sorted(places), np.int64)
    codes = np.array([random.randint(1, 255) for _ in places], np.int64)
    found = unpack(pack(codes, place), 3001)
    assert found[0].tolist() == codes.tolist() and found[1].tolist() == place.tolist()


def changed(data, edit):
    size = int.from_bytes(data[4:8], "little")
    whole = json.loads(zlib.decompress(data[8:8 + size]))
    edit(whole)
    text = zlib.compress(json.dumps(whole).encode())
    return data[:4] + len(text).to_bytes(4, "little") + text + data[8 + size:]


HEADERS = {
    "more weights": lambda whole: whole["image"]["layers"][0].update(nonzeros=10 ** 9),
    "other slots": lambda whole: whole["image"]["layers"][0].update(in_slots=10 ** 6),
    "other machine": lambda whole: whole["image"].update(machine="mac"),
    "huge streams": lambda whole: whole["coded"][0].update(bytes=[10 ** 15, 4]),
    "negative": lambda whole: whole["coded"][0].update(bytes=[-1, 4]),
    "a layer less": lambda whole: whole["coded"].pop(),
    "no gaps": lambda whole: whole["coded"][0].update(gaps=0),
    "text": lambda whole: whole["coded"][0].update(gaps="many"),
    "another scale": lambda whole: whole["image"].update(input_scale=1.0),
    "huge codebooks": lambda whole: whole.update(codebooks=[10 ** 6, 10 ** 6]),
    "codebooks of text": lambda whole: whole.update(codebooks="ab"),
}


@pytest.mark.parametrize("name", HEADERS)
def test_a_changed_header_is_one_line(name):
    data = changed(compressed(image())[0], HEADERS[name])
    with pytest.raises((ValueError, TypeError, OverflowError)) as caught:
        restored(data, "net.nzc")
    assert str(caught.value).startswith("net.nzc: ") and len(str(caught.value).splitlines()) == 1


def test_damage_is_noticed_wherever_it_is():
    data, random = compressed(image())[0], np.random.default_rng(4)
    idle = 8 + int.from_bytes(data[4:8], "little") - 5      # the last bits of the deflated header say nothing
    for place in [*range(0, 12), *random.integers(12, len(data), 120)]:
        if place == idle:
            continue
        broken = bytearray(data)
        broken[place] ^= 1 << int(random.integers(8))
        with pytest.raises((ValueError, TypeError, OverflowError)):
            restored(bytes(broken), "net.nzc")
    for size in (0, 3, 8, 40, len(data) - 1):
        with pytest.raises(ValueError):
            restored(data[:size], "net.nzc")
    with pytest.raises(ValueError, match="must end after its last layer"):
        restored(data + b"x", "net.nzc")


def test_two_files_of_one_kind_are_refused(tmp_path):
    save_image(image(), tmp_path / "a.npz")
    with pytest.raises(ValueError, match="one .npz and one .nzc"):
        CliRunner().invoke(app, [str(tmp_path / "a.npz"), "-o", str(tmp_path / "b.npz")], catch_exceptions=False)

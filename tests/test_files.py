"""The readers of files that come from elsewhere: what is right is read, all else is one line before memory is spent."""
import json
import os
import struct
import tracemalloc
import zipfile

import numpy as np
import pytest

from files.archive import open_archive, read_archive
from files.array import read_array, read_vectors
from files.document import parse_json, read_json

GOOD = [np.arange(6.0), np.zeros((2, 3), np.float32, order="F") + 1, np.int16(3), np.zeros((0, 4)), np.array("text"),
        np.arange(4, dtype=">i2"), np.array([True]), np.arange(3) * 1j, np.asfortranarray(np.arange(12).reshape(3, 4))]


@pytest.mark.parametrize("array", GOOD, ids=lambda array: f"{array.dtype}{array.shape}")
def test_an_array_comes_back_in_native_order(tmp_path, array):
    np.save(tmp_path / "x.npy", array)
    np.savez(tmp_path / "x.npz", a=array)
    np.savez_compressed(tmp_path / "y.npz", a=array)
    for found in (read_array(tmp_path / "x.npy", "it"), read_archive(tmp_path / "x.npz", "it", 1000)["a"],
                  read_archive(tmp_path / "y.npz", "it", 1000)["a"]):
        assert found.shape == array.shape and found.dtype.isnative and np.array_equal(found, array)


def head(text, *, version=(1, 0), length=None, magic=b"\x93NUMPY"):
    raw = text if isinstance(text, bytes) else text.encode()
    wide = "<H" if version[0] == 1 else "<I"
    return magic + bytes(version) + struct.pack(wide, len(raw) if length is None else length) + raw


def described(shape="(2,)", kind="'<f8'", order="False", more=""):
    return f"{{'descr': {kind}, 'fortran_order': {order}, 'shape': {shape}, {more}}}\n"


BAD = {
    "empty": (b"", "does not begin as an array"),
    "text": (b"1, 2, 3\n", "does not begin as an array"),
    "magic": (head(described(), magic=b"\x94NUMPY") + bytes(16), "does not begin as an array"),
    "version": (head(described(), version=(9, 0)) + bytes(16), "version is 9.0"),
    "32 TiB": (head(described(f"({1 << 42},)")) + bytes(16), "holds 35,184,372,088,832 bytes"),
    "short": (head(described()) + bytes(15), "holds 16 bytes of values, and has 15"),
    "long": (head(described()) + bytes(17), "holds 16 bytes of values, and has 17"),
    "header past the end": (head(described(), length=9999), "header is said to have 9,999 bytes"),
    "long header": (head(described() + " " * 20_000, version=(2, 0)) + bytes(16), "header is said to have 20,"),
    "does not tokenise": (head("{'descr': '<f8', 'fortran_order': False, 'shape': (2,") + bytes(16), "header cannot be read"),
    "nested": (head("(" * 5000 + ")" * 4000) + bytes(16), "header cannot be read"),
    "null byte": (head(b"{'descr': '\0'}") + bytes(16), "header cannot be read"),
    "not UTF-8": (head(b"\xff{}", version=(3, 0)) + bytes(16), "header cannot be read"),
    "a call": (head("__import__('os').getpid()") + bytes(16), "header cannot be read"),
    "a list": (head("[1, 2]") + bytes(16), "must have descr, fortran_order and shape"),
    "another key": (head(described(more="'x': 1")) + bytes(16), "must have descr, fortran_order and shape"),
    "objects": (head(described(kind="'|O'")) + bytes(16), "type '|O'"),
    "records": (head(described(kind="[('a', '<f4'), ('b', '<f4')]")) + bytes(16), "no plain numbers"),
    "dates": (head(described(kind="'<M8[s]'")) + bytes(16), "no plain numbers"),
    "odd width": (head(described(kind="'<f3'")) + bytes(6), "which NumPy does not know"),
    "no width": (head(described("(9999999999,)", kind="'<U0'")), "have no size"),
    "a shape of truth": (head(described("(True, 2)")) + bytes(16), "a shape of whole numbers"),
    "less than nothing": (head(described("(-1, -2)")) + bytes(16), "a shape of whole numbers"),
    "a shape of floats": (head(described("(2.0,)")) + bytes(16), "a shape of whole numbers"),
    "100 axes": (head(described("(" + "1, " * 100 + ")", kind="'<f8'")) + bytes(8), "shape cannot be held"),
    "huge and empty": (head(described(f"(0, {1 << 70})")), "shape cannot be held"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_array_is_one_line(tmp_path, name):
    data, reason = BAD[name]
    path = tmp_path / "x.npy"
    path.write_bytes(data)
    with pytest.raises(ValueError, match=r"^input must be a whole .npy file of numbers, not '.*x.npy' \(.*\); write it") as one:
        read_array(path, "input")
    assert reason in str(one.value) and "\n" not in str(one.value)


def test_nothing_of_the_declared_size_is_made(tmp_path):
    with zipfile.ZipFile(tmp_path / "bomb.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.npy", head(described(f"({1 << 25},)")) + bytes(1 << 28))
    tracemalloc.start()
    with pytest.raises(ValueError, match=r"bomb.npz must have at most 1,048,576 bytes when unpacked, not 268,435,5\d\d"):
        read_archive(tmp_path / "bomb.npz", "image", 1 << 20)
    with open_archive(tmp_path / "bomb.npz", "image") as archive:
        with pytest.raises(ValueError, match="'a' of .* at most 1,000 bytes"):
            archive.read("a", 1000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1 << 22


def test_what_is_no_file_is_refused_and_does_not_block(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path, kind in (tmp_path, "a folder"), (tmp_path / "pipe", "a pipe"), ("/dev/zero", "a device"):
        for read in (read_array, read_json, lambda path, what: read_archive(path, what, 1000)):
            with pytest.raises(ValueError, match=f"must be a file, not .* which is {kind}"):
                read(path, "input")
    with pytest.raises(FileNotFoundError, match="none.npy"):
        read_array(tmp_path / "none.npy", "input")


def test_one_vector_or_many(tmp_path):
    for array in np.arange(3.0), np.ones((1, 3), np.uint8), np.arange(3, dtype=np.int16), np.ones((2, 3), np.float16):
        np.save(tmp_path / "x.npy", array)
        assert read_vectors(tmp_path / "x.npy", "input", 3).tolist() == np.atleast_2d(array).tolist()
    np.save(tmp_path / "x.npy", np.arange(24).reshape(2, 3, 2, 2).astype(np.uint8))
    assert read_vectors(tmp_path / "x.npy", "input", 12).tolist() == np.arange(24).reshape(2, 12).tolist()
    for array, error, rule in (
            (np.zeros(4), ValueError, r"vectors of 3 inputs, one in each row, not an array of shape \(4,\)"),
            (np.zeros((0, 3)), ValueError, r"not an array of shape \(0, 3\)"),
            (np.zeros((1, 1, 4)), ValueError, r"not an array of shape \(1, 1, 4\)"),
            (np.float32(1), ValueError, r"vectors of 3 inputs"), (np.arange(3), TypeError, "not int64; convert it"),
            (np.array(["a"]), TypeError, "not <U1"), (np.array([True] * 3), TypeError, "not bool"),
            (np.array([[0, 1, 2], [0, np.inf, 2]]), ValueError, "finite, not inf at place 1 of vector 1")):
        np.save(tmp_path / "x.npy", array)
        with pytest.raises(error, match=rule):
            read_vectors(tmp_path / "x.npy", "input", 3)


@pytest.mark.parametrize("given, shape", [((2, 3, 4, 5), (3, 4, 5)), ((3, 4, 5), (3, 4, 5)), ((2, 60), (3, 4, 5)),
                                          ((60,), (3, 4, 5)),
                                          ((2, 6, 10), (1, 6, 10)), ((6, 10), (1, 6, 10)), ((2, 1, 60), (60, 1, 1)),
                                          ((2, 6, 10), (60,)), ((60, 60), (1, 60, 1))])
def test_pictures_of_the_right_shape(given, shape, tmp_path):
    values = np.arange(np.prod(given), dtype=np.float64).reshape(given)
    np.save(tmp_path / "x.npy", values)
    assert read_vectors(tmp_path / "x.npy", "input", 60, shape=shape).tolist() == values.reshape(-1, 60).tolist()


@pytest.mark.parametrize("given, rule", [((2, 4, 5, 3), "must be of shape 3 x 4 x 5 each, not 4 x 5 x 3; transpose them"),
                                         ((2, 5, 12), "must be of shape 3 x 4 x 5 each, not 5 x 12"),
                                         ((3, 4, 4), r"must hold vectors of 60 inputs \(3 x 4 x 5\), .* shape \(3, 4, 4\)")])
def test_pictures_of_another_shape(given, rule, tmp_path):
    np.save(tmp_path / "x.npy", np.zeros(given))
    with pytest.raises(ValueError, match=rule):
        read_vectors(tmp_path / "x.npy", "input", 60, shape=(3, 4, 5))


def packed(tmp_path, change=lambda data: data, *, method=zipfile.ZIP_DEFLATED, members=("a.npy",)):
    path = tmp_path / "x.npz"
    with zipfile.ZipFile(path, "w", method) as archive:
        for name in members:
            archive.writestr(name, head(described("(100,)")) + bytes(range(200)) * 4)
    path.write_bytes(change(path.read_bytes()))
    return path


def flip(at):
    return lambda data: data[:at] + bytes([data[at] ^ 0xff]) + data[at + 1:]


def encrypted(data):
    """The archive with the bit of encryption set where its members are listed and where they lie."""
    listed = data.rindex(b"PK\1\2")
    data = data[:listed + 8] + b"\1" + data[listed + 9:]
    return data[:6] + b"\1" + data[7:]


def larger(data):
    """The archive whose list says that its member unpacks to 4 GB."""
    listed = data.rindex(b"PK\1\2")
    return data[:listed + 24] + struct.pack("<I", 0xfffffff0) + data[listed + 28:]


@pytest.mark.parametrize(("change", "options", "reason"), [
    (flip(120), {}, "member 'a': "), (flip(-300), {"method": zipfile.ZIP_STORED}, "member 'a': "),
    (encrypted, {}, "member 'a.npy' is encrypted"), (larger, {}, "is said to have 4,294,967,280 bytes"),
    (lambda data: data[:-9], {}, "not a zip file"), (lambda data: data[:40], {}, "not a zip file"),
    (lambda data: b"", {}, "not a zip file"),
    (lambda data: data, {"method": zipfile.ZIP_LZMA}, "is packed by method 14"),
    (lambda data: data, {"members": ("a.txt",)}, "is no array"),
    (lambda data: data, {"members": ("a.npy", "b")}, "is no array"),
])
def test_a_bad_archive_is_one_line(tmp_path, change, options, reason):
    path = packed(tmp_path, change, **options)
    with pytest.raises(ValueError, match="x.npz must be a whole .npz image, not a file cut short, damaged") as one:
        read_archive(path, "image", 1 << 20)
    assert reason in str(one.value) and "\n" not in str(one.value)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_members_of_one_name_are_refused(tmp_path):
    with pytest.raises(ValueError, match="there are two members 'a'"):
        read_archive(packed(tmp_path, members=("a.npy", "a.npy")), "image", 1 << 20)


def test_a_member_that_is_no_array_is_named(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        archive.writestr("a.npy", "no array at all")
    with pytest.raises(ValueError, match="member 'a': it does not begin as an array of NumPy does"):
        read_archive(tmp_path / "x.npz", "image", 1000)


@pytest.mark.parametrize(("data", "reason"), [
    (b"[" * 100_000 + b"]" * 100_000, "nesting deeper than 32"), (b'{"a":' * 40 + b"1" + b"}" * 40, "nesting deeper"),
    ('{"a": 1}'.encode("utf-16"), "utf-8"), ('{"a": 1}'.encode("utf-8-sig"), "BOM"), (b"\xff", "utf-8"),
    (b"", "Expecting value"),
    (b'{"a": 1, "a": 2}', "key 'a' twice"), (b'{"a": "\\ud800"}', "surrogates not allowed"), (b"1" * 5000, "integer string"),
    (b'{"a" 1}', "delimiter"), (b"{} {}", "Extra data"),
])
def test_bad_json_is_one_line(data, reason):
    with pytest.raises(ValueError, match="^header must be JSON in UTF-8, not .*; write it again$") as one:
        parse_json(data, "header")
    assert reason in str(one.value) and "\n" not in str(one.value)


def test_brackets_in_texts_nest_nothing():
    value = {"a": "[" * 100 + '\\"' + "{" * 100, "b": [[1.5, None, True]]}
    assert parse_json(json.dumps(value).encode(), "header") == value


def test_json_of_another_kind_is_refused(tmp_path):
    (tmp_path / "x.json").write_text("[]")
    assert read_json(tmp_path / "x.json", "rows", list) == []
    with pytest.raises(ValueError, match="rows .*x.json must be a JSON object, not list; name another file"):
        read_json(tmp_path / "x.json", "rows")

"""Dot products of single bits against counting them one by one."""
import numpy as np
import pytest

from golden.mac.bits import dot


@pytest.mark.parametrize("join", ["and", "xor"])
def test_every_pair_of_bytes(join):
    a, b = (x.ravel().astype(np.uint8)[:, None] for x in np.meshgrid(np.arange(256), np.arange(256)))
    want = [sum(x == y == "1" if join == "and" else x != y for x, y in zip(f"{m:08b}", f"{n:08b}", strict=True))
            for m, n in zip(a[:, 0], b[:, 0], strict=True)]
    assert dot(join, a, b, np.zeros(len(a), np.uint32)).tolist() == want


@pytest.mark.parametrize("kind", [np.uint8, np.uint32, np.uint64])
def test_long_rows_and_c_that_wraps(kind):
    ones = np.full((3, 128 // np.dtype(kind).itemsize), np.iinfo(kind).max, kind)      # 1,024 bits, as eight of m16n8k128
    c = np.array([0, 0xFFFFFFFF, 0x7FFFFFFF], np.uint32)
    assert dot("and", ones, ones, c).tolist() == [1024, 1023, 0x7FFFFFFF + 1024]
    assert dot("xor", ones, ones, c).tolist() == c.tolist()


BYTE, C = np.zeros((1, 1), np.uint8), np.zeros(1, np.uint32)


@pytest.mark.parametrize(("arguments", "error", "text"), [
    (("or", BYTE, BYTE, C), ValueError, "join must be and or xor"),
    (("and", BYTE / 1, BYTE / 1, C), TypeError, "unsigned integers of one type"),
    (("and", np.zeros((1, 2), np.uint8), BYTE, C), ValueError, "must have shapes"),
])
def test_what_is_no_row_of_bits_is_refused(arguments, error, text):
    with pytest.raises(error, match=text):
        dot(*arguments)

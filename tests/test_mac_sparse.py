"""2:4 structured sparsity: metadata by the PTX documentation's rules, products by the dense ones, and what is refused."""
import numpy as np
import pytest

from golden.mac import dot, matmul, sparse, sparse_dot
from golden.mac.cases import dots, patterns
from spec.mac import MacSpec
from spec.mac.number import FORMATS
from spec.mac.sparse import PATTERNS


def test_metadata_of_every_pair_of_places():
    """The lower index lies in the lower bits: 0 and 1 is 0b0100, 2 and 3 is 0b1110."""
    every = {(0, 1): 0b0100, (0, 2): 0b1000, (0, 3): 0b1100, (1, 2): 0b1001, (1, 3): 0b1101, (2, 3): 0b1110}
    for (low, high), code in every.items():
        row = np.zeros((1, 4), np.uint16)
        row[0, [low, high]] = 7, 9
        kept, codes = sparse.compress("fp16", row)
        assert kept.tolist() == [[7, 9]] and codes.tolist() == [[code]]
        assert sparse.index("fp16", codes).tolist() == [[low, high]]
    pairs = np.array([[0, 0, 1, 2, 0, 0, 0, 3]])
    kept, codes = sparse.compress("int4", pairs)
    assert kept.tolist() == [[1, 2, 0, 3]] and codes.tolist() == [[0b1101]]
    assert sparse.index("int4", codes).tolist() == [[2, 3, 6, 7]]
    kept, codes = sparse.compress("tf32", np.array([[1 << 13, 0, 0, 3 << 13]], np.uint32))
    assert kept.tolist() == [[1 << 13, 3 << 13]] and codes.tolist() == [[0b0100, 0b1110]]


def test_zeros_that_are_kept_are_the_first_ones():
    row = np.array([[0, 0, 5, 0], [0, 0, 0, 0], [0x8000, 0, 0, 6]], np.uint16)
    kept, codes = sparse.compress("fp16", row)
    assert kept.tolist() == [[0, 5], [0, 0], [0x8000, 6]] and codes.ravel().tolist() == [0b1000, 0b0100, 0b1100]


@pytest.mark.parametrize("fmt", PATTERNS)
def test_a_sparse_product_is_the_dense_one_of_what_is_kept(fmt):
    rng = np.random.default_rng(4)
    acc = "fp32" if FORMATS[fmt].is_float else "int32"
    pattern = PATTERNS[fmt]
    kept, _, c = dots(fmt, acc, 600, 32, rng)
    codes = rng.choice(list(pattern.codes), (600, 32 // pattern.kept))
    b = patterns(fmt, (600, 64), rng, 0.3)
    met = np.empty_like(kept)
    for n in range(600):                                        # by the table of the documentation, one at a time
        for place in range(32):
            chunk, at = divmod(place, pattern.kept)
            met[n, place] = b[n, chunk * pattern.chunk + pattern.codes[int(codes[n, chunk])][at]]
    assert np.array_equal(sparse_dot("ada", kept, codes, b, c, fmt, acc), dot("ada", kept, met, c, fmt, acc))


@pytest.mark.parametrize("fmt", ["fp16", "int4", "tf32"])
def test_matrices_of_a_sparse_build(fmt):
    rng, pattern = np.random.default_rng(5), PATTERNS[fmt]
    spec = MacSpec(arch="ampere", formats=("fp16", "int4", "tf32"), k=8, sparse=True)
    kept, _, _ = dots(fmt, spec.acc_of(fmt), 6, 16, rng)
    number = FORMATS[fmt]
    some = (1 << number.bits - number.is_float) - (1 << number.unused)
    kept = np.where(kept & some, kept, 1 << number.unused)      # a zero would not be kept at a place of its own
    codes = rng.choice(list(pattern.codes), (6, 16 // pattern.kept))
    index = sparse.index(fmt, codes)
    a = np.zeros((6, 32), np.uint32)
    np.put_along_axis(a, index, kept.astype(np.uint32), axis=1)
    b = patterns(fmt, (32, 5), rng, 0.3)
    c = patterns(spec.acc_of(fmt), (6, 5), rng)
    got = matmul(spec, a, b, c, fmt=fmt)
    for i in range(6):
        want = dot(spec, np.tile(kept[i], (5, 1)), b[index[i]].T, c[i], fmt)
        assert np.array_equal(got[i], want)


def test_an_unlooked_at_nan_does_not_show():
    kept, codes, b = np.array([[0x3C00, 0x3C00]]), np.array([[0b1101]]), np.array([[0x7E00, 0x3C00, 0x7C00, 0x3C00]])
    assert sparse_dot("ampere", kept, codes, b, np.zeros(1, np.uint32), "fp16").tolist() == [0x40000000]


@pytest.mark.parametrize(("call", "text"), [
    (lambda: MacSpec(sparse=True), "sparse must be off for volta, not on"),
    (lambda: MacSpec(arith="lns", formats=("lns",), acc="lns", sparse=True), "sparse must be off with arith lns"),
    (lambda: sparse.compress("fp16", np.ones((2, 4), np.uint16)), "at most 2 of 4 neighbours that are not zero, not 4"),
    (lambda: sparse.compress("int4", np.ones((1, 8), np.uint8)), "at most 2 pairs of 8 neighbours that are not zero, not 4"),
    (lambda: sparse.compress("tf32", np.full((1, 2), 1 << 20)), "at most 1 of 2 neighbours that are not zero, not 2"),
    (lambda: sparse.compress("fp16", np.zeros((1, 6), np.uint16)), "whole chunks of 4 elements a row, not 6"),
    (lambda: sparse.index("fp16", np.array([5])), "metadata must be codes among 4, 8, 12, 9, 13, 14"),
    (lambda: sparse.compress("lns", np.zeros((1, 4), np.uint16)), "format must be one of"),
])
def test_what_is_no_sparse_product_is_refused(call, text):
    with pytest.raises(ValueError, match=text):
        call()

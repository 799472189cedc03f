"""The encoding: the paper's worked examples, every awkward run, and exact decoding of whatever is legal."""
import time

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy import sparse

from compress.eie.encode import decode, encode, positions
from spec.eie import preset


def spec(**changes):
    return preset("default", **{"pes": 4} | changes)


def split(encoded, machine):
    """Codes, runs and pointers of PE 0."""
    own = encoded.entries[:encoded.pointers[0, -1]].astype(int)
    return ((own & (1 << machine.codebook_bits) - 1).tolist(), (own >> machine.codebook_bits).tolist(),
            encoded.pointers[0].tolist())


def column(*gaps):
    """A column of weights, each after that many zeros."""
    return np.concatenate([np.append(np.zeros(gap, np.uint8), 1 + k % 15) for k, gap in enumerate(gaps)])


def test_figure_2_of_the_paper():
    places = {(0, 0): 1, (8, 0): 2, (12, 0): 3, (4, 1): 4, (0, 2): 5, (12, 2): 6, (0, 4): 7, (4, 4): 8,
              (0, 5): 9, (12, 5): 10, (0, 6): 11, (8, 7): 12, (12, 7): 13}
    matrix = np.zeros((16, 8), np.uint8)
    for place, code in places.items():
        matrix[place] = code
    codes, runs, pointers = split(encode(matrix, spec()), spec())
    assert codes == list(range(1, 14))
    assert runs == [0, 1, 0, 1, 0, 2, 0, 0, 0, 2, 0, 2, 0]
    assert pointers == [0, 3, 4, 6, 6, 8, 10, 11, 13]


def test_padding_example_of_the_paper():
    machine = spec(pes=1)
    matrix = np.array([[0, 0, 1, 2] + [0] * 18 + [3]], np.uint8).T
    codes, runs, pointers = split(encode(matrix, machine), machine)
    assert codes == [1, 2, 0, 3]
    assert runs == [2, 0, 15, 2]
    assert pointers == [0, 4]


@pytest.mark.parametrize(("zeros", "padding", "run"), [
    (0, 0, 0), (14, 0, 14), (15, 0, 15), (16, 1, 0), (17, 1, 1), (31, 1, 15), (32, 2, 0), (33, 2, 1),
    (48, 3, 0)])
def test_a_run_takes_no_more_padding_than_it_needs(zeros, padding, run):
    machine = spec(pes=1)
    matrix = column(zeros, zeros)[:, None]
    codes, runs, pointers = split(encode(matrix, machine), machine)
    assert codes == [0] * padding + [1] + [0] * padding + [2]
    assert runs == ([15] * padding + [run]) * 2
    assert pointers == [0, 2 * padding + 2]


def test_zeros_after_the_last_weight_are_not_encoded():
    machine = spec(pes=1)
    encoded = encode(np.concatenate((column(3), np.zeros(100, np.uint8)))[:, None], machine)
    assert (len(encoded.entries), encoded.padding) == (1, 0)


@st.composite
def cases(draw):
    machine = preset("default", pes=draw(st.sampled_from([1, 2, 3, 4, 5, 16])),
                     codebook_bits=draw(st.integers(1, 8)), index_bits=draw(st.integers(1, 8)))
    shape = draw(st.integers(1, 70)), draw(st.integers(1, 9))
    fill = st.integers(0, (1 << machine.codebook_bits) - 1)
    return machine, draw(hnp.arrays(np.uint8, shape, elements=fill, fill=st.just(0)))


FULL, EMPTY = np.full((33, 3), 7, np.uint8), np.zeros((33, 3), np.uint8)


@given(cases())
@example((spec(), FULL))
@example((spec(), EMPTY))
@example((spec(), np.array([[0, 3, 0]], np.uint8)))                         # one row, fewer than PEs
@example((spec(pes=1), np.concatenate([column(r) for r in (15, 16, 17, 31, 32)])[:, None]))
@example((spec(pes=3), np.concatenate([column(r, 0) for r in (47, 48, 95, 96)])[:, None]))
def test_decode_is_the_inverse_of_encode(case):
    machine, codes = case
    encoded = encode(codes, machine)
    assert np.array_equal(decode(encoded.entries, encoded.pointers, machine, rows=len(codes)), codes)
    assert encoded.nonzeros == np.count_nonzero(codes)
    assert encoded.nonzeros + encoded.padding == len(encoded.entries) == encoded.pointers[:, -1].sum()
    _, _, code, run = positions(encoded.entries, encoded.pointers, machine)
    assert (run[code == 0] == machine.max_run).all()


@given(cases())
def test_sparse_and_dense_patterns_give_the_same(case):
    machine, codes = case
    dense = encode(codes, machine)
    for pattern in sparse.csc_array(codes), sparse.csr_array(codes), sparse.coo_array(codes):
        other = encode(pattern, machine)
        assert np.array_equal(other.entries, dense.entries)
        assert np.array_equal(other.pointers, dense.pointers)


@pytest.mark.parametrize(("codes", "error", "text"), [
    (np.array([[16]]), OverflowError, "codes must be 0 to 15, not 16"),
    (np.array([[-1]]), OverflowError, "codes must be 0 to 15, not -1"),
    (np.array([[0.5]]), TypeError, "codes must be integers, not float64"),
    (np.array([1, 2]), ValueError, "codes must have 2 dimensions, rows and columns, not 1"),
    (np.zeros((0, 4), int), ValueError, r"at least 1 row and 1 column, not shape \(0, 4\)"),
    (sparse.coo_array(([1, 2], ([0, 0], [0, 0])), shape=(2, 2)), ValueError, "name every position once"),
])
def test_what_is_not_a_matrix_of_codes_is_refused(codes, error, text):
    with pytest.raises(error, match=text):
        encode(codes, spec())


def test_decoding_beyond_the_matrix_is_refused():
    encoded = encode(np.ones((8, 1), np.uint8), spec())
    with pytest.raises(ValueError, match="entries must stay within 4 rows, not reach row 7"):
        decode(encoded.entries, encoded.pointers, spec(), rows=4)


@pytest.mark.full
def test_four_million_weights_take_about_a_second():
    rng = np.random.default_rng(1)
    machine = preset("default")
    flat = np.cumsum(rng.geometric(0.04, 4_100_000))        # Bernoulli cells, one in 25
    row, col = np.divmod(flat, 25088)
    codes = sparse.coo_array((rng.integers(1, 16, len(flat)), (row, col)), shape=(4096, 25088))
    start = time.process_time()
    encoded = encode(codes, machine)
    assert time.process_time() - start < 3                  # 0.2 s on an idle machine
    assert encoded.nonzeros == len(flat)
    group, slot, code, _ = positions(encoded.entries, encoded.pointers, machine)
    pe, column = np.divmod(group, 25088)
    real = code != 0
    again = np.sort((slot * 64 + pe)[real] * 25088 + column[real])
    assert np.array_equal(again, flat)

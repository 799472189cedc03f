"""Rows spread over columns: like work whichever inputs live, every row still in one place."""

import numpy as np
from scipy import sparse

from compress.eie.order import balanced
from compress.eie.spread import spread


def matrix(rows, columns, density, seed):
    return (np.random.default_rng(seed).random((rows, columns)) < density).astype(np.uint8)


def live_work(codes, order, pes, live):
    """Return the work of each PE (first axis) for each set of live columns (second)."""
    per_row = np.vstack([codes.astype(np.int64) @ live, np.zeros((1, live.shape[1]), np.int64)])
    return per_row[order].reshape(-1, pes, live.shape[1]).sum(0)


def test_work_of_random_live_columns_varies_less_than_by_total_work_alone():
    codes, pes = matrix(512, 400, 0.05, 1), 16
    live = np.random.default_rng(2).random((400, 300)) < 0.4
    total = codes.sum(1).astype(float)
    plain, spreaded = balanced(total, pes), balanced(total, pes, codes, np.ones(400))
    before, after = (live_work(codes, order, pes, live).std(0).mean() for order in (plain, spreaded))
    assert after < 0.85 * before, f"deviation {after:.2f} after, {before:.2f} before"


def test_the_most_loaded_pe_has_little_more_over_all_columns():
    codes, pes = matrix(512, 400, 0.05, 3), 16
    total = codes.sum(1).astype(float)
    order = balanced(total, pes, codes, np.ones(400))
    assert np.append(total, 0)[order].reshape(-1, pes).sum(0).max() <= 1.006 * total.sum() / pes


def test_two_pairs_of_equal_rows_are_parted():
    codes = np.array([[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 1], [0, 0, 1, 1]], np.uint8)
    table = np.array([[0, 1], [2, 3]])                  # each PE holds two rows that live and die together
    assert spread(table, codes, np.ones(4))
    assert sorted(codes[mine].sum(0).tolist() for mine in table) == [[1, 1, 1, 1]] * 2


def test_columns_that_never_live_do_not_matter():
    codes = np.array([[1, 1, 0, 0, 9, 0], [1, 1, 0, 0, 0, 9], [0, 0, 1, 1, 9, 0], [0, 0, 1, 1, 0, 9]], np.uint8)
    table = np.array([[0, 1], [2, 3]])
    assert spread(table, codes, np.array([1, 1, 1, 1, 0, 0.0]))
    assert sorted(codes[mine][:, :4].astype(bool).sum(0).tolist() for mine in table) == [[1, 1, 1, 1]] * 2


def test_every_row_keeps_one_place_beside_absent_slots():
    codes, pes = matrix(37, 50, 0.2, 4), 8
    order = balanced(codes.sum(1).astype(float), pes, sparse.csc_array(codes), np.full(50, 0.3))
    assert len(order) == 40 and sorted(order[order >= 0]) == list(range(37))


def test_the_same_matrix_gives_the_same_order_dense_or_sparse():
    codes = matrix(100, 80, 0.1, 5)
    activity = np.random.default_rng(6).random(80)
    orders = [balanced(codes.sum(1).astype(float), 4, kind(codes), activity) for kind in (np.asarray, sparse.csr_array)]
    assert np.array_equal(*orders)


def test_one_pe_has_nothing_to_swap():
    table = np.array([[0, 1]])
    assert not spread(table, np.ones((2, 2), np.uint8), np.ones(2))

"""The order of rows: every row once, equal slots, little more work than the mean anywhere."""
import time

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy import sparse

from compress.eie.order import ORDERS, balanced, modulo, order, physical


def loads(rows, work, pes):
    cost = np.append(work, 0.0)[rows]
    return cost.reshape(-1, pes).sum(0)


COSTS = st.lists(st.integers(0, 50), min_size=1, max_size=60)


@given(work=COSTS, pes=st.integers(1, 9), name=st.sampled_from(ORDERS))
def test_every_row_has_one_place_in_equal_slots(work, pes, name):
    rows = order(name, work, pes)
    assert rows.dtype == np.int32
    assert len(rows) == -(-len(work) // pes) * pes
    assert sorted(rows[rows >= 0]) == list(range(len(work)))
    assert set(rows[rows < 0]) <= {-1}


def test_modulo_is_the_papers_map():
    rows = modulo(10, 4)
    assert rows.tolist() == [*range(10), -1, -1]
    assert all(row % 4 == place % 4 for place, row in enumerate(rows) if row >= 0)


@given(work=COSTS, pes=st.integers(1, 9))
@example(work=[1, 2, 37, 5, 3, 5, 3, 32], pes=2)        # greedy and swaps alone end at 45, modulo has 44
def test_balanced_is_never_worse_than_modulo(work, pes):
    work = np.array(work, float)
    assert loads(balanced(work, pes), work, pes).max() <= loads(modulo(len(work), pes), work, pes).max()


def test_balanced_reaches_the_optimum_of_a_case_that_greedy_misses():
    work = np.array([8, 7, 6, 5, 4.0, 0])               # greedy alone gives 17 and 13; 15 and 15 exist
    assert loads(balanced(work, 2), work, 2).tolist() == [15, 15]


@pytest.mark.parametrize("pes", [1, 4, 64, 256])
def test_the_largest_benchmark_is_balanced(pes):
    work = np.random.default_rng(3).binomial(600, 0.11, 8791).astype(float) ** 1.5
    rows = balanced(work, pes)
    assert loads(rows, work, pes).max() <= 1.002 * work.sum() / pes


@pytest.mark.full
@pytest.mark.parametrize("pes", [1, 64, 256])
def test_the_largest_benchmark_is_balanced_in_a_moment(pes):
    work = np.random.default_rng(3).binomial(600, 0.11, 8791).astype(float) ** 1.5
    start = time.process_time()
    balanced(work, pes)
    assert time.process_time() - start < 5              # 0.4 s at most on an idle machine


def test_heavy_rows_come_first_in_a_pe():
    work = np.arange(12.0)
    table = np.append(work, -1)[balanced(work, 3)].reshape(-1, 3)
    assert (np.diff(table, axis=0) <= 0).all()


@pytest.mark.parametrize("kind", [np.asarray, sparse.csc_array])
def test_place_moves_rows_and_columns_and_leaves_absent_ones_empty(kind):
    codes = np.arange(1, 7).reshape(3, 2)
    rows, columns = np.array([2, 0, 1, -1]), np.array([1, -1, 0])
    placed = physical(kind(codes), rows=rows, columns=columns).toarray()
    assert placed.tolist() == [[6, 0, 5], [2, 0, 1], [4, 0, 3], [0, 0, 0]]


def test_an_unknown_order_is_refused():
    with pytest.raises(ValueError, match="order must be one of balanced, modulo, not 'random'"):
        order("random", [1], 1)

"""The logarithmic lane against a reading of its rules word by word, its error, and what Kahan buys."""
from math import log2

import numpy as np
import pytest

from golden.mac import dot, lns, matmul, to_bits, to_values
from golden.mac.error import COUNT, logarithms, stochastic
from spec.mac import MacSpec

ZERO = 0x4000


def signed_log(word):
    log = word & 0x7FFF
    return log - 0x8000 if log >= 0x4000 else log


def is_zero(word):
    return word & 0x7FFF == ZERO


def make(sign, log):
    return ZERO if log <= -0x4000 else sign << 15 | min(log, 0x3FFF) & 0x7FFF


def times(x, y):
    return ZERO if is_zero(x) or is_zero(y) else make((x ^ y) >> 15, signed_log(x) + signed_log(y))


def plus(x, y, frac, step):
    if is_zero(x) or is_zero(y):
        return ZERO if is_zero(x) and is_zero(y) else y if is_zero(x) else x
    if signed_log(x) < signed_log(y):
        x, y = y, x                                             # a tie has equal signs, or cancels
    gap = signed_log(x) - signed_log(y)
    middle = (gap // 2 ** (frac - step) + (0.5 if step < frac else 0)) / 2**step
    if x >> 15 == y >> 15:
        return make(x >> 15, signed_log(x) + round(2**frac * log2(1 + 2.0**-middle)))
    if gap == 0:
        return ZERO
    away = gap / 2**frac if gap < 2**frac else middle
    return make(x >> 15, signed_log(x) + round(2**frac * log2(1 - 2.0**-away)))


def chain(a, b, c, frac, step, kahan):
    total, lost = c, ZERO
    for x, y in zip(a, b, strict=True):
        if not kahan:
            total = plus(total, times(x, y), frac, step)
            continue
        term = plus(times(x, y), lost ^ 0x8000, frac, step)
        fresh = plus(total, term, frac, step)
        lost = plus(plus(fresh, total ^ 0x8000, frac, step), term ^ 0x8000, frac, step)
        total = fresh
    return total


def words(size, rng, near=False):
    """Words, zeros and extremes among them; ``near`` ones lie within a few octaves of 1 and so meet."""
    logs = rng.integers(-900, 900, size) if near else rng.integers(-0x4000, 0x4000, size)
    logs = np.where(rng.random(size) < 0.1, rng.choice([-0x4000, -0x3FFF, 0x3FFF, 0, 1, -1], size), logs)
    return (rng.integers(0, 2, size) << 15 | logs & 0x7FFF).astype(np.uint16)


def canonical(words):
    return np.where(words & 0x7FFF == ZERO, ZERO, words)


@pytest.mark.parametrize("frac, step", [(8, 4), (8, 8), (8, 1), (10, 5), (4, 4)])
@pytest.mark.parametrize("near", [False, True])
def test_sums_and_products_follow_the_rules(frac, step, near):
    x, y = words((2, 5000), np.random.default_rng(31), near)
    y[:500] = x[:500] ^ np.where(np.arange(500) % 2, 0x8000, 0)     # equal, and cancelling
    y[500:1500] = (x[500:1500] + np.arange(1000) % 7 - 3).astype(np.uint16)     # the singular end of minus
    total, product = lns.add(x, y, frac=frac, step=step), lns.multiply(x, y)
    for n, (p, q) in enumerate(zip(x.tolist(), y.tolist(), strict=True)):
        want = canonical(np.array([plus(p, q, frac, step), times(p, q)]))
        assert [total[n], product[n]] == want.tolist(), f"seed 31, row {n}: {p:04x}, {q:04x}"


@pytest.mark.parametrize("kahan", [False, True])
@pytest.mark.parametrize("frac, step", [(8, 4), (8, 8), (10, 3)])
def test_dot_products_follow_the_rules(frac, step, kahan):
    rng = np.random.default_rng(32)
    a, b, c = words((400, 12), rng, True), words((400, 12), rng, True), words(400, rng, True)
    build = MacSpec(arith="lns", formats=("lns",), acc="lns", kahan=kahan, lns_frac=frac, lns_step=step)
    got = dot(build, a, b, c, "lns")
    for n in range(400):
        want = chain(a[n].tolist(), b[n].tolist(), int(c[n]), frac, step, kahan)
        assert got[n] == canonical(np.array(want)), f"seed 32, row {n}"


@pytest.mark.parametrize("frac, step", [(8, 4), (8, 8), (10, 10), (4, 1)])
def test_tables_end_where_only_zeros_follow(frac, step):
    up, down = lns.tables(frac, step)
    assert (up > 0).all() and (down[1:] < 0).all() and down[0] == 0
    assert (np.diff(up) <= 0).all() and (np.diff(down[1:]) >= 0).all()
    half = 0 if step == frac else 0.5
    assert round(2**frac * log2(1 + 2.0 ** -((len(up) + half) / 2**step))) == 0
    cells = len(down) - 2**frac + 2**step
    assert round(2**frac * log2(1 - 2.0 ** -((cells + half) / 2**step))) == 0


def test_published_table_sizes():
    """Entries of a direct table of log2(1 + 2^x), from the literature on such tables."""
    entries = {frac: len(lns.tables(frac, frac)[0]) for frac in (5, 7, 8, 10)}
    assert entries == {5: 209, 7: 1092, 8: 2440, 10: 11806}


@pytest.mark.parametrize("frac", [6, 8, 10])
def test_conversion_is_within_half_a_step(frac):
    x = np.random.default_rng(33).standard_normal(5000) * 100
    back = to_values("lns", to_bits("lns", x, frac=frac), frac=frac)
    assert np.abs(np.log2(np.abs(back / x))).max() <= 2.0 ** -(frac + 1) + 1e-12
    assert (np.sign(back) == np.sign(x)).all()
    edges = to_bits("lns", [0.0, -0.0, 1.0, -1.0, 1e300, 1e-300])
    assert edges.tolist() == [ZERO, ZERO, 0, 0x8000, 0x3FFF, ZERO]


def picked(rows, **wanted):
    row, = (r for r in rows if all(r[name] == value for name, value in wanted.items()))
    return row


def test_error_against_float_and_what_compensation_buys():
    assert COUNT == 1000
    short, long = logarithms(4, positive=True), logarithms(1024, positive=True)
    direct = picked(short, frac=8, step=8, kahan=False)
    assert 2.0**-10 / 2 < direct["rms"] < 2.0**-8 and direct["largest"] < 5 * 2.0**-9
    assert picked(short, frac=10, step=10, kahan=False)["rms"] < direct["rms"] / 3
    assert direct["rms"] < picked(short, frac=8, step=4, kahan=False)["rms"] < 0.01
    for frac, step in ((8, 8), (8, 4), (10, 10)):               # in long sums small terms stop counting
        plain, kept = (picked(long, frac=frac, step=step, kahan=kahan) for kahan in (False, True))
        assert plain["rms"] > 0.009 and kept["rms"] < 0.001 and kept["rms"] < plain["rms"] / 20


def test_random_rounding_keeps_the_mean_of_long_sums():
    nearest, random = stochastic(1024, positive=True)
    assert (nearest["rounding"], random["rounding"]) == ("nearest", "stochastic")
    assert abs(random["mean"]) < 4 * random["rms"] / COUNT**0.5


def test_matmul_pads_with_the_zero_of_logarithms():
    rng = np.random.default_rng(34)
    a, b = words((5, 6), rng, True), words((6, 3), rng, True)
    build = MacSpec(arith="lns", formats=("lns",), acc="lns", k=4)
    rows = np.repeat(a, 3, axis=0), np.tile(b.T, (5, 1))
    zero = np.full(15, ZERO, np.uint16)
    assert (matmul(build, a, b, fmt="lns").reshape(-1) == dot(build, *rows, zero, "lns")).all()
    kept = MacSpec(arith="lns", formats=("lns",), acc="lns", k=4, kahan=True)
    padded = [np.pad(x, ((0, 0), (0, 2)), constant_values=ZERO) for x in rows]
    assert (matmul(kept, a, b, fmt="lns").reshape(-1) == dot(kept, *padded, zero, "lns")).all()

"""Random rounding: its generator bit by bit, against fractions, its bias, the order of operations."""
import numpy as np
import pytest

from golden.mac import dot, matmul, words
from golden.mac.cases import dots
from golden.mac.lfsr import advance
from spec.mac import MacSpec
from spec.mac.lfsr import LFSR_SEED, seed_of
from tests import mac_oracle

POLYNOMIAL = 1 << 32 | 1 << 22 | 1 << 2 | 1 << 1 | 1            # x^32 + x^22 + x^2 + x + 1


def naive(state, count):
    """Random words of one output, shifting a bit at a time."""
    out = []
    for _ in range(count):
        out.append(state)
        for _ in range(32):
            bit = (state >> 31 ^ state >> 21 ^ state >> 1 ^ state) & 1
            state = (state << 1 | bit) & 0xFFFF_FFFF
    return out


@pytest.mark.parametrize("lane", [0, 1, 15, 16, 1023])
def test_words_are_the_registers_states(lane):
    seed = (LFSR_SEED + lane * 0x9E3779B9) % 2**32
    assert seed_of(LFSR_SEED, lane) == seed
    assert words(LFSR_SEED, lane, 100).tolist() == naive(seed, 100)
    assert words(LFSR_SEED, lane, 7, start=1000).tolist() == naive(seed, 1007)[1000:]


def test_a_zero_seed_becomes_one():
    assert seed_of(0, 0) == 1 and seed_of(2**32 - 0x9E3779B9, 1) == 1 and words(0, 0, 1)[0] == 1


def power(exponent):
    """x to a power modulo the polynomial, coefficients as bits."""
    def times(p, q):
        out = 0
        while q:
            out, p, q = out ^ (p if q & 1 else 0), p << 1, q >> 1
            p ^= POLYNOMIAL if p >> 32 else 0
        return out

    out, base = 1, 2
    while exponent:
        out, base, exponent = times(out, base) if exponent & 1 else out, times(base, base), exponent >> 1
    return out


def test_the_period_is_maximal():
    period = 2**32 - 1
    assert power(period) == 1
    for prime in (3, 5, 17, 257, 65537):                        # their product is 2^32 - 1
        assert power(period // prime) != 1
        assert advance(np.array([1], np.uint32), period // prime)[0] != 1
    assert advance(np.array([1, LFSR_SEED], np.uint32), period).tolist() == [1, LFSR_SEED]


@pytest.mark.parametrize("arch, fmt, acc, k", [
    ("volta", "fp16", "fp32", 4), ("volta", "fp16", "fp16", 4), ("ampere", "bf16", "fp32", 8),
    ("hopper", "e4m3", "fp32", 32), ("hopper", "e5m2", "fp16", 8), ("exact", "fp16", "fp32", 4),
    ("exact", "bf16", "fp16", 4),
])
def test_rounding_matches_fractions(arch, fmt, acc, k):
    rng = np.random.default_rng(21)
    a, b, c = dots(fmt, acc, 600, k, rng)
    random = rng.integers(0, 1 << 32, (1, 600), dtype=np.uint32)
    random[0, :60] = np.repeat([0, 2**32 - 1, 2**31, 1], 15)
    build = MacSpec(arch=arch, formats=(fmt,), acc=acc, k=k, stochastic=True)
    got = dot(build, a, b, c, fmt, random=random)
    for n in range(600):
        word = int(random[0, n])
        if arch == "exact":
            want = mac_oracle.exact(a[n], b[n], c[n], fmt, acc, "sr", word)
        else:
            _, frac, keep, e_zero = mac_oracle.WIDTHS[arch, fmt, acc]
            want = mac_oracle.truncated(a[n], b[n], c[n], fmt=fmt, acc=acc, frac=frac, keep=keep,
                                        e_zero=e_zero, how="sr", word=word)
        assert got[n] == want, f"seed 21, row {n}: golden {got[n]:x}, oracle {want:x}"


def errors(build, count):
    """Errors of one fp16 dot product, in units of the exact sum's last place, over many operations."""
    a = np.tile(np.array([[0x3C01, 0x3555, 0x2E66, 0x1801]], np.uint16), (count, 1))
    b = np.tile(np.array([[0x3C03, 0x3A67, 0x3001, 0x2403]], np.uint16), (count, 1))
    x, y = (v[0].view(np.float16).astype(np.float64) for v in (a, b))
    exact = float(x @ y)                                        # products of 22 bits within 53: exact
    random = words(build.seed, 3, count)[None] if build.stochastic else None
    got = dot(build, a, b, np.zeros(count, np.uint16), "fp16", random=random).view(np.float16)
    return (got.astype(np.float64) - exact) / 2.0**-10                             # the sum lies in [1, 2)


def test_mean_error_is_unbiased():
    count = 1 << 17
    build = MacSpec(arch="exact", acc="fp16", stochastic=True)
    error = errors(build, count)
    spread = error.std() / count**0.5
    assert 0.2 < error.std() <= 0.5 and error.max() - error.min() == 1
    assert abs(error.mean()) < 4 * spread, f"mean {error.mean()} ulp, standard error {spread}"
    nearest = errors(MacSpec(arch="exact", acc="fp16"), 4)
    assert abs(nearest.mean()) > 20 * spread                    # this very sum is biased without it


def test_a_sum_of_small_terms_does_not_stall():
    build = dict(arch="volta", acc="fp16", k=4)
    one, tiny = np.full((1, 8192), 0x3C00, np.uint16), np.full((1, 8192), 0x0C00, np.uint16)    # 1 and 2^-12
    start = np.full(1, 0x4800, np.uint16)                       # 8, whose last place is 8 x four terms
    stuck = dot(MacSpec(**build), one, tiny, start, "fp16").view(np.float16)[0]
    moving = dot(MacSpec(**build, stochastic=True), one, tiny, start, "fp16",
                 random=words(LFSR_SEED, 0, 2048)[:, None]).view(np.float16)[0]
    assert stuck == 8 and abs(float(moving) - 10) < 0.3


def test_matmul_steps_the_registers_in_the_stated_order():
    build = MacSpec(arch="volta", acc="fp16", k=4, tiles=3, stochastic=True, seed=99)
    rng = np.random.default_rng(22)
    rows, length, columns = 10, 9, 27
    a, b = (rng.integers(0x2000, 0x4000, s).astype(np.uint16) for s in ((rows, length), (length, columns)))
    c = rng.integers(0x2000, 0x4000, (rows, columns)).astype(np.uint16)
    got = matmul(build, a, b, c, fmt="fp16")
    full = np.zeros((12, 12), np.uint16), np.zeros((12, 36), np.uint16), np.zeros((12, 36), np.uint16)
    for whole, part in zip(full, (a, b, c), strict=True):
        whole[:part.shape[0], :part.shape[1]] = part
    run = {lane: iter(naive((99 + lane * 0x9E3779B9) % 2**32, 27)) for lane in range(48)}
    for bi in range(3):
        for group in range(3):
            for step in range(3):                               # one operation on all three tiles at a time
                for tile in range(3):
                    for i in range(4):
                        for j in range(4):
                            row, column = 4 * bi + i, 4 * (3 * group + tile) + j
                            at = slice(4 * step, 4 * step + 4)
                            full[2][row, column] = mac_oracle.truncated(
                                full[0][row, at], full[1][at, column], full[2][row, column], fmt="fp16",
                                acc="fp16", frac=23, keep=11, e_zero=-19, how="sr",
                                word=next(run[16 * tile + 4 * i + j]))
    assert (got == full[2][:rows, :columns]).all()


def test_random_words_are_asked_for_and_refused():
    a, c = np.zeros((2, 4), np.uint16), np.zeros(2, np.uint32)
    with pytest.raises(ValueError, match=r"random must be words of shape \(1, 2\) for a stochastic build"):
        dot(MacSpec(stochastic=True), a, a, c, "fp16")
    with pytest.raises(ValueError, match=r"not of shape \(2,\); draw them with golden.mac.words"):
        dot(MacSpec(stochastic=True), a, a, c, "fp16", random=np.zeros(2, np.uint32))
    with pytest.raises(ValueError, match=r"random must be left out where fp16 is not rounded stochastically"):
        dot(MacSpec(), a, a, c, "fp16", random=np.zeros((1, 2), np.uint32))

"""Block-scaled formats against fractions: decoders over whole domains, sums of random blocks, corners."""
from fractions import Fraction
from math import floor, isnan, nan

import ml_dtypes
import numpy as np
import pytest

from golden.mac import scaled
from golden.mac.convert import to_values
from spec.mac.scaled import SCALED
from tests.mac_oracle import encode, finish, special

QUICK, FULL = 400, 100_000
THEIRS = {"mxfp8_e4m3": ml_dtypes.float8_e4m3fn, "mxfp8_e5m2": ml_dtypes.float8_e5m2, "mxfp6_e3m2": ml_dtypes.float6_e3m2fn,
          "mxfp6_e2m3": ml_dtypes.float6_e2m3fn, "mxfp4_e2m1": ml_dtypes.float4_e2m1fn, "nvfp4": ml_dtypes.float4_e2m1fn}
SHAPES = {                                              # block, terms of an operation
    "mxfp8_e4m3": (32, 32), "mxfp8_e5m2": (32, 32), "mxfp6_e3m2": (32, 32), "mxfp6_e2m3": (32, 32), "mxfp4_e2m1": (32, 64),
    "mxint8": (32, 32), "nvfp4": (16, 64)}


def element(name, bits):
    if name == "mxint8":
        return [(b - 256 if b > 127 else b) / 64 for b in bits]
    return np.array(bits, np.uint8).view(THEIRS[name]).astype(np.float64).tolist()


def scale(name, bits):
    if name == "nvfp4":
        return np.array(bits, np.uint8).view(ml_dtypes.float8_e4m3fn).astype(np.float64).tolist()
    return [nan if b == 255 else 2.0 ** (b - 127) for b in bits]


def block_sum(a, b, sa, sb):
    """The exact scaled sum of a block, or the special value that it is."""
    if isnan(sa) or isnan(sb):
        return nan
    if (odd := special(list(zip(a, b, strict=True)), 0.0)) is not None:
        return nan if sa == 0 or sb == 0 else odd
    return sum((Fraction(x) * Fraction(y) for x, y in zip(a, b, strict=True)), Fraction(0)) * Fraction(sa) * Fraction(sb)


def log2(value):
    top = abs(value).numerator.bit_length() - abs(value).denominator.bit_length()
    return top - (Fraction(2) ** top > abs(value))


def operation(sums, c):
    """One operation, from the text of the rule: F = 25, toward zero, 24 bits."""
    value = float(to_values("fp32", np.array([c], np.uint32))[0])
    odd = [s for s in (*sums, value) if not isinstance(s, Fraction) and (isnan(s) or s in (float("inf"), -float("inf")))]
    if odd:
        return encode(nan if any(map(isnan, odd)) or len(set(odd)) > 1 else odd[0], "fp32")
    terms = [(s, log2(s) if s else -133) for s in sums]
    terms.append((Fraction(value), max(log2(Fraction(value)), -126) if value else -133))
    lead = max(e for _, e in terms)
    total = sum((1 if s >= 0 else -1) * floor(abs(s) * Fraction(2) ** (25 - lead)) for s, _ in terms)
    return finish(total * Fraction(2) ** (lead - 25), "fp32", 24, "rz")


def row(name, a, sa, b, sb, c, exact):
    """A whole row by the second reading."""
    block, terms = SHAPES[name]
    a, b, sa, sb = element(name, a), element(name, b), scale(name, sa), scale(name, sb)
    sums = [block_sum(a[k:k + block], b[k:k + block], sa[k // block], sb[k // block]) for k in range(0, len(a), block)]
    if exact:
        value = float(to_values("fp32", np.array([c], np.uint32))[0])
        odd = [s for s in (*sums, value) if not isinstance(s, Fraction) and (isnan(s) or abs(s) == float("inf"))]
        if odd:
            return encode(nan if any(map(isnan, odd)) or len(set(odd)) > 1 else odd[0], "fp32")
        return finish(sum(sums, Fraction(value)), "fp32", 24, "rne")
    for start in range(0, len(sums), terms // block):
        c = operation(sums[start:start + terms // block], c)
    return c


def draw(name, count, rng):
    """Rows of two operations: scales near each other or anywhere, zero blocks, NaN scales, special elements."""
    block, terms = SHAPES[name]
    bits = 8 if name in ("mxfp8_e4m3", "mxfp8_e5m2", "mxint8") else 6 if "fp6" in name else 4
    a, b = rng.integers(0, 1 << bits, (2, count, 2 * terms))
    if name.startswith("mxfp8"):                                # specials are rare, or every row would be NaN
        for x in (a, b):
            x[(x & 0x7C) == 0x7C] &= 0x3F if rng.random() < 0.9 else 0xFF
    shape = (2, count, 2 * terms // block)
    if name == "nvfp4":
        scales = rng.integers(0, 0x7F, shape)
        nans = 0x7F
    else:
        scales = np.where(rng.random((1, count, 1)) < 0.7, rng.integers(120, 135, shape), rng.integers(0, 255, shape))
        nans = 0xFF
    scales[rng.random(shape) < 0.003] = nans
    for x in (a, b):
        x[rng.random(count) < 0.05] = 0
    a[rng.random(a.shape) < 0.3] = 0
    c = rng.integers(0, 1 << 32, count)
    c = np.where(rng.random(count) < 0.5, rng.integers(0x3F000000, 0x42000000, count) | rng.integers(0, 2, count) << 31, c)
    return a, scales[0], b, scales[1], np.where(rng.random(count) < 0.1, 0, c)


def test_every_scale_is_the_number_that_ml_dtypes_says():
    every = np.arange(256, dtype=np.uint8)
    for name, kind, one in (("mxint8", ml_dtypes.float8_e8m0fnu, 64), ("nvfp4", ml_dtypes.float8_e4m3fn, 2)):
        scales = every if name == "mxint8" else every[:128]
        block = SHAPES[name][0]
        got = scaled.to_real(name, np.full((len(scales), block), one, np.uint8), scales[:, None])
        assert np.array_equal(got[:, 0], scales.view(kind).astype(np.float64), equal_nan=True), name


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("name", SCALED)
def test_random_blocks_equal_fractions(name, exact):
    compare(name, exact, QUICK, seed=1)


@pytest.mark.full
@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("name", SCALED)
def test_many_random_blocks_equal_fractions(name, exact):
    block, terms = SHAPES[name]
    compare(name, exact, FULL * block // (2 * terms), seed=2)


def compare(name, exact, count, seed):
    a, sa, b, sb, c = draw(name, count, np.random.default_rng(seed))
    got = scaled.dot(name, a, sa, b, sb, c.astype(np.uint32), arith="exact" if exact else "blackwell")
    special_rows = 0
    for n in range(count):
        want = row(name, a[n].tolist(), sa[n].tolist(), b[n].tolist(), sb[n].tolist(), int(c[n]), exact)
        assert got[n] == want, f"row {n}: {got[n]:x}, expected {want:x}"
        special_rows += want & 0x7F800000 == 0x7F800000
    assert special_rows < 0.9 * count, "most rows must be finite"


@pytest.mark.parametrize("name", [name for name in SCALED if name != "mxint8"])
def test_decoders_agree_with_other_peoples_types(name):
    form = SCALED[name]
    every = np.arange(1 << form.element.bits, dtype=np.uint8)
    padded = np.resize(every, (1, -(-len(every) // form.block) * form.block))
    one = np.full((1, padded.shape[1] // form.block), 0x38 if name == "nvfp4" else 127, np.uint8)
    want = padded.view(THEIRS[name]).astype(np.float64)
    np.testing.assert_array_equal(scaled.to_real(name, padded, one), want)
    assert form.element.bits in (4, 6, 8) and (form.block, form.terms) == SHAPES[name]
    for k, pattern in enumerate(every.tolist()):                # each alone, times one, through the sum
        a, b = np.zeros((2, 1, form.block), np.uint8)
        a[0, 0], b[0, 0] = pattern, np.array(1.0, THEIRS[name]).view(np.uint8)
        got = to_values("fp32", scaled.dot(name, a, one[:, :1], b, one[:, :1], np.zeros(1, np.uint32)))[0]
        assert got == want[0, k] or (isnan(got) and isnan(want[0, k])), hex(pattern)


def test_every_scale_is_its_power_of_two():
    scales = np.arange(255, dtype=np.uint8)[:, None]
    a = np.zeros((255, 32), np.uint8)
    a[:, 5] = 0x38                                              # 1.0 in e4m3
    unit = np.full((255, 1), 127, np.uint8)
    got = to_values("fp32", scaled.dot("mxfp8_e4m3", a, scales, a, unit, np.zeros(255, np.uint32)))
    np.testing.assert_array_equal(got, np.exp2(np.arange(255.0) - 127).astype(np.float32))


def test_corners():
    ones, zero = np.full((1, 32), 0x38, np.uint8), np.zeros((1, 32), np.uint8)
    def one(a, sa, b, sb, c=0):
        return int(scaled.dot("mxfp8_e4m3", a, np.array([[sa]]), b, np.array([[sb]]), np.array([c], np.uint32))[0])
    assert one(ones, 255, ones, 127) == 0x7FFFFFFF, "a NaN scale makes the result NaN"
    assert one(zero, 255, zero, 127) == 0x7FFFFFFF, "also over a block of zeros"
    assert one(zero, 254, zero, 254, 0x80000000) == 0, "zero is +0"
    assert one(ones, 254, ones, 254) == 0x7F800000, "the largest scales overflow to infinity"
    assert one(ones, 0, ones, 0) == 0, "the smallest scales vanish"
    assert one(ones, 127, ones, 127, 0x3F800000) == 0x42040000, "32 ones and C = 1 are 33"


@pytest.mark.parametrize("name", SCALED)
def test_values_survive_their_blocks(name):
    rng = np.random.default_rng(3)
    values = rng.standard_normal((20, 128)) * np.exp2(rng.integers(-20, 20, (20, 1)))
    elements, scales = scaled.to_blocks(name, values)
    again = scaled.to_real(name, elements, scales)
    largest = np.abs(values.reshape(20, -1, SHAPES[name][0])).max(axis=2).repeat(SHAPES[name][0], axis=1)
    bound = {"nvfp4": 0.2, "mxfp4_e2m1": 0.26, "mxint8": 0.02}.get(name, 0.13)
    if name != "nvfp4":                                         # its scale has a range of its own
        assert (np.abs(again - values) <= bound * largest).all()
    fixed, same = scaled.to_blocks(name, again)
    np.testing.assert_array_equal(scaled.to_real(name, fixed, same), again)


@pytest.mark.parametrize(("change", "text"), [
    (dict(fmt="mxfp5"), "format must be one of mxfp8_e4m3, .*, not 'mxfp5'"),
    (dict(a=np.full((1, 32), 64)), r"a must be patterns of 6 bits, not int64 up to 64"),
    (dict(a=np.zeros((1, 31), int)), r"K a multiple of 32, not \(1, 31\)"),
    (dict(a_scale=np.zeros((1, 2), int)), r"a_scale must be e8m0 patterns of 0 to 255 of shape \(1, 1\)"),
    (dict(arith="hopper"), "arith must be blackwell or exact, not 'hopper'"),
])
def test_bad_operands_are_named(change, text):
    good = dict(fmt="mxfp6_e3m2", a=np.zeros((1, 32), int), a_scale=np.zeros((1, 1), int), b=np.zeros((1, 32), int),
                b_scale=np.zeros((1, 1), int), c=np.zeros(1, np.uint32), arith="blackwell")
    with pytest.raises(ValueError, match=text):
        scaled.dot(**good | change)

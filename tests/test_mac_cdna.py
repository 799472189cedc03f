"""AMD's matrix cores against a reading of the same published rules in fractions, one product at a time."""
from fractions import Fraction
from math import floor

import numpy as np
import pytest

from golden.mac import to_bits
from golden.mac.cases import dots
from golden.mac.cdna import dot
from spec.mac.cdna import CORES
from spec.mac.number import FORMATS

FP32 = FORMATS["fp32"]
KINDS = [(gpu, name) for gpu, cores in CORES.items() for name in cores]


def value(fmt, bits):
    """The number of a pattern as a fraction; None for infinity and NaN."""
    bits >>= fmt.unused
    field, frac = bits >> fmt.man_bits & (1 << fmt.exp_bits) - 1, bits & (1 << fmt.man_bits) - 1
    if field == (1 << fmt.exp_bits) - 1:
        return None
    size = (frac + (1 << fmt.man_bits) * (field > 0)) * Fraction(2) ** (max(field, 1) - fmt.bias - fmt.man_bits)
    return -size if bits >> fmt.man_bits + fmt.exp_bits else size


def exponent(x, least):
    """Exponent of a number other than 0: of its leading bit, but no less than ``least``."""
    x, e = abs(x), 0
    while x >= 2:
        x, e = x / 2, e + 1
    while x < 1:
        x, e = x * 2, e - 1
    return max(e, least)


def nearest(x):
    """A fraction as fp32, to nearest even; None where it is too large."""
    if not x:
        return Fraction(0)
    last = Fraction(2) ** (exponent(x, FP32.emin) - FP32.man_bits)
    rounded = round(x / last) * last
    return rounded if abs(rounded) < Fraction(2) ** 128 else None


def flushed(x):
    return Fraction(0) if x is not None and abs(x) < Fraction(2) ** FP32.emin else x


def in_pairs(a, b, c, fmt):
    least = Fraction(2) ** FORMATS[fmt].emin
    level = [flushed(nearest(x * y)) if abs(x) >= least and abs(y) >= least else Fraction(0) for x, y in zip(a, b, strict=True)]
    while len(level) > 1:
        level = [flushed(nearest(x + y)) for x, y in zip(level[::2], level[1::2], strict=True)]
    return flushed(nearest(flushed(c) + level[0]))


def with_floors(a, b, c, fmt):
    emin = FORMATS[fmt].emin
    terms = [(x * y, exponent(x, emin) + exponent(y, emin)) for x, y in zip(a, b, strict=True) if x and y]
    top = max((e for _, e in terms), default=-999)
    unit = Fraction(2) ** (top - 24)
    first = sum((int(p / unit) * unit for p, _ in terms), Fraction(0))
    high = max(top, exponent(c, FP32.emin) if c else FP32.emin)
    fine, coarse = Fraction(2) ** (high - 32), Fraction(2) ** (high - 24)
    total = floor(first / fine) * fine + floor(c / coarse) * coarse
    if not total:
        return total
    last = Fraction(2) ** (exponent(total, FP32.emin) - 31)
    return nearest(floor(total / last) * last)


def expected(core, a, b, c):
    for first in range(0, len(a), core.terms):
        x, y = a[first:first + core.terms], b[first:first + core.terms]
        if core.sum == "exact":
            c = nearest(sum((p * q for p, q in zip(x, y, strict=True)), c))
        else:
            c = (in_pairs if core.sum == "pairs" else with_floors)(x, y, c, core.fmt)
        if c is None:
            return None
    return c


@pytest.mark.parametrize(("gpu", "instruction"), KINDS)
@pytest.mark.parametrize("count", [300, pytest.param(20_000, marks=pytest.mark.full)])
def test_every_core_is_its_rule_in_fractions(gpu, instruction, count):
    core, rng = CORES[gpu][instruction], np.random.default_rng(8)
    a, b, c = dots(core.fmt, "fp32", count, 2 * core.terms, rng)
    got = dot(gpu, instruction, a, b, c)
    compared = 0
    for n in range(count):
        numbers = [[value(FORMATS[fmt], int(x)) for x in row] for fmt, row in (
            (core.fmt, a[n]), (core.fmt, b[n]), ("fp32", [c[n]]))]
        if any(x is None for row in numbers for x in row):
            continue
        if any(abs(x * y) >= Fraction(2) ** 127 for x, y in zip(*numbers[:2], strict=True)):
            continue                                            # products that alone are infinite: below
        want = expected(core, numbers[0], numbers[1], numbers[2][0])
        if want is None:
            assert got[n] & 0x7FFFFFFF == 0x7F800000, n
        else:
            assert value(FP32, int(got[n])) == want, (n, hex(got[n]), float(want))
        compared += 1
    assert compared > 0.5 * count


@pytest.mark.parametrize(("gpu", "instruction"), KINDS)
def test_special_values(gpu, instruction):
    fmt = CORES[gpu][instruction].fmt
    one, inf = (int(to_bits(fmt, np.array([x]))[0]) for x in (1.0, np.inf))
    nan = FORMATS[fmt].nan
    minus = inf | 1 << FORMATS[fmt].bits - 1
    rows = [(inf, one, 0), (minus, one, 0), (inf, 0, 0), (nan, one, 0), (inf, one, 0xFF800000), (one, one, 0x7F800000)]
    a, b, c = (np.array(x, np.uint32) for x in zip(*rows, strict=True))
    got = dot(gpu, instruction, a[:, None], b[:, None], c)
    assert got[[0, 1, 5]].tolist() == [0x7F800000, 0xFF800000, 0x7F800000]
    assert all(x & 0x7FFFFFFF > 0x7F800000 for x in got[2:5].tolist())


def test_the_generations_differ_where_their_rules_do():
    """2^24 and one half: rounded once, in pairs, and cut."""
    tiny = to_bits("fp16", np.array([[2.0**-24, 0, 0, 0]]))
    ones = to_bits("fp16", np.ones((1, 4)))
    zero = np.zeros(1, np.uint32)
    assert dot("mi100", "fp16", tiny, ones, zero) == 0x33800000 and dot("mi250", "fp16", tiny, ones, zero) == 0
    big = np.full((1, 2), to_bits("bf16", np.array([2.0**100]))[0])
    signs = big ^ np.array([[0, 0x8000]])
    assert dot("mi100", "bf16", big, signs, zero) == 0                         # infinity less infinity cancels before it is one
    assert dot("mi250", "bf16", big, signs, zero) == dot("mi300", "bf16", big, signs, zero) == 0x7FFFFFFF


@pytest.mark.parametrize(("gpu", "instruction", "text"), [
    ("mi50", "fp16", "gpu must be one of mi100, mi250, mi300"),
    ("mi100", "xf32", "instruction must be one of fp16, bf16 for mi100")])
def test_what_no_model_describes_is_refused(gpu, instruction, text):
    with pytest.raises(ValueError, match=text):
        dot(gpu, instruction, np.zeros((1, 4), np.uint16), np.zeros((1, 4), np.uint16), np.zeros(1, np.uint32))

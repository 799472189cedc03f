"""Sums of golden against fractions: every generation and format, blocks and chains, random and exhaustive."""
import ml_dtypes
import numpy as np
import pytest

from golden.mac import dot
from golden.mac.cases import dots
from golden.mac.emulated import dot as emulated
from spec.mac import MacSpec
from spec.mac.generation import RULES
from tests import mac_oracle

FLOATS = [key for key in RULES if RULES[key].round != "int"]
CUT = [key for key in FLOATS if key[0] != "exact"]
EXACT = [key for key in FLOATS if key[0] == "exact"]


def name(key):
    return "-".join(key)


def same(got, want, a, b, c, seed):
    for n, (g, w) in enumerate(zip(got.tolist(), want, strict=True)):
        assert g == w, (f"seed {seed}, row {n}: golden {g:x}, oracle {w:x}, a {a[n].tolist()}, "
                        f"b {b[n].tolist()}, c {c[n]:x}")


def compare(key, count, terms, seed):
    arch, fmt, acc = key
    a, b, c = dots(fmt, acc, count, terms, np.random.default_rng(seed))
    reading = mac_oracle.exact if arch == "exact" else lambda *row: mac_oracle.dot(arch, *row)
    want = [reading(a[n], b[n], c[n], fmt, acc) for n in range(count)]
    same(dot(arch, a, b, c, fmt, acc), want, a, b, c, seed)


@pytest.mark.parametrize("key", CUT, ids=name)
def test_a_block_matches_fractions(key):
    compare(key, 900, RULES[key].terms, 11)


@pytest.mark.parametrize("key", CUT, ids=name)
@pytest.mark.parametrize("shape", [1, 3, "chain"])
def test_short_blocks_and_chains_match_fractions(key, shape):
    compare(key, 150, 2 * RULES[key].terms + 3 if shape == "chain" else shape, 12)


@pytest.mark.parametrize("key", EXACT, ids=name)
@pytest.mark.parametrize("terms, count", [(4, 2000), (1, 300), (17, 300)])
def test_exact_matches_fractions(key, terms, count):
    compare(key, count, terms, 13)                              # 8 x 2,600 = 20,800 cases


@pytest.mark.full
@pytest.mark.parametrize("key", FLOATS, ids=name)
@pytest.mark.parametrize("seed", range(3))
def test_many_more_match_fractions(key, seed):
    compare(key, 10_000, RULES[key].terms or 8, 100 + seed)


def emulated_by_fractions(a, b, c, fmt, acc):
    """8-bit mma.sync on Hopper, in words: low halves of the registers, then high ones, then C by itself."""
    wide = []
    for x in (a, b):
        value = np.array(mac_oracle.values(fmt, x))
        wide.append(np.where(np.isnan(value), 0x7FFF, value.astype(np.float16).view(np.uint16)).astype(np.uint16))
    total, low = 0, np.arange(len(a)) % 4 < 2
    for half in (low, ~low):
        total = mac_oracle.dot("hopper", wide[0][half], wide[1][half], total, "fp16", acc)
    one = {"fp16": 0x3C00, "fp32": 0x3F800000}[acc]
    return mac_oracle.exact([total], [one], c, acc, acc)


@pytest.mark.parametrize("fmt", ["e4m3", "e5m2"])
@pytest.mark.parametrize("acc", ["fp16", "fp32"])
def test_eight_bit_mma_sync_matches_fractions(fmt, acc):
    a, b, c = dots(fmt, acc, 600, 32, np.random.default_rng(17))
    want = [emulated_by_fractions(a[n], b[n], c[n], fmt, acc) for n in range(600)]
    same(emulated(a, b, c, fmt, acc), want, a, b, c, 17)
    assert (emulated(a, b, c, fmt, acc) != dot("hopper", a, b, c, fmt, acc)).any()


@pytest.mark.parametrize("fmt", ["fp16", "bf16"])
def test_exact_spans_the_whole_range_of_exponents(fmt):
    ends = {"fp16": (0x7BFF, 0x0001), "bf16": (0x7F7F, 0x0001)}[fmt]
    big, small = ends
    a = np.array([[big, big, small], [big, small, 0], [small, small, 0], [big, big, small]], np.uint16)
    b = np.array([[big, big ^ 0x8000, small], [big, small, 0], [small, small ^ 0x8000, 0],
                  [1, 0x8001, small]], np.uint16)
    c = np.array([1, 0x80000001, 1, 0x7F7FFFFF], np.uint32)
    want = [mac_oracle.exact(a[n], b[n], c[n], fmt, "fp32") for n in range(4)]
    same(dot("exact", a, b, c, fmt), want, a, b, c, "none")


def test_exact_sees_a_bit_however_far_below_a_tie():
    scale = np.arange(1, 255)                                   # exponent fields of bf16: 2^-126 to 2^127
    high, low = (x.reshape(-1) for x in np.meshgrid(scale, scale))
    one, half = np.full_like(high, 0x3F80), 103 << 7            # 1.0 + 2^-24: halfway between two results
    for sign in (0, 0x8000):
        a = np.stack([one, one, high << 7], axis=1).astype(np.uint16)
        b = np.stack([one, np.full_like(one, half), low << 7 | sign], axis=1).astype(np.uint16)
        got = dot("exact", a, b, np.zeros(len(a), np.uint32), "bf16")
        weight = high + low - 254                               # of the third product
        below = weight < -25                                    # too small to do more than break the tie
        assert (got[below] == (0x3F800000 if sign else 0x3F800001)).all() and below.sum() > 20_000


def test_a_build_shorter_than_the_real_block_pads_with_zeros():
    rng = np.random.default_rng(14)
    a, b, c = dots("fp16", "fp32", 300, 4, rng)
    wide = [np.pad(x, ((0, 0), (0, 12))) for x in (a, b)]
    build = MacSpec(arch="hopper", k=4)
    assert (dot(build, a, b, c, "fp16") == dot("hopper", *wide, c, "fp16")).all()


def test_a_wide_build_sums_a_shorter_format_in_its_own_blocks():
    a, b, c = dots("fp16", "fp32", 300, 40, np.random.default_rng(18))
    build = MacSpec(arch="hopper", formats=("fp16", "e4m3"), k=32)
    got = dot(build, a, b, c, "fp16")
    assert (got == dot("hopper", a, b, c, "fp16")).all()
    same(got, [mac_oracle.dot("hopper", a[n], b[n], c[n], "fp16", "fp32") for n in range(300)], a, b, c, 18)


def test_a_build_chains_its_own_length():
    rng = np.random.default_rng(15)
    a, b, c = dots("fp16", "fp32", 500, 8, rng)
    build = MacSpec(arch="ampere", k=4)
    middle = dot(build, a[:, :4], b[:, :4], c, "fp16")
    assert (dot(build, a, b, c, "fp16") == dot(build, a[:, 4:], b[:, 4:], middle, "fp16")).all()
    assert (dot(build, a, b, c, "fp16") != dot("ampere", a, b, c, "fp16")).any()


def pairs(bits):
    return (x.reshape(-1, 1).astype(np.uint8) for x in np.meshgrid(np.arange(bits), np.arange(bits)))


@pytest.mark.parametrize("key", [k for k in FLOATS if k[1] in ("e4m3", "e5m2")], ids=name)
def test_every_pair_of_eight_bit_floats(key):
    arch, fmt, acc = key
    a, b = pairs(256)
    x, y = (np.array(mac_oracle.values(fmt, v[:, 0])) for v in (a, b))
    with np.errstate(invalid="ignore", over="ignore"):
        product = x * y                                         # exact: 2 x 4 bits of 53
        want = product.astype(mac_oracle.DTYPES[acc])           # one rounding, to nearest even
    want = np.where(want == 0, 0, want).astype(want.dtype).view(mac_oracle.BYTES[acc])
    want = np.where(np.isnan(product), mac_oracle.NAN[acc], want)
    got = dot(arch, a, b, np.zeros(len(a), mac_oracle.BYTES[acc]), fmt, acc)
    wrong = np.flatnonzero(got != want)
    assert not len(wrong), f"{len(wrong)} differ, first {a[wrong[0]]} * {b[wrong[0]]}: {got[wrong[0]]:x}"


@pytest.mark.parametrize("key", [k for k in FLOATS if k[1] in ("fp16", "bf16")], ids=name)
def test_every_sixteen_bit_value_times_one(key):
    arch, fmt, acc = key
    a = np.arange(1 << 16, dtype=np.uint16).reshape(-1, 1)
    one = np.full_like(a, {"fp16": 0x3C00, "bf16": 0x3F80}[fmt])
    value = np.array(mac_oracle.values(fmt, a[:, 0]))
    with np.errstate(over="ignore", invalid="ignore"):
        want = value.astype(mac_oracle.DTYPES[acc])
    want = np.where(want == 0, 0, want).astype(want.dtype).view(mac_oracle.BYTES[acc])
    want = np.where(np.isnan(value), mac_oracle.NAN[acc], want)
    zero = np.zeros(len(a), mac_oracle.BYTES[acc])
    assert (dot(arch, a, one, zero, fmt, acc) == want).all()
    assert (dot(arch, one, a, zero, fmt, acc) == want).all()


@pytest.mark.parametrize("arch", ["ampere", "hopper", "exact"])
@pytest.mark.parametrize("fmt, dtype", [("int8", np.int8), ("int4", ml_dtypes.int4)])
def test_every_pair_of_integers(arch, fmt, dtype):
    a, b = pairs(256 if fmt == "int8" else 16)
    x, y = (v.astype(np.int8).astype(dtype) if fmt == "int4" else v.view(np.int8) for v in (a, b))
    want = (x.astype(np.int32) * y.astype(np.int32))[:, 0].view(np.uint32)
    assert (dot(arch, a, b, np.zeros(len(a), np.uint32), fmt) == want).all()


@pytest.mark.parametrize("overflow", ["wrap", "saturate"])
@pytest.mark.parametrize("fmt", ["int8", "int4"])
def test_integers_overflow_once_an_operation(overflow, fmt):
    rng = np.random.default_rng(16)
    low = -128 if fmt == "int8" else -8
    a, b = rng.integers(low, -low, (2, 400, 12))
    c = rng.choice([-2**31, -2**31 + 5, 0, 2**31 - 5, 2**31 - 1], 400)
    a[:100], b[:100] = low, low                                 # every product at its largest
    build = MacSpec(arch="ampere", formats=(fmt,), acc="int32", k=4, overflow=overflow)
    want = []
    for n in range(400):
        total = int(c[n])
        for k in range(0, 12, 4):
            total += sum(int(x) * int(y) for x, y in zip(a[n, k:k + 4], b[n, k:k + 4], strict=True))
            total = ((total + 2**31) % 2**32 - 2**31 if overflow == "wrap" else
                     max(-2**31, min(2**31 - 1, total)))
        want.append(total % 2**32)
    got = dot(build, a.astype(np.int8), b.astype(np.int8), c.astype(np.int32), fmt)
    assert got.tolist() == want
    assert any(w in (2**31 - 1, 2**31) for w in want) == (overflow == "saturate") or overflow == "wrap"

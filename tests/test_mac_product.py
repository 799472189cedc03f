"""Matrix products, conversion of values, and what happens to bad input."""
import numpy as np
import pytest

from golden.mac import dot, matmul, padding, scaled, to_bits, to_values
from golden.mac.cases import patterns
from golden.mac.pack import pack
from golden.mac.speed import measure
from spec.mac import MacSpec
from spec.mac.number import FORMATS
from tests.mac_oracle import BYTES

BUILDS = [
    (MacSpec(), "fp16"), (MacSpec(acc="fp16", tiles=3, fold=4), "fp16"),
    (MacSpec(arch="ampere", formats=("bf16", "int8"), k=8), "bf16"),
    (MacSpec(arch="ampere", formats=("bf16", "int8"), k=8), "int8"),
    (MacSpec(arch="hopper", formats=("e4m3", "fp16"), k=32), "e4m3"),
    (MacSpec(arch="hopper", formats=("e4m3", "fp16"), k=32), "fp16"),
    (MacSpec(arch="exact", formats=("e5m2",), acc="fp16", k=16), "e5m2"),
]


@pytest.mark.parametrize("build, fmt", BUILDS, ids=lambda x: x if isinstance(x, str) else x.arch)
@pytest.mark.parametrize("shape", [(4, 4, 4), (1, 1, 1), (13, 37, 10), (130, 5, 70)])
def test_matmul_is_a_dot_product_an_element(build, fmt, shape):
    rng = np.random.default_rng(41)
    rows, length, columns = shape
    acc = build.acc_of(fmt)
    a, b = patterns(fmt, (rows, length), rng), patterns(fmt, (length, columns), rng)
    c = patterns(acc, (rows, columns), rng)
    full = padding(build, rows, length, columns, fmt)[1] - length
    left = np.pad(np.repeat(a, columns, axis=0), ((0, 0), (0, full)))
    right = np.pad(np.tile(b.T, (rows, 1)), ((0, 0), (0, full)))
    want = dot(build, left, right, c.reshape(-1), fmt)
    assert (matmul(build, a, b, c, fmt=fmt).reshape(-1) == want).all()
    want = dot(build, left, right, np.zeros_like(c).reshape(-1), fmt)
    assert (matmul(build, a, b, fmt=fmt).reshape(-1) == want).all()


def test_padding_is_to_whole_operations_on_whole_tiles():
    build = MacSpec(arch="hopper", formats=("e4m3", "fp16"), k=32, tiles=2)
    assert padding(build, 5, 33, 9, "e4m3") == (8, 64, 16)
    assert padding(build, 4, 33, 8, "fp16") == (4, 48, 8)


def test_zero_padding_changes_no_float():
    rng = np.random.default_rng(42)
    a, b, c = patterns("fp16", (500, 5), rng), patterns("fp16", (500, 5), rng), patterns("fp32", 500, rng)
    wide = [np.pad(x, ((0, 0), (0, 3))) for x in (a, b)]
    for arch in ("volta", "ampere", "hopper", "exact"):
        build = MacSpec(arch=arch, k=4)
        assert (dot(build, a, b, c, "fp16") == dot(build, *wide, c, "fp16")).all()


def test_an_empty_product_is_the_addend():
    build, none = MacSpec(), np.zeros((3, 0), np.uint16)
    c = np.array([[0x3F800000, 0x80000000], [1, 2], [0x7F800001, 3]], np.uint32)
    assert (matmul(build, none, np.zeros((0, 2), np.uint16), c, fmt="fp16") == c).all()
    assert dot(build, none.T[:, :0], none.T[:, :0], np.zeros(0, np.uint32), "fp16").size == 0


@pytest.mark.parametrize("fmt", ["fp16", "bf16", "e4m3", "e5m2"])
def test_conversion_rounds_to_nearest_even(fmt):
    every = np.arange(1 << FORMATS[fmt].bits - 1).astype(BYTES[fmt])    # positive, ascending
    value = to_values(fmt, every).astype(np.float64)
    value = value[np.isfinite(value)]
    assert (to_bits(fmt, value) == every[:len(value)]).all() and (np.diff(value) > 0).all()
    rng = np.random.default_rng(43)
    pick = rng.integers(0, len(value) - 1, 20_000)
    share = rng.choice([0.25, 0.5, 0.75, 0.499, 0.501], 20_000)         # a half is a tie: the even one of two
    between = (value[pick] * (1 - share) + value[pick + 1] * share).astype(np.float32)
    exact = between.astype(np.float64) * 2 - value[pick] - value[pick + 1]
    up = (exact > 0) | (exact == 0) & (pick % 2 == 1)
    assert (exact == 0).sum() > 1000
    assert (to_bits(fmt, between) == pick + up).all()
    assert (to_bits(fmt, -between) == (pick + up | 1 << FORMATS[fmt].bits - 1)).all()


def test_eight_bit_ties_and_edges():
    assert to_bits("e4m3", [448, -448, 463.9, 464]).tolist() == [0x7E, 0xFE, 0x7E, 0x7E]
    assert to_bits("e4m3", [0.0009765625, 2.0**-9]).tolist() == [0, 1]
    assert to_bits("e5m2", [57344, np.inf, -np.inf, 2.0**-16]).tolist() == [0x7B, 0x7C, 0xFC, 1]
    assert to_bits("int4", [-8, 7, -1]).tolist() == [8, 7, 15]
    assert to_values("int4", [8, 7, 15]).tolist() == [-8, 7, -1]


ZEROS = np.zeros((2, 4), np.uint16)
SUMS = np.zeros(2, np.uint32)


@pytest.mark.parametrize("call, error, text", [
    (lambda: dot("pascal", ZEROS, ZEROS, SUMS, "fp16"), ValueError,
     r"arch must be one of volta, ampere, ada, hopper, blackwell, exact, not 'pascal'"),
    (lambda: dot("volta", ZEROS, ZEROS, SUMS, "e4m3"), ValueError,
     r"not e4m3->fp32; volta offers fp16->fp32, fp16->fp16"),
    (lambda: dot("volta", ZEROS, ZEROS, SUMS, "fp12"), ValueError, r"not fp12->fp32"),
    (lambda: dot("ampere", ZEROS, ZEROS, SUMS, "bf16", "fp16"), ValueError, r"not bf16->fp16"),
    (lambda: dot(MacSpec(), ZEROS, ZEROS, SUMS, "bf16"), ValueError,
     r"format must be one this build holds \(fp16\), not bf16; build with it"),
    (lambda: dot(MacSpec(), ZEROS, ZEROS, SUMS, "fp16", "fp16"), ValueError,
     r"acc must be fp32 for fp16 in this build"),
    (lambda: dot("volta", ZEROS.astype(float), ZEROS, SUMS, "fp16"), TypeError,
     r"a must be raw fp16 patterns \(integers\), not float64; convert values with golden.mac.to_bits"),
    (lambda: dot("volta", ZEROS, ZEROS + np.uint32(70000), SUMS, "fp16"), OverflowError,
     r"b must hold fp16 patterns in 0\.\.0xffff, not 70000"),
    (lambda: dot("volta", ZEROS.astype(int) - 1, ZEROS, SUMS, "fp16"), OverflowError,
     r"not -1; mask or convert"),
    (lambda: dot("ampere", ZEROS, ZEROS + 16, SUMS, "int4"), OverflowError,
     r"int4 patterns in 0\.\.0xf, not 16"),
    (lambda: dot("volta", ZEROS, ZEROS[:1], SUMS, "fp16"), ValueError,
     r"must have shapes \(N, K\), \(N, K\) and \(N,\), not \(2, 4\), \(1, 4\) and \(2,\)"),
    (lambda: dot("volta", ZEROS[0], ZEROS[0], SUMS, "fp16"), ValueError, r"give one row a dot product"),
    (lambda: matmul(MacSpec(), ZEROS, ZEROS, fmt="fp16"), ValueError,
     r"a and b must have shapes \(M, K\) and \(K, N\), not \(2, 4\) and \(2, 4\); the K of both must agree"),
    (lambda: matmul(MacSpec(), ZEROS, ZEROS.T, SUMS, fmt="fp16"), ValueError,
     r"c must have shape \(2, 2\), not \(2,\)"),
    (lambda: to_bits("fp12", [1]), ValueError, r"format must be one of fp16.*not 'fp12'"),
    (lambda: to_bits("int8", [1.0, np.nan]), ValueError,
     r"must be whole numbers for int8, not NaN; an integer has no"),
    (lambda: to_bits("int8", [1.5]), ValueError,
     r"must be whole numbers for int8, not 1\.5; round or quantise"),
    (lambda: to_bits("int8", [128]), OverflowError, r"must be in -128\.\.127 for int8, not 128"),
    (lambda: to_bits("int4", [np.inf]), OverflowError, r"must be in -8\.\.7 for int4, not inf"),
    (lambda: to_bits("int8", ["a"]), TypeError, r"must be real numbers for int8"),
    (lambda: to_bits("fp16", [1e5]), OverflowError,
     r"within 65504 of zero for fp16, not 100000; scale them down"),
    (lambda: to_bits("e4m3", [500]), OverflowError, r"within 448 of zero for e4m3, not 500"),
    (lambda: to_bits("e4m3", [np.inf]), OverflowError, r"within 448 of zero for e4m3, not inf"),
    (lambda: to_bits("lns", [np.nan]), ValueError, r"must be finite for lns, not nan"),
    (lambda: pack(FORMATS["e4m3"], *np.zeros((3, 1), np.int64), how="rz", keep=4), ValueError,
     r"format must have an infinity to hold sums, not e4m3"),
])
def test_bad_input_is_named(call, error, text):
    with pytest.raises(error, match=text):
        call()


@pytest.mark.full
def test_a_million_four_term_dot_products_a_second():
    slow = [row for row in measure(1 << 18) if row["per_second"] < 1_000_000]
    assert not slow, slow


@pytest.mark.parametrize(("name", "places"), [("fp16", 10), ("bf16", 7), ("tf32", 10), ("e4m3", 3), ("e5m2", 2)])
def test_a_value_of_64_bits_is_rounded_once(name, places):
    tie, last = 1 + 2.0 ** -(places + 1), 2.0**-places
    values = np.array([tie, tie + 2.0**-40, tie - 2.0**-40, -tie - 2.0**-40, tie + last - 2.0**-40, tie + last])
    assert to_values(name, to_bits(name, values)).tolist() == [1, 1 + last, 1, -1 - last, 1 + last, 1 + 2 * last]
    assert to_values(name, to_bits(name, np.array([1e-300, -1e-300, 0.0]))).tolist() == [0, 0, 0]


@pytest.mark.parametrize(("name", "places"), [("mxfp8_e4m3", 3), ("mxfp6_e2m3", 3), ("mxfp4_e2m1", 1), ("nvfp4", 1)])
def test_a_scaled_element_is_rounded_once(name, places):
    tie, last = 1 + 2.0 ** -(places + 1), 2.0**-places
    row = np.zeros((1, 64))
    row[0, :4], row[0, ::16] = [0, tie, tie + 2.0**-40, tie - 2.0**-40], scaled.element_largest(scaled.named(name))
    elements, scales = scaled.to_blocks(name, row)
    assert scaled.to_real(name, elements, scales)[0, 1:4].tolist() == [1, 1 + last, 1]

from dataclasses import replace

import numpy as np
import pytest

from golden.mac import dot, to_bits
from golden.mac.vectors import GENERATIONS, VECTORS, check, operands
from spec.mac.generation import RULES
from tests import mac_oracle

INF, NAN = float("inf"), float("nan")
ANSWERS = {                                 # typed a second time: a slip in the golden model's own table would show
    1: "34800000", 2: "00000001", 3: "3f7fc004", 4: "3f800000 3f800002 3f800002", 5: "3f800001",
    6: "40000000", 7: "c0000000", 8: "34000000 33800000 33800000", 9: "34000000 00000000 00000000",
    10: "41000000", 11: "40a00000", 12: "c0a00000", 13: "0001", 14: "0001", 15: "0000 0001 0001",
    16: "0000 0001 0001", 17: "0000 0000 0001", 18: "0000 0000 0001", 19: "0000", 20: "3c00 3c00 3c01",
    21: "4401",
}


@pytest.mark.parametrize("arch", GENERATIONS)
@pytest.mark.parametrize("number", ANSWERS)
def test_directed_vector(number, arch):
    vector = VECTORS[number - 1]
    answers = [int(text, 16) for text in ANSWERS[number].split()]
    want = (answers * (3 // len(answers)))[GENERATIONS.index(arch)]
    a, b, c = operands(vector)
    assert dot(arch, a, b, c, "fp16", vector.acc)[0] == want
    assert mac_oracle.dot(arch, a[0], b[0], c[0], "fp16", vector.acc) == want
    assert getattr(vector, arch) == want


def test_the_report_covers_every_vector():
    assert len(VECTORS) == len(ANSWERS) and [row["match"] for row in check()] == [True] * 63


@pytest.mark.parametrize("arch", GENERATIONS)
@pytest.mark.parametrize("name", ["frac", "e_zero"])
@pytest.mark.parametrize("by", [-1, 1])
def test_vectors_refuse_what_half_recordings_cannot_tell(arch, name, by):
    rule = RULES[arch, "fp16", "fp16"]
    wrong = replace(rule, **{name: getattr(rule, name) + by})
    assert any(dot(arch, *operands(v), "fp16", "fp16", rule=wrong)[0] != getattr(v, arch)
               for v in VECTORS if v.acc == "fp16")


SPECIALS = [                                # products, addend, result (fp32)
    ([(NAN, 1)], 0, 0x7FFFFFFF), ([(1, NAN)], 0, 0x7FFFFFFF), ([(1, 1)], NAN, 0x7FFFFFFF),
    ([(NAN, 0)], 0, 0x7FFFFFFF), ([(NAN, INF)], INF, 0x7FFFFFFF),
    ([(INF, 0)], 0, 0x7FFFFFFF), ([(0, -INF)], 1, 0x7FFFFFFF), ([(INF, 0), (INF, 1)], INF, 0x7FFFFFFF),
    ([(INF, 1), (-INF, 1)], 0, 0x7FFFFFFF), ([(INF, 1)], -INF, 0x7FFFFFFF), ([(INF, -INF)], INF, 0x7FFFFFFF),
    ([(INF, 1)], 0, 0x7F800000), ([(INF, -1)], 5, 0xFF800000), ([(-INF, -INF)], 0, 0x7F800000),
    ([(1, 1)], -INF, 0xFF800000), ([(INF, 2.0**-24)], INF, 0x7F800000),
    ([(INF, 1), (65504, -65504)], 0, 0x7F800000),
    ([], 0, 0), ([(-0.0, 1)], -0.0, 0), ([(0, -1)], 0, 0), ([], -0.0, 0), ([(1, 1), (-1, 1)], 0, 0),
    ([(3, 1)], -3, 0), ([(65504, 65504)] * 4, 0, 0x507FC004), ([], 3.4028234663852886e38, 0x7F7FFFFF),
]


@pytest.mark.parametrize("arch", [*GENERATIONS, "exact"])
def test_specials(arch):
    for products, c, want in SPECIALS:
        pairs = [*products, *[(0, 0)] * (4 - len(products))]
        a, b = (to_bits("fp16", np.array([side], float)) for side in zip(*pairs, strict=True))
        got = dot(arch, a, b, to_bits("fp32", np.array([c], float)), "fp16")[0]
        assert got == want, f"{products} + {c}: {got:08x}, not {want:08x}"


def bf16(arch, products, c):
    a, b = (to_bits("bf16", np.array([side], float)) for side in zip(*products, strict=True))
    return int(dot(arch, a, b, to_bits("fp32", np.array([c], float)), "bf16")[0])


@pytest.mark.parametrize("arch", ["ampere", "hopper", "exact"])
def test_only_the_sum_may_overflow(arch):
    big = 2.0**127
    assert bf16(arch, [(big, big), (-big, big), (1, 1)], 0) == (0x3F800000 if arch == "exact" else 0)
    assert bf16(arch, [(big, 1), (big, 1)], 0) == 0x7F800000            # not the largest finite number
    assert bf16(arch, [(-big, 1), (-big, 1)], 0) == 0xFF800000
    assert bf16(arch, [(big, 1), (big, 1), (-big, 1)], 0) == 0x7F000000
    assert bf16(arch, [(big, 1)], 3.4028234663852886e38) == 0x7F800000


@pytest.mark.parametrize("arch", ["ampere", "hopper", "exact"])
def test_what_is_too_small_is_plus_zero(arch):
    tiny = 2.0**-75
    assert bf16(arch, [(-tiny, tiny)], 0) == 0 and bf16(arch, [(tiny, tiny)], 0) == 0
    assert bf16(arch, [(-(2.0**-133), 1)], 0) == 0x80010000             # a subnormal operand is honoured
    assert bf16(arch, [(-(2.0**-75), 2.0**-74)], 0) == 0x80000001


@pytest.mark.parametrize("arch", GENERATIONS)
def test_half_results_overflow_past_the_halfway_point(arch):
    def half(products):
        a, b = (to_bits("fp16", np.array([side], float)) for side in zip(*products, strict=True))
        return int(dot(arch, a, b, np.zeros(1, np.uint16), "fp16", "fp16")[0])

    assert half([(65504, 1), (15.9921875, 1)]) == 0x7BFF and half([(65504, 1), (16, 1)]) == 0x7C00
    assert half([(-65504, 1), (-16, 1)]) == 0xFC00 and half([(NAN, 1)]) == 0x7FFF
    assert half([(2.0**-24, 0.5)]) == 0 and half([(2.0**-24, 0.50048828125)]) == 1
    assert half([(-(2.0**-24), 0.5)]) == 0


@pytest.mark.parametrize("products, c, want", [
    ([(1, 1)], -(2.0**-14), 0x3F800000), ([(1, 1)], 2.0**-13, 0x3F800400),
    ([(1, 1)], -(2.0**-13), 0x3F7FF800),
    ([(0, 0)], 1 + 2.0**-23, 0x3F800000),
])
def test_wgmma_keeps_thirteen_bits(products, c, want):
    a, b = (to_bits("e4m3", np.array([side], float)) for side in zip(*products, strict=True))
    assert dot("hopper", a, b, to_bits("fp32", np.array([c])), "e4m3")[0] == want

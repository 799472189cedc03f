"""What a tile may be: the table of legal combinations, derived numbers, and refusals."""
import dataclasses

import ml_dtypes
import numpy as np
import pytest

from spec.mac import MacSpec
from spec.mac.generation import ARCHS, LEGAL, RULES
from spec.mac.number import ACCUMULATORS, FORMATS, OPERANDS
from tests.mac_oracle import DTYPES, WIDTHS

INTEGERS = dict(arch="ampere", formats=("int8",), acc="int32")
LOGARITHMS = dict(arith="lns", formats=("lns",), acc="lns")


def test_rules_are_the_published_ones():
    ours = {key: (rule.terms, rule.frac, rule.keep, rule.e_zero) for key, rule in RULES.items() if rule.frac}
    assert ours == WIDTHS
    assert all(RULES[key].round == ("rne" if key[2] == "fp16" else "rz") for key in WIDTHS)


def test_illegal_triples_are_exactly_those_outside_the_table():
    for arch in ARCHS:
        for fmt in OPERANDS[:-1]:
            for acc in ACCUMULATORS[:-1]:
                try:
                    MacSpec(arch=arch, formats=(fmt,), acc=acc)
                    built = True
                except ValueError:
                    built = False
                wanted = acc if FORMATS[fmt].is_float else "int32"
                assert built == ((arch, fmt, wanted) in LEGAL), (arch, fmt, acc)
    assert LEGAL >= {("volta", "fp16", "fp16"), ("hopper", "e5m2", "fp32"), ("ampere", "int4", "int32")}
    assert not LEGAL & {("volta", "e4m3", "fp32"), ("volta", "bf16", "fp32"), ("ampere", "e4m3", "fp32"),
                        ("ampere", "bf16", "fp16"), ("volta", "int8", "int32"), ("hopper", "int8", "fp32")}


@pytest.mark.parametrize("name", DTYPES)
def test_formats_agree_with_other_peoples_types(name):
    ours, theirs = FORMATS[name], ml_dtypes.finfo(DTYPES[name])
    assert (ours.bits, ours.man_bits, ours.emin) == (theirs.bits, theirs.nmant, theirs.minexp)
    assert ours.emax == int(theirs.maxexp) - 1
    assert ours.bytes == np.dtype(DTYPES[name]).itemsize and ours.sig_bits == theirs.nmant + 1


def test_derived_numbers():
    volta = MacSpec()
    assert (volta.terms("fp16"), volta.sum_bits("fp16"), volta.units, volta.operand_bits, volta.acc_bits) == (
        4, 29, 16, 16, 32)
    assert MacSpec(arch="ampere", k=8).sum_bits("fp16") == 31
    hopper = MacSpec(arch="hopper", formats=("fp16", "e4m3", "int8", "int4"), k=32, fold=16)
    assert [hopper.terms(f) for f in hopper.formats] == [16, 32, 32, 32] and hopper.units == 1
    assert hopper.sum_bits("fp16") == 33 and hopper.sum_bits("e4m3") == 22 and hopper.sum_bits("int8") == 33
    assert [hopper.code(f) for f in hopper.formats] == [0, 2, 4, 5] and hopper.acc_of("int4") == "int32"
    assert MacSpec(arch="exact", k=16).sum_bits("fp16") is None
    assert MacSpec(**LOGARITHMS).terms("lns") == 4 and MacSpec(**LOGARITHMS).acc_bits == 16
    assert dataclasses.replace(volta, acc="fp16").acc_bits == 16


@pytest.mark.parametrize("change, error, text", [
    (dict(arch="pascal"), ValueError, r"arch must be one of volta, ampere, ada, hopper, blackwell, exact, not 'pascal'"),
    (dict(formats=("e4m3",)), ValueError, r"not e4m3->fp32; volta offers fp16->fp32, fp16->fp16"),
    (dict(formats=("fp12",)), ValueError, r"formats must be one of fp16.*not 'fp12'"),
    (dict(formats="fp16"), TypeError,
     r"formats must be a tuple of one or more names, not 'fp16'; name at least one of fp16"),
    (dict(formats=()), TypeError, r"formats must be a tuple"),
    (dict(formats=("fp16", "fp16")), ValueError, r"must name each of its parts once, not fp16,fp16"),
    (dict(acc="int32"), ValueError, r"not fp16->int32"),
    (dict(acc="bf16"), ValueError, r"acc must be one of fp32, fp16, int32, lns, not 'bf16'"),
    (dict(k=5), ValueError, r"k must be one of 4, 8, 16, 32, not 5"),
    (dict(k=8), ValueError,
     r"k must be at most 4 for volta with fp16, not 8; the real unit sums no more at once"),
    (dict(arch="hopper", k=32), ValueError, r"k must be at most 16 for hopper with fp16"),
    (dict(target="asic"), ValueError, r"target must be one of ecp5, gowin, ice40, generic, not 'asic'"),
    (dict(fold=3), ValueError, r"fold must be one of 1, 2, 4, 16, not 3"),
    (dict(fold=True), ValueError, r"fold must be one of 1, 2, 4, 16, not True"),
    (dict(tiles=0), ValueError, r"tiles must be 1 to 64, not 0"),
    (dict(tiles=1.5), TypeError, r"tiles must be of type int, not 1\.5"),
    (dict(seed=1 << 32), ValueError, r"seed must be 0 to 4294967295, not 4294967296"),
    (dict(overflow="clip"), ValueError, r"overflow must be one of wrap, saturate, not 'clip'"),
    (dict(arith="posit"), ValueError, r"arith must be one of float, lns, not 'posit'"),
    (dict(kahan=True), ValueError, r"kahan must be off with arith float, not on"),
    (INTEGERS | dict(stochastic=True), ValueError, r"stochastic must be off for integer formats"),
    (dict(arith="lns"), ValueError, r"formats and acc must be lns with arith lns, not fp16 and fp32"),
    (LOGARITHMS | dict(stochastic=True), ValueError, r"stochastic must be off with arith lns"),
    (LOGARITHMS | dict(lns_frac=11), ValueError, r"lns_frac must be 4 to 10, not 11"),
    (LOGARITHMS | dict(lns_step=9), ValueError, r"lns_step must be at most lns_frac, which is 8, not 9"),
    (dict(formats=("lns",), acc="lns"), ValueError, r"not lns->lns; volta offers"),
])
def test_what_no_generation_does_is_refused(change, error, text):
    with pytest.raises(error, match=text):
        MacSpec(**change)


def test_a_format_outside_the_build_is_refused():
    with pytest.raises(ValueError, match=r"format must be one this build holds \(fp16\), not bf16"):
        MacSpec().code("bf16")

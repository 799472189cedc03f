"""The generations of tensor core as numbers: block length, width, rounding, and what each may multiply."""
from dataclasses import dataclass

from spec.mac.number import FORMATS


@dataclass(frozen=True, kw_only=True)
class Rule:
    """How one generation sums a block of products of one operand format into one accumulator format.

    Parameters
    ----------
    terms : int or None
        L, products summed at once, the longest block; None where no length is ever too long.
    frac : int or None
        F, fraction bits kept below the largest exponent; None where nothing is cut before the final rounding.
    round : str
        ``"rz"`` toward zero, ``"rne"`` to nearest even, ``"int"`` exact modulo 2^32 or saturated.
    keep : int
        Significant bits kept by the rounding (24, 14 or 11); 32 for integers.
    e_zero : int or None
        Exponent a zero term counts with when the largest exponent is sought; None where F is None.
    """

    terms: int | None
    frac: int | None
    round: str
    keep: int
    e_zero: int | None


def _rules() -> dict[tuple[str, str, str], Rule]:
    """Lay out the table from the numbers of each generation, one generation a line."""
    table = {}
    for arch, half, byte, frac, wide in (("volta", 4, None, 23, None), ("ampere", 8, None, 24, None),
                                         ("hopper", 16, 32, 25, 13), ("exact", None, None, None, None)):
        drop = 0 if frac is None else frac - 23
        zero = {acc: None if frac is None else FORMATS[acc].emin - 5 - drop for acc in ("fp32", "fp16")}
        final = "rne" if frac is None else "rz"
        for acc in ("fp32", "fp16"):
            keep = FORMATS[acc].sig_bits
            how = final if acc == "fp32" else "rne"
            for fmt in ("fp16", "bf16", "e4m3", "e5m2"):
                small = fmt in ("e4m3", "e5m2")
                if small and arch in ("volta", "ampere"):
                    continue                                    # 8-bit floats arrive with Hopper (and Ada)
                if fmt == "bf16" and (arch == "volta" or (acc == "fp16" and arch != "exact")):
                    continue                                    # no bf16 before Ampere, never into fp16
                bits = 14 if small and arch == "hopper" and acc == "fp32" else keep
                table[arch, fmt, acc] = Rule(terms=byte if small else half, frac=wide if small else frac,
                                             round=how, keep=bits, e_zero=zero[acc])
        if arch != "volta":
            for fmt in ("int8", "int4"):
                table[arch, fmt, "int32"] = Rule(terms=None, frac=None, round="int", keep=32, e_zero=None)
    return table


RULES = _rules()
"""(arch, operand format, accumulator format) -> `Rule`. A triple that is not here is refused."""

LEGAL = frozenset(RULES)
ARCHS = tuple(dict.fromkeys(arch for arch, _, _ in RULES))

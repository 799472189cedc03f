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


@dataclass(frozen=True, kw_only=True)
class Generation:
    """What sets one generation apart from another.

    Parameters
    ----------
    half, tf32, byte : int or None
        Terms of a block: fp16 and bf16; tf32; 8-bit floats. None where the generation does not multiply them.
    frac, byte_frac : int
        Fraction bits kept below the largest exponent, for the wide formats and for 8-bit floats.
    byte_keep : int
        Significant bits of an fp32 result of 8-bit floats.
    bf16, ints : bool
        Whether it multiplies bf16; 8-bit and 4-bit integers.
    """

    half: int
    frac: int
    tf32: int | None = None
    byte: int | None = None
    byte_frac: int = 13
    byte_keep: int = 14
    bf16: bool = True
    ints: bool = True

    def terms(self, fmt: str) -> int | None:
        """Return the terms of a block of a floating format, or None where the generation does not multiply it."""
        if fmt in ("e4m3", "e5m2"):
            return self.byte
        if fmt == "tf32":
            return self.tf32
        return self.half if fmt == "fp16" or self.bf16 else None


GENERATIONS = {
    "volta": Generation(half=4, frac=23, bf16=False, ints=False),
    "ampere": Generation(half=8, frac=24, tf32=4),
    "ada": Generation(half=8, frac=24, tf32=4, byte=16),
    "hopper": Generation(half=16, frac=25, tf32=8, byte=32),
    "blackwell": Generation(half=16, frac=25, tf32=8, byte=32, byte_frac=25, byte_keep=24),
}
"""The generations; ``docs/mac/generations.md`` has the evidence for each number."""

FLOATS = ("fp16", "bf16", "e4m3", "e5m2", "tf32")


def _rules() -> dict[tuple[str, str, str], Rule]:
    """Return the table of every generation, and of the exact sum."""
    table: dict[tuple[str, str, str], Rule] = {}
    for arch, generation in GENERATIONS.items():
        table |= {(arch, fmt, acc): rule for fmt in FLOATS for acc in ("fp32", "fp16")
                  if (rule := _rule(generation, fmt, acc)) is not None}
        if generation.ints:
            table |= _integers(arch)
    for acc in ("fp32", "fp16"):
        keep = FORMATS[acc].sig_bits
        table |= {("exact", fmt, acc): Rule(terms=None, frac=None, round="rne", keep=keep, e_zero=None) for fmt in FLOATS}
    return table | _integers("exact")


def _rule(generation: Generation, fmt: str, acc: str) -> Rule | None:
    """Return how a generation sums a floating format into an accumulator, or None where it does not."""
    terms, byte = generation.terms(fmt), fmt in ("e4m3", "e5m2")
    if terms is None or (acc == "fp16" and fmt in ("bf16", "tf32")):
        return None
    keep = generation.byte_keep if byte and acc == "fp32" else FORMATS[acc].sig_bits
    return Rule(terms=terms, frac=generation.byte_frac if byte else generation.frac, round="rz" if acc == "fp32" else "rne",
                keep=keep, e_zero=FORMATS[acc].emin - 5 - (generation.frac - 23))


def _integers(arch: str) -> dict[tuple[str, str, str], Rule]:
    rule = Rule(terms=None, frac=None, round="int", keep=32, e_zero=None)
    return {(arch, fmt, "int32"): rule for fmt in ("int8", "int4")}


RULES = _rules()
"""(arch, operand format, accumulator format) -> `Rule`. A triple that is not here is refused."""

LEGAL = frozenset(RULES)
ARCHS = tuple(dict.fromkeys(arch for arch, _, _ in RULES))

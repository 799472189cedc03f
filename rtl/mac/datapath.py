"""Widths, offsets and constants of one dot unit, derived from the specification."""
from dataclasses import dataclass
from functools import cached_property

from spec.mac import MacSpec
from spec.mac.number import FORMATS, Format

FINE_SHIFT = 7
"""Largest left shift given to a product by shifting its factors, before the multiplier."""


@dataclass(frozen=True)
class Datapath:
    """Numbers of the floating part of a dot unit.

    Exponents travel with an offset, so that all of them are unsigned: an element carries ``x = e - base + 1``
    (A's also ``product_offset``), a product or C carries ``X = e + offset``. X = 0 marks a zero product.

    Parameters
    ----------
    spec : MacSpec
    """

    spec: MacSpec

    @cached_property
    def floats(self) -> tuple[str, ...]:
        """Floating operand formats built in."""
        return tuple(f for f in self.spec.formats if FORMATS[f].is_float)

    @cached_property
    def ints(self) -> tuple[str, ...]:
        """Integer operand formats built in."""
        return tuple(f for f in self.spec.formats if not FORMATS[f].is_float)

    @cached_property
    def exact(self) -> bool:
        """Whether nothing is cut before the final rounding."""
        return self.spec.arch == "exact"

    @cached_property
    def acc(self) -> Format:
        """Format of C and D of floating operations."""
        return FORMATS[self.spec.acc]

    @cached_property
    def terms(self) -> int:
        """Most products that any floating format sums at once."""
        return max(self.spec.terms(f) for f in self.floats)

    @cached_property
    def int_terms(self) -> int:
        """Products that an integer operation sums."""
        return max(self.spec.terms(f) for f in self.ints)

    @cached_property
    def lanes(self) -> int:
        """Multipliers of a dot unit."""
        return max(self.spec.terms(f) for f in self.spec.formats)

    @cached_property
    def man(self) -> int:
        """Fraction bits of the widest operand significand; narrower ones are aligned at the top."""
        return max(FORMATS[f].man_bits for f in self.floats)

    @property
    def paired(self) -> bool:
        """Whether two lanes share a multiplier block: 8-bit integers alone, on a part that splits its blocks."""
        return not self.floats and self.spec.target in ("ice40", "gowin")

    @cached_property
    def sig_bits(self) -> int:
        """Bits of the signed word that a lane multiplies, before any shift."""
        wide = [FORMATS[f].bits for f in self.ints]
        return max(wide + ([self.man + 2] if self.floats else []))

    @cached_property
    def base(self) -> int:
        """Exponent of the smallest normal number of any operand format."""
        return min(FORMATS[f].emin for f in self.floats)

    @cached_property
    def deep(self) -> bool:
        """Whether a product can lie below D's normal numbers."""
        return 2 * self.base < self.acc.emin

    @cached_property
    def offset(self) -> int:
        """X - e of products and C: D's bias, or twice that plus one: C's field then needs at most one bit changed."""
        small = self.acc.bias
        return small if small + 2 * self.base >= 2 else 2 * small + 1

    @cached_property
    def product_offset(self) -> int:
        """What A's elements add to x, so that x_a + x_b is the product's X; in an exact sum, its left shift."""
        if not self.floats:
            return 0
        if self.exact:
            return 2 * (self.base - self.man) - self.low - 2
        return self.offset + 2 * self.base - 2

    @cached_property
    def x_bits(self) -> int:
        """Bits of X, or of an exact sum's left shift."""
        if self.exact:
            return max(self.product_reach, self.addend_reach).bit_length()
        top = max(2 * max(FORMATS[f].emax for f in self.floats), self.acc.emax)
        return (top + self.offset).bit_length()

    @cached_property
    def a_bits(self) -> int:
        """Bits of x of an element of A."""
        if not self.floats:
            return 1
        return (self.element_top + self.product_offset).bit_length()

    @cached_property
    def b_bits(self) -> int:
        """Bits of x of an element of B."""
        if not self.floats:
            return 1
        return self.element_top.bit_length()

    @property
    def element_top(self) -> int:
        """Largest x of an element, before A's offset."""
        return max(FORMATS[f].emax for f in self.floats) - self.base + 1

    @cached_property
    def frac(self) -> int:
        """F of the widest format built in; narrower ones have their low bits masked."""
        return max(self.spec.rule(f).frac for f in self.floats)

    def narrow(self, fmt: str) -> int:
        """Low bits of an aligned term that ``fmt`` does not keep."""
        return self.frac - self.spec.rule(fmt).frac

    def is_byte(self, fmt: str) -> bool:
        """Whether ``fmt`` is one of the 8-bit floats that keep fewer bits than D or than the widest format."""
        rule = self.spec.rule(fmt)
        return not self.exact and (rule.frac < self.frac or rule.keep < self.acc.sig_bits)

    @property
    def addend_offset(self) -> int:
        """What C's exponent field adds to become X, or its left shift in an exact sum."""
        if self.exact:
            return self.acc.emin - 1 - self.acc.man_bits - self.low
        return self.offset - self.acc.bias

    @cached_property
    def zero_x(self) -> int:
        """X of C where it is zero and that matters."""
        return self.spec.rule(self.floats[0]).e_zero + self.offset

    @cached_property
    def mag_bits(self) -> int:
        """Bits of the sum's magnitude, with room above so that its top is never below D's normal numbers."""
        whole = (4 * self.terms + 1).bit_length()
        if self.deep:
            whole = max(whole, self.acc.emin - self.spec.rule(self.floats[0]).e_zero + 1)
        return whole + self.frac

    @cached_property
    def limit_offset(self) -> int:
        """What is added to X of the largest exponent for the left shift that reaches D's subnormals."""
        return self.mag_bits - self.frac - 1 - self.acc.emin - self.offset

    @cached_property
    def low(self) -> int:
        """Exponent of bit 0 of an exact sum; two below the least product's, so that no place is negative."""
        return min(2 * (self.base - self.man) - 2, self.acc.emin - self.acc.man_bits)

    @property
    def product_reach(self) -> int:
        """Largest left shift of a product in an exact sum."""
        return 2 * max(FORMATS[f].emax - self.man for f in self.floats) - self.low

    @property
    def addend_reach(self) -> int:
        """Largest left shift of C in an exact sum."""
        return self.acc.emax - self.acc.man_bits - self.low

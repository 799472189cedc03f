"""Widths, offsets and constants of a block-scaled dot unit, derived from its format."""
from dataclasses import dataclass
from functools import cached_property

from rtl.mac.datapath import Datapath
from spec.mac import MacSpec
from spec.mac.number import FORMATS
from spec.mac.scaled import E8M0_BIAS, INT8_FRACTION, SUM_FRAC, SUM_ZERO, ScaledFormat

OFFSET = 512
"""X - e of block sums and C: every X is above the longest shift of a block's sum, and fits `X_BITS`."""

X_BITS = 10


@dataclass(frozen=True, kw_only=True)
class ScaledDatapath:
    """Numbers of a block-scaled dot unit.

    An element is an integer ``sig * 2^place``, counted from the least one of its format. A block's sum is an integer of
    ``sum_bits`` bits; X = e + `OFFSET` is what the exponent e of its top bit is where both scales are nought.

    Parameters
    ----------
    form : ScaledFormat
    """

    form: ScaledFormat

    @cached_property
    def tile(self) -> Datapath:
        """The tile's numbers whose rounding and result format these sums share."""
        return Datapath(MacSpec(arch="blackwell"))

    @property
    def blocks(self) -> int:
        """Blocks of an operation."""
        return self.form.terms // self.form.block

    @property
    def scale_bits(self) -> int:
        """Bits of a scale's pattern; that of ``nvfp4`` has no sign."""
        return 8 if self.power else FORMATS["e4m3"].bits - 1

    @property
    def power(self) -> bool:
        """Whether a scale is a power of two."""
        return self.form.scale == "e8m0"

    @property
    def span(self) -> int:
        """Largest place of an element."""
        element = self.form.element
        return element.emax - element.emin if element.is_float else 0

    @property
    def product_bits(self) -> int:
        """Bits of a product of significands, with the sign of an integer's."""
        return 2 * self.form.element.sig_bits

    @cached_property
    def bound(self) -> int:
        """Largest magnitude of an aligned product."""
        element = self.form.element
        largest = ((1 << element.sig_bits) - 1) << self.span if element.is_float else 1 << element.bits - 1
        return largest * largest

    @cached_property
    def sum_bits(self) -> int:
        """Bits of the magnitude of a block's sum, times the scales' significands where they have some."""
        scale = 1 if self.power else ((1 << FORMATS["e4m3"].sig_bits) - 1) ** 2
        return (self.form.block * self.bound * scale).bit_length()

    @property
    def low(self) -> int:
        """Exponent of bit 0 of a block's sum, the scales apart."""
        element = self.form.element
        return 2 * (element.emin - element.man_bits) if element.is_float else -2 * INT8_FRACTION

    @property
    def scale_low(self) -> int:
        """Exponent of the scales where the sum of their exponent fields is 0."""
        byte = FORMATS["e4m3"]
        return -2 * E8M0_BIAS if self.power else -2 * (byte.bias + byte.man_bits)

    @property
    def top_offset(self) -> int:
        """What the sum of the scales' exponent fields adds to become X of the top bit."""
        return OFFSET + self.low + self.sum_bits - 1 + self.scale_low

    @property
    def zero_x(self) -> int:
        """X of a zero."""
        return SUM_ZERO + OFFSET

    @property
    def frac(self) -> int:
        """Bits kept below the largest exponent."""
        return SUM_FRAC

    @cached_property
    def mag_bits(self) -> int:
        """Bits of the magnitude of the final sum, with room above so that its top is never below fp32's normal numbers."""
        whole = max((2 * (self.blocks + 1)).bit_length(), self.tile.acc.emin - SUM_ZERO + 1)
        return whole + self.frac

    @property
    def limit_offset(self) -> int:
        """What X of the largest exponent adds to become the left shift that reaches fp32's subnormals."""
        return self.mag_bits - self.frac - 1 - self.tile.acc.emin - OFFSET

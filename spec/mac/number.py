"""The number formats of the MAC machine: how many bits, where they sit, what their patterns mean."""
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Format:
    """One number format, as raw bit patterns are read.

    A floating pattern is ``sign | exponent (exp_bits) | fraction (man_bits)``, most significant first.
    With ``E`` the exponent field and ``m = man_bits`` a finite value is ``(-1)**s * sig * 2**(e - m)``, where
    a normal one (E > 0) has ``sig = 2**m + fraction, e = E - bias`` and a subnormal or zero (E = 0) has ``sig
    = fraction, e = emin``. An integer format (``exp_bits == 0``) is two's complement.

    Parameters
    ----------
    name : str
        Name in tables, options and manifests.
    bits : int
        Width of a pattern.
    exp_bits, man_bits : int
        Widths of the exponent and fraction fields; both 0 for an integer.
    specials : str
        Meaning of the all-ones exponent: ``"ieee"`` infinity where the fraction is 0, NaN elsewhere; ``"fn"``
        NaN where the fraction is all ones too, ordinary numbers elsewhere, no infinity; ``"none"`` for
        integers.
    nan, inf : int or None
        Pattern a result takes when it is NaN, and positive infinity.
    unused : int
        Lowest bits of a pattern that a reader drops; the fields above lie over them.
    """

    name: str
    bits: int
    exp_bits: int = 0
    man_bits: int = 0
    specials: str = "none"
    nan: int | None = None
    inf: int | None = None
    unused: int = 0

    @property
    def is_float(self) -> bool:
        """Whether patterns have an exponent."""
        return self.exp_bits > 0

    @property
    def exp_lsb(self) -> int:
        """Position of the exponent field's lowest bit in a pattern."""
        return self.unused + self.man_bits

    @property
    def bias(self) -> int:
        """Exponent field of 1.0."""
        return (1 << self.exp_bits - 1) - 1 if self.is_float else 0

    @property
    def emin(self) -> int:
        """Exponent of the smallest normal number, and of every subnormal and zero."""
        return 1 - self.bias

    @property
    def emax(self) -> int:
        """Exponent of the largest finite number; ``fn`` formats use the all-ones field for numbers too."""
        return (1 << self.exp_bits) - 1 - self.bias - (self.specials == "ieee")

    @property
    def sig_bits(self) -> int:
        """Bits of a significand with its hidden one; for an integer, of its largest magnitude."""
        return self.man_bits + 1 if self.is_float else self.bits

    @property
    def bytes(self) -> int:
        """Whole bytes an array element of raw patterns takes."""
        return (self.bits + 7) // 8


FORMATS = {f.name: f for f in (
    Format(name="fp16", bits=16, exp_bits=5, man_bits=10, specials="ieee", nan=0x7FFF, inf=0x7C00),
    Format(name="bf16", bits=16, exp_bits=8, man_bits=7, specials="ieee", nan=0x7FFF, inf=0x7F80),
    Format(name="e4m3", bits=8, exp_bits=4, man_bits=3, specials="fn", nan=0x7F),
    Format(name="e5m2", bits=8, exp_bits=5, man_bits=2, specials="ieee", nan=0x7F, inf=0x7C),
    Format(name="int8", bits=8),
    Format(name="int4", bits=4),
    Format(name="fp32", bits=32, exp_bits=8, man_bits=23, specials="ieee", nan=0x7FFFFFFF, inf=0x7F800000),
    Format(name="int32", bits=32),
    Format(name="tf32", bits=32, exp_bits=8, man_bits=10, specials="ieee", nan=0x7FFFFFFF, inf=0x7F800000, unused=13),
    Format(name="lns", bits=16),
)}
"""Every format by name. ``lns`` is described in `spec.mac.lns`; ``tf32`` is an fp32 pattern whose low 13 bits are dropped."""

OPERANDS = ("fp16", "bf16", "e4m3", "e5m2", "int8", "int4", "lns", "tf32")
"""Formats A and B may have; the order is the code of a format in an operation (fp16 is 0)."""

ACCUMULATORS = ("fp32", "fp16", "int32", "lns")
"""Formats C and D may have."""

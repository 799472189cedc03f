"""Block-scaled formats: elements of 4 to 8 bits in blocks that share a scale.

Six are those of the OCP Microscaling Formats specification v1.0; ``nvfp4`` is NVIDIA's, with smaller blocks and a scale that
is a number of its own. The elements of the formats of 4 and 6 bits have neither infinity nor NaN; ``int8`` elements are two's
complement with 6 fraction bits. No recording of a GPU stands behind the sums of these formats.
"""
from dataclasses import dataclass

from spec.mac.number import FORMATS, Format

E8M0_BIAS, E8M0_NAN = 127, 0xFF
"""An E8M0 scale x stands for 2^(x - 127); 255 is NaN."""

INT8_FRACTION = 6
"""Fraction bits of an element of ``mxint8``."""


@dataclass(frozen=True, kw_only=True)
class ScaledFormat:
    """A block-scaled format.

    Parameters
    ----------
    name : str
    element : Format
        Format of an element's pattern.
    block : int
        Elements that share a scale.
    scale : str
        ``"e8m0"``, a power of two, or ``"e4m3"``, an unsigned number.
    terms : int
        Products of one operation: whole blocks of K.
    """

    name: str
    element: Format
    block: int
    scale: str
    terms: int


E3M2 = Format(name="e3m2", bits=6, exp_bits=3, man_bits=2)
E2M3 = Format(name="e2m3", bits=6, exp_bits=2, man_bits=3)
E2M1 = Format(name="e2m1", bits=4, exp_bits=2, man_bits=1)

SCALED = {f.name: f for f in (
    ScaledFormat(name="mxfp8_e4m3", element=FORMATS["e4m3"], block=32, scale="e8m0", terms=32),
    ScaledFormat(name="mxfp8_e5m2", element=FORMATS["e5m2"], block=32, scale="e8m0", terms=32),
    ScaledFormat(name="mxfp6_e3m2", element=E3M2, block=32, scale="e8m0", terms=32),
    ScaledFormat(name="mxfp6_e2m3", element=E2M3, block=32, scale="e8m0", terms=32),
    ScaledFormat(name="mxfp4_e2m1", element=E2M1, block=32, scale="e8m0", terms=64),
    ScaledFormat(name="mxint8", element=FORMATS["int8"], block=32, scale="e8m0", terms=32),
    ScaledFormat(name="nvfp4", element=E2M1, block=16, scale="e4m3", terms=64),
)}
"""Every block-scaled format by name."""

SUM_FRAC, SUM_ZERO = 25, -133
"""Fraction bits kept below the largest exponent of an operation's block sums and C, and the exponent of a zero among them:
Blackwell's numbers for wide formats, by inference."""

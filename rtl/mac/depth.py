"""Where each target's dot unit is cut into stages."""

CUTS = ("input", "decode", "special", "exponents", "largest", "distance", "addend", "align", "sum", "magnitude", "normalise",
        "exponent", "round", "pack")
"""Every place a register can go, in order of the data; some are met more than once."""

DEPTHS = {
    "ecp5": frozenset(CUTS),
    "gowin": frozenset(CUTS),
    "ice40": frozenset(CUTS),
    "generic": frozenset(CUTS) - {"special", "exponents", "addend", "exponent", "round"},
}
"""Target -> the cuts it makes."""


def cuts_of(target: str) -> frozenset[str]:
    """Return the cuts of a target."""
    return DEPTHS[target]

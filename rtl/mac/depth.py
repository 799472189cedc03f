"""Where each target's dot unit is cut into stages."""

CUTS = ("decode", "broadcast", "select", "special", "exponents", "largest", "distance", "addend", "factor", "product", "align",
        "sum", "magnitude", "normalise", "exponent", "round", "pack", "compare", "table", "add")
"""Every place a register can go, in order of the data; a tree or a shift meets its own once a level."""

EVERY = dict.fromkeys(CUTS, 1)

DEPTHS = {
    "ecp5": EVERY,
    "gowin": EVERY,
    "generic": EVERY | {"broadcast": 0, "factor": 0, "product": 0, "special": 0, "exponents": 0, "addend": 0, "normalise": 2,
                        "exponent": 0},
    "ice40": {"exponents": 1, "largest": 2, "distance": 1, "align": 1, "sum": 2, "magnitude": 1, "normalise": 2,
              "round": 1, "table": 1},
}
"""Target -> place -> 1 for a register there, n for one at every n-th level, 0 or nothing for none.

The ECP5 and Gowin tables have the clock in mind; iCE40's, where a flip-flop costs as much as a look-up table,
the size.
"""


def cuts_of(target: str) -> dict[str, int]:
    """Return the cuts of a target."""
    return DEPTHS[target]

"""What a MAC machine takes of an FPGA."""

from spec.mac import A_ROWS, SIDE, SLOTS, MacSpec, a_words, acc_words, b_words
from spec.mac.number import FORMATS
from synth.memory import blocks

WORD_BITS = 64

FITTED = ("units", "one", "terms", "tiles_bits", "terms_formats", "units_exact", "terms_int", "terms_bits")
"""Features whose weights are fitted to measurements, the ones that matter most first; the others are counts."""

SHOWN = ("arch", "formats", "acc", "tiles", "fold")
"""Parameters that a table of measurements shows."""


def features(spec: MacSpec) -> dict[str, float]:
    """Return what the area of a machine grows with, by name."""
    units, formats = spec.tiles * spec.units, [FORMATS[name] for name in spec.formats]
    a, b = blocks(WORD_BITS * a_words(spec), A_ROWS), blocks(WORD_BITS * b_words(spec), spec.rows)
    bram = a + spec.tiles * (b + 2 * blocks(WORD_BITS * acc_words(spec), SLOTS))
    terms = units * spec.k
    floats = [fmt.man_bits + 1 for fmt in formats if fmt.is_float]
    return {"one": 1, "units": units * bool(floats), "terms": terms * bool(floats), "terms_int": terms * (not floats),
            "terms_bits": terms * max(floats, default=0), "terms_formats": terms * (len(formats) - 1),
            "tiles_bits": spec.tiles * SIDE * spec.k * spec.operand_bits, "units_exact": units * (spec.arch == "exact"),
            "dsp": terms, "bram": bram}

"""An estimate of energy from counted events and 45 nm costs in the literature; nothing here was measured on silicon.

Two ways that share no number: events times cost each, and the published power of a PE times its cycles.
"""

from collections.abc import Mapping

from spec.eie import EieSpec

SRAM_8K_64 = 10.0
"""pJ of a 64-bit access to 8 KB (Horowitz, ISSCC 2014, 45 nm)."""

MULTIPLY, ADD = 3.1 / 5, 0.1
"""pJ of a 16-bit multiplication, a fifth of a 32-bit one as the EIE paper says, and of a 32-bit addition (Horowitz)."""

ACCUMULATOR, CLOCK = 1.122 / 0.8, 1.874 / 0.8
"""pJ of reading and writing an accumulator, and of a cycle's clock in a PE: milliwatts of EIE's Table II at 800 MHz."""

PE_CYCLE = 9.157 / 0.8
"""pJ of a cycle of a whole published PE: Table II."""

FIXED = 0.5
"""Assumed share of a 64-bit access that does not grow with the word: decoders, word lines, control."""

MATRIX_BYTES, POINTER_BANK_BYTES, POINTER_BITS = 128 << 10, 16 << 10, 16
"""The published memories: one of matrix words, two of pointers."""


def access(size: int, bits: int, *, fixed: float = FIXED) -> float:
    """Return pJ of an access: as the root of the capacity, and partly in proportion to the width."""
    return SRAM_8K_64 * (size / 8192) ** 0.5 * (fixed + (1 - fixed) * bits / 64)


def estimate(spec: EieSpec, counters: Mapping[str, int], reads: int) -> dict[str, float]:
    """Return microjoules of a layer by unit, their sum, and the same from published power.

    Parameters
    ----------
    spec : EieSpec
    counters : mapping
        Of the hardware.
    reads : int
        Words of the matrix memory that were read.
    """
    entries = counters["useful_macs"] + counters["padding"]
    parts = {
        "pointer read": counters["broadcasts"] * spec.pes * 2 * access(POINTER_BANK_BYTES, POINTER_BITS),
        "matrix read": reads * access(MATRIX_BYTES, spec.word_bits),
        "arithmetic": entries * (MULTIPLY + ADD),
        "accumulators": entries * ACCUMULATOR,
        "clock": counters["cycles"] * spec.pes * CLOCK,
    }
    micro = {name: value * 1e-6 for name, value in parts.items()}
    return micro | {"sum": sum(micro.values()), "by published power": counters["cycles"] * spec.pes * PE_CYCLE * 1e-6}

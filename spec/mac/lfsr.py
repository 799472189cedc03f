"""The random bits of stochastic rounding: architectural state, so every reading must step it alike.

Each of the 16 outputs of each tile owns one 32-bit Fibonacci LFSR. One *step* shifts it once:

    new = s[31] ^ s[21] ^ s[1] ^ s[0];   s = (s << 1 | new) mod 2**32

(polynomial x^32 + x^22 + x^2 + x + 1, period 2^32 - 1). Every operation a tile accepts, whatever its format,
uses the state as it stands as its 32-bit random number ``r`` and then advances it by 32 steps, so that
consecutive numbers share no bit; 32 is coprime to the period, so the period in operations is 2^32 - 1 too.
The first operation after reset uses the seed itself. The order is that of operations, not of cycles: idling,
stalls, pipeline depth and ``fold`` change nothing.

Rounding: let ``x > 0`` be the exact magnitude in units of the last place a truncated result would have (of
its subnormals where it is one). The rounded magnitude is ``y = floor(x)``, plus 1 where
``floor((x - y) * 2**32) + r >= 2**32``. A unit whose x never has more than d fraction bits gets the same
answer from the d most significant bits of ``r``. A y that reaches the next power of two renormalises, and
overflows to infinity past the largest finite number. Zero is +0, NaN and infinities are as without.
"""

LFSR_BITS = 32
LFSR_TAPS = (31, 21, 1, 0)
"""State bits whose exclusive or is shifted in at the bottom."""

LFSR_STEPS = 32
"""Single shifts an operation."""

LFSR_SEED = 0x6D2B79F5
"""Default seed, of output 0 of tile 0."""

LFSR_STRIDE = 0x9E3779B9
"""Distance between the seeds of neighbouring outputs."""


def seed_of(seed: int, lane: int) -> int:
    """Return the state after reset of one output's LFSR.

    ``lane = 16 * tile + 4 * row + column``. The state is ``(seed + lane * LFSR_STRIDE) mod 2**32``, or 1
    where that is 0 (an LFSR of zeros would stay there).
    """
    return (seed + lane * LFSR_STRIDE) % (1 << LFSR_BITS) or 1

"""The random words of stochastic rounding, as `spec.mac.lfsr` defines them, many operations at a time."""
from functools import cache

import numpy as np

from spec.mac.lfsr import LFSR_BITS, LFSR_STEPS, LFSR_TAPS, seed_of


def step(state: int) -> int:
    """Shift one LFSR once."""
    new = 0
    for tap in LFSR_TAPS:
        new ^= state >> tap & 1
    return (state << 1 | new) & (1 << LFSR_BITS) - 1


@cache
def _operation() -> np.ndarray:
    """Images of the 32 unit states under the steps of one operation: the map is linear over bits."""
    images = []
    for bit in range(LFSR_BITS):
        state = 1 << bit
        for _ in range(LFSR_STEPS):
            state = step(state)
        images.append(state)
    return np.array(images, np.uint32)


def _apply(images, states):
    out = np.zeros_like(states)
    for bit, image in enumerate(images):
        out ^= np.where(states >> np.uint32(bit) & np.uint32(1), image, np.uint32(0))
    return out


def advance(states, count: int):
    """Return states (uint32) ``count`` operations later."""
    images, states = _operation(), np.asarray(states, np.uint32)
    while count:
        if count & 1:
            states = _apply(images, states)
        images, count = _apply(images, images), count >> 1
    return states


def words(seed: int, lane: int, count: int, start: int = 0) -> np.ndarray:
    """Return the random words of operations start .. start + count - 1 of output ``lane`` since reset."""
    out = advance(np.array([seed_of(seed, lane)], np.uint32), start)
    while len(out) < count:                                     # each pass doubles the run
        out = np.concatenate([out, advance(out, len(out))])
    return out[:count]

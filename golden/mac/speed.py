"""How many four-term dot products per second golden does, on as many cores as NumPy uses: one."""
import time

import numpy as np

from golden.mac.cases import unsigned
from golden.mac.product import dot
from spec.mac.generation import RULES
from spec.mac.number import FORMATS


def measure(count: int = 1 << 19, repeat: int = 3, seed: int = 1) -> list[dict]:
    """Time every legal combination on random patterns without specials; one row each, best of ``repeat``."""
    rng = np.random.default_rng(seed)
    rows = []
    for arch, fmt, acc in RULES:
        a, b, c = draw(fmt, (count, 4), rng), draw(fmt, (count, 4), rng), draw(acc, count, rng)
        best = float("inf")
        for _ in range(repeat):
            start = time.process_time()                         # counts every thread: more cores gain nothing
            dot(arch, a, b, c, fmt, acc)
            best = min(best, time.process_time() - start)
        rows.append({"arch": arch, "format": fmt, "acc": acc, "per_second": round(count / best)})
    return rows


def draw(name: str, size, rng):
    """Return uniform patterns of a format; of a float, none with the all-ones exponent."""
    fmt = FORMATS[name]
    bits = rng.integers(0, 1 << fmt.bits, size, dtype=np.uint32)
    if fmt.is_float:
        ones = (1 << fmt.exp_bits) - 1 << fmt.exp_lsb
        bits = np.where(bits & ones == ones, bits & ~np.uint32(1 << fmt.exp_lsb), bits)
    return bits.astype(unsigned(fmt))

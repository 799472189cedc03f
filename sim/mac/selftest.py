"""Products by which a MAC machine on a board is tested, random patterns of every format, with the golden model's results."""

from typing import Any

import numpy as np

from compress.mac import Image, Result
from golden.mac import matmul, to_bits, to_values
from golden.mac.cases import thinned
from spec.mac import SIDE, MacSpec

ROWS, COLUMNS = 12, 8


def vectors(spec: MacSpec, *, seed: int) -> tuple[Image, np.ndarray, np.ndarray]:
    """Return an image, a matrix for it as one input, and the real results that golden expects."""
    rng, fmt = np.random.default_rng(seed), spec.formats[seed % len(spec.formats)]
    length = 3 * spec.k
    whole = fmt.startswith("int")
    a, b = (rng.integers(-7, 8, shape) if whole else rng.normal(size=shape) for shape in ((ROWS, length), (length, COLUMNS)))
    a = thinned(fmt, a, rng) if spec.sparse else a
    image = Image(spec=spec, fmt=fmt, b=to_bits(fmt, b, frac=spec.lns_frac).astype(np.uint32))
    patterns = matmul(spec, to_bits(fmt, a, frac=spec.lns_frac), image.b, fmt=fmt)
    return image, a[None], to_values(spec.acc_of(fmt), patterns, frac=spec.lns_frac)[None]


def work(image: Image, result: Result) -> dict[str, Any]:
    """Return the multiplications and the cycles of a result."""
    operations = result.counters["operations"] * image.spec.tiles
    return {"multiplications": operations * SIDE * SIDE * image.spec.k, "cycles": result.counters["cycles"]}

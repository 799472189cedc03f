"""How far sums are from the true value: every generation, random rounding, the logarithmic lane."""
from dataclasses import dataclass

import numpy as np

from golden.mac import lfsr, lns
from golden.mac.convert import to_bits, to_values
from golden.mac.product import dot
from spec.mac import MacSpec
from spec.mac.generation import RULES
from spec.mac.lns import LNS_ZERO

LENGTHS = (4, 1024)
COUNT = 1000
SEED = 1


@dataclass(frozen=True)
class Error:
    """Errors of many sums, each relative to the sum of its terms' magnitudes: cancelling costs nothing."""

    rms: float
    largest: float
    mean: float

    @classmethod
    def of(cls, got, want, scale) -> "Error":
        """Compare results with true sums."""
        error = (got - want) / scale
        return cls(float(np.sqrt((error**2).mean())), float(np.abs(error).max()), float(error.mean()))


def floats(length: int, *, positive: bool) -> list[dict]:
    """Errors of chained blocks from C = 0, each as long as the generation's own; one row for each rule."""
    rows = []
    for arch, fmt, acc in RULES:
        if RULES[arch, fmt, acc].round == "int":
            continue
        a, b = _operands(fmt, length, positive)
        got = dot(arch, a, b, np.zeros(COUNT, np.uint32), fmt, acc)
        rows.append(_row({"arch": arch, "format": fmt, "acc": acc}, length, positive, got, a, b, fmt, acc))
    return rows


def stochastic(length: int, *, positive: bool) -> list[dict]:
    """Errors of fp16 accumulation on Volta's rule, rounding to nearest and at random."""
    rows = []
    a, b = _operands("fp16", length, positive)
    for random in (False, True):
        build = MacSpec(acc="fp16", stochastic=random)
        words = lfsr.words(build.seed, 0, COUNT * length // 4).reshape(-1, COUNT) if random else None
        got = dot(build, a, b, np.zeros(COUNT, np.uint16), "fp16", random=words)
        head = {"rounding": "stochastic" if random else "nearest"}
        rows.append(_row(head, length, positive, got, a, b, "fp16", "fp16"))
    return rows


def logarithms(length: int, *, positive: bool) -> list[dict]:
    """Errors of the logarithmic lane over fraction bits, table steps and compensation."""
    rows = []
    for frac, step in ((6, 6), (8, 2), (8, 4), (8, 6), (8, 8), (10, 4), (10, 10)):
        x, y = _values(length, positive)
        a, b = to_bits("lns", x, frac=frac), to_bits("lns", y, frac=frac)
        terms = to_values("lns", a, frac=frac) * to_values("lns", b, frac=frac)
        entries = sum(map(len, lns.tables(frac, step)))
        for kahan in (False, True):
            got, _ = lns.dot(a.T, b.T, np.full(COUNT, LNS_ZERO, np.uint16), frac=frac, step=step, kahan=kahan)
            error = Error.of(to_values("lns", got, frac=frac), terms.sum(1), np.abs(terms).sum(1))
            rows.append({"frac": frac, "step": step, "entries": entries, "kahan": kahan, "terms": length,
                         "positive": positive, **vars(error)})
    return rows


def measure() -> dict[str, list[dict]]:
    """Measure everything, at every length, for terms of both signs and for positive ones."""
    return {name: [row for positive in (False, True) for length in LENGTHS
                   for row in kind(length, positive=positive)]
            for name, kind in (("floats", floats), ("stochastic", stochastic), ("logarithms", logarithms))}


def _values(length: int, positive: bool):
    x, y = np.random.default_rng(SEED).standard_normal((2, COUNT, length))
    return (np.abs(x), np.abs(y)) if positive else (x, y)


def _operands(fmt: str, length: int, positive: bool):
    return (to_bits(fmt, v) for v in _values(length, positive))


def _row(head: dict, length: int, positive: bool, got, a, b, fmt: str, acc: str) -> dict:
    terms = to_values(fmt, a).astype(np.float64) * to_values(fmt, b).astype(np.float64)
    error = Error.of(to_values(acc, got).astype(np.float64), terms.sum(1), np.abs(terms).sum(1))
    return {**head, "terms": length, "positive": positive, **vars(error)}

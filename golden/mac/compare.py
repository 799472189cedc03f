"""How much one matrix product differs from generation to generation of tensor cores."""
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from files.archive import open_archive
from golden.mac.convert import to_bits, to_values
from golden.mac.product import dot, matmul
from spec.mac import MacSpec
from spec.mac.generation import ARCHS, RULES
from spec.mac.number import FORMATS

LIMIT_BYTES = 1 << 30
EDGES = (0, 1, 2, 4, 8, 16, 64, 256)
"""Lower ends of the histogram's bins, in units in the last place; the last bin is open."""


def load(path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Return matrices A (M x K), B (K x N) and, where the file has one, C (M x N)."""
    with open_archive(path, "matrices", "write arrays a, b and, if wanted, c with numpy.savez") as archive:
        if missing := [name for name in "ab" if name not in archive.sizes]:
            raise ValueError(f"{path} must have the arrays a and b, not lack {missing[0]}; write it with numpy.savez")
        a, b = (archive.read(name, LIMIT_BYTES) for name in "ab")
        return a, b, archive.read("c", LIMIT_BYTES) if "c" in archive.sizes else None


def compare(archs: Sequence[str], a, b, c=None, *, fmt: str = "fp16", acc: str = "fp32") -> dict[str, Any]:
    """Return how the results of several generations differ, pair by pair and each from the exact sum rounded once.

    Parameters
    ----------
    archs : sequence of str
        Generations, two or more; ``exact`` is always added.
    a, b, c : arrays of real numbers, shapes (M, K), (K, N), (M, N)
        Rounded to ``fmt`` and ``acc``, to nearest even.
    fmt, acc : str
        Operand and accumulator format; every generation must offer them.

    Returns
    -------
    dict
        ``values`` (results compared) and ``pairs``: for each pair, the share of equal results, the mean and the largest
        difference in units in the last place, and the counts of the bins that begin at `EDGES`.
    """
    names = [*dict.fromkeys(arch for arch in archs if arch != "exact"), "exact"]
    if len(names) < 2:
        raise ValueError(f"compare must name a generation or more of {', '.join(ARCHS)}, not {','.join(archs) or 'none'}")
    for arch in names:
        if arch not in ARCHS:
            raise ValueError(f"compare must name generations of {', '.join(ARCHS)}, not {arch!r}; choose of those")
        if (arch, fmt, acc) not in RULES:
            offered = ", ".join(f"{f}->{r}" for g, f, r in RULES if g == arch)
            raise ValueError(f"format must be one that every generation has, not {fmt}->{acc}; {arch} offers {offered}")
    left, right = to_bits(fmt, a), to_bits(fmt, b)
    if not left.size or not right.size:
        raise ValueError(f"a and b must have elements, not shapes {left.shape} and {right.shape}; give some")
    addend = None if c is None else to_bits(acc, c)
    results = {arch: matmul(_unit(arch, fmt, acc), left, right, addend, fmt=fmt) for arch in names[:-1]}
    results["exact"] = _exact(fmt, acc, left, right, addend)
    pairs = [{"pair": f"{one} - {other}", **_differ(acc, results[one], results[other])}
             for one, other in combinations(names, 2)]
    return {"fmt": fmt, "acc": acc, "shape": [len(a), len(b), right.shape[1]], "values": int(results["exact"].size),
            "pairs": pairs}


def draw(found: dict[str, Any], path: Path) -> None:
    """Draw the histograms of all pairs into a file whose suffix matplotlib knows."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    labels = [*(str(low) if high == low + 1 else f"{low}-{high - 1}" for low, high in zip(EDGES, EDGES[1:], strict=False)),
              f"{EDGES[-1]}+"]
    figure, axes = pyplot.subplots(figsize=(8, 4), layout="constrained")
    width = 0.8 / len(found["pairs"])
    for number, pair in enumerate(found["pairs"]):
        places = [k + width * (number - (len(found["pairs"]) - 1) / 2) for k in range(len(labels))]
        axes.bar(places, [100 * count / found["values"] for count in pair["bins"]], width, label=pair["pair"])
    axes.set(xticks=range(len(labels)), xticklabels=labels, xlabel="difference, units in the last place",
             ylabel="% of results", title=f"{found['fmt']} into {found['acc']}, {' x '.join(map(str, found['shape']))}")
    axes.legend(frameon=False)
    figure.savefig(path)
    pyplot.close(figure)


def _unit(arch: str, fmt: str, acc: str) -> MacSpec:
    """Return a build whose operation is as long as the generation's own block; integers take any length."""
    return MacSpec(arch=arch, formats=(fmt,), acc=acc if FORMATS[fmt].is_float else "fp32", k=RULES[arch, fmt, acc].terms or 32)


def _exact(fmt: str, acc: str, a, b, c) -> np.ndarray:
    """Return the product whose every sum is rounded once, however long it is: a tile would round once an operation."""
    columns = np.ascontiguousarray(b.T)
    c = np.zeros((len(a), len(columns)), to_bits(acc, np.zeros(0)).dtype) if c is None else c
    return np.stack([dot("exact", np.broadcast_to(row, columns.shape), columns, add, fmt, acc)
                     for row, add in zip(a, c, strict=True)])


def _differ(acc: str, one, other) -> dict[str, Any]:
    distance = np.abs(_ordered(acc, one) - _ordered(acc, other))
    finite = np.isfinite(to_values(acc, one)) & np.isfinite(to_values(acc, other))
    told = distance[finite]
    bins = [int(((told >= low) & (told < high)).sum()) for low, high in zip(EDGES, [*EDGES[1:], np.inf], strict=True)]
    return {"equal": float((distance == 0).mean()), "mean_ulp": float(told.mean()) if told.size else 0.0,
            "largest_ulp": int(told.max(initial=0)), "bins": bins, "not_finite": int((~finite).sum())}


def _ordered(acc: str, bits):
    """Return patterns as integers in the order of their values: neighbours differ by 1."""
    sign = 1 << FORMATS[acc].bits - 1
    bits = bits.astype(np.int64)
    return np.where(bits & sign, sign - bits, bits)

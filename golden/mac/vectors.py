"""Directed vectors: small sums whose answers tell the generations, and wrong readings of them, apart."""
from dataclasses import dataclass

import numpy as np

from golden.mac.convert import to_bits
from golden.mac.product import dot

TINY = 2.0**-24
"""Smallest subnormal of fp16; as a value near 1, half a unit of fp32 below it."""


@dataclass(frozen=True, kw_only=True)
class Vector:
    """One fp16 dot product of at most four terms, and its result on every generation.

    Parameters
    ----------
    products : tuple of (float, float)
        Operands of the products that are not zero.
    c : float
        The addend.
    acc : str
        Format of the addend and the result.
    volta, ampere, hopper : int
        Patterns of the result.
    why : str
        What the vector tells.
    """

    products: tuple[tuple[float, float], ...]
    c: float
    acc: str
    volta: int
    ampere: int
    hopper: int
    why: str


def _vector(products, c, acc: str, answers: tuple[int, ...], why: str) -> Vector:
    volta, ampere, hopper = answers * (3 // len(answers))       # one answer holds for all three
    return Vector(products=tuple(products), c=c, acc=acc, volta=volta, ampere=ampere, hopper=hopper, why=why)


def _single(products, c, *answers: int, why: str) -> Vector:
    return _vector(products, c, "fp32", answers, why)


def _half(products, *answers: int, why: str) -> Vector:
    return _vector(products, 0.0, "fp16", answers, why)


def _edge(exponent: int, *answers: int) -> Vector:
    """Half the smallest subnormal of fp16, and a product that breaks the tie if it survives alignment."""
    return _half([(2.0**-14, 2.0**-11), (TINY, 2.0**(exponent + 24))], *answers, why="exponent of a zero")


VECTORS = (
    _single([(TINY, 4)], 0, 0x34800000, why="subnormal input"),
    _single([], 2.0**-149, 0x00000001, why="subnormal addend"),
    _single([(1 - 2.0**-11, 1 - 2.0**-11)], 0, 0x3F7FC004, why="exact product"),
    _single([(TINY, 1)] * 4, 1, 0x3F800000, 0x3F800002, 0x3F800002, why="bits kept in alignment"),
    _single([(TINY, 1)] * 4, 1 - TINY, 0x3F800001, why="with the one before: not monotone on Volta"),
    _single([(2, 1), (2.0**-23, 1), (TINY, 1)], 0, 0x40000000, why="truncation"),
    _single([(-2, 1), (-(2.0**-23), 1), (-TINY, 1)], 0, 0xC0000000, why="toward zero, not down"),
    _single([(1, 1)], -(1 - TINY), 0x34000000, 0x33800000, 0x33800000, why="guard bit"),
    _single([(1, 1), (1, -TINY)], -1 + TINY, 0x34000000, 0, 0, why="guard bit"),
    _single([(1, 1), (1.5, 1), (1.75, 1), (1.875, 1)], 1.875, 0x41000000, why="third carry bit"),
    _single([(1, 1)] * 4, 1 + 2.0**-22 + 2.0**-23, 0x40A00000, why="late normalisation"),
    _single([(-1, 1)] * 4, -(1 + 2.0**-22 + 2.0**-23), 0xC0A00000, why="late normalisation, negative"),
    _half([(0.75, TINY)], 0x0001, why="rounding at the bottom of fp16"),
    _edge(-42, 1),
    _edge(-43, 0, 1, 1),
    _edge(-44, 0, 1, 1),
    _edge(-45, 0, 0, 1),
    _edge(-46, 0, 0, 1),
    _edge(-47, 0),
    _half([(1, 1), (1, 2.0**-11), (2.0**-12, 2.0**-13)], 0x3C00, 0x3C00, 0x3C01, why="rounded once"),
    _half([(2, 1), (2, 1), (1, 2.0**-9), (2.0**-11, 2.0**-11)], 0x4401, why="rounded once"),
)
"""The vectors in order; index 0 is number 1."""

GENERATIONS = ("volta", "ampere", "hopper")


def operands(vector: Vector) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return a vector as patterns: a and b of shape (1, 4), c of shape (1,)."""
    pairs = [*vector.products, *[(0.0, 0.0)] * (4 - len(vector.products))]
    a, b = (to_bits("fp16", np.array([side], np.float64)) for side in zip(*pairs, strict=True))
    return a, b, to_bits(vector.acc, np.array([vector.c]))


def check() -> list[dict]:
    """Run every vector on every generation; one row each with the result and the answer."""
    rows: list[dict] = []
    for number, vector in enumerate(VECTORS, 1):
        a, b, c = operands(vector)
        for arch in GENERATIONS:
            want, got = getattr(vector, arch), int(dot(arch, a, b, c, "fp16", vector.acc)[0])
            rows.append({"vector": number, "arch": arch, "out": vector.acc, "want": f"{want:x}",
                         "got": f"{got:x}", "match": got == want, "why": vector.why})
    return rows

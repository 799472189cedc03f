"""The register map as a bus of 32 bits sees it: words with the bits of fields in them, the same for every package."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from spec.registers import WORD_BITS, WORD_BYTES, Field, Register, from_data

ACCESS = {"constant": "read-only", "rw": "read-write", "ro": "read-only", "pulse": "write-only", "w1c": "read-write",
          "counter": "read-only"}
"""Kind of a register -> what a host may do, in the words that IP-XACT and SVD share. A read of a pulse gives 0."""

KNOWN = ("constant", "rw", "pulse", "w1c")
"""Kinds whose value after a reset is known; the machine drives the others from the first cycle on."""

HALVES = ("_lo", "_hi")
"""What the names of the two words of a counter end with."""


@dataclass(frozen=True, kw_only=True)
class Piece:
    """The bits of a field that are in one word."""

    name: str
    lsb: int
    bits: int
    init: int
    doc: str

    @property
    def mask(self) -> int:
        """Return the ones of the word that are the piece's."""
        return ((1 << self.bits) - 1) << self.lsb


@dataclass(frozen=True, kw_only=True)
class Word:
    """One address of the map."""

    name: str
    offset: int
    kind: str
    doc: str
    pieces: tuple[Piece, ...]

    @property
    def access(self) -> str:
        """Return what a host may do with the word: ``read-only``, ``read-write`` or ``write-only``."""
        return ACCESS[self.kind]

    @property
    def init(self) -> int | None:
        """Return the value after a reset, None where the machine drives it."""
        return sum(piece.init << piece.lsb for piece in self.pieces) if self.kind in KNOWN else None


def words(manifest: dict[str, Any]) -> list[Word]:
    """Return the words of a machine's map in ascending order; a counter is two, the low one first."""
    return [word for register in from_data(manifest["design"], manifest["registers"]).registers for word in _words(register)]


def size(manifest: dict[str, Any]) -> int:
    """Return the bytes that a machine's registers take on the bus: what its address lines reach."""
    return 1 << next(port["bits"] for port in manifest["ports"] if port["name"] == "s_axil_araddr")


def _words(register: Register) -> Iterator[Word]:
    for k in range(register.words):
        half = HALVES[k] if register.words > 1 else ""
        order = (" Read the low word first: it keeps the high word of that moment.", "")[k] if half else ""
        yield Word(name=register.name + half, offset=register.offset + k * WORD_BYTES, kind=register.kind,
                   doc=register.doc + order, pieces=tuple(_pieces(register, k * WORD_BITS)))


def _pieces(register: Register, first: int) -> Iterator[Piece]:
    """Yield what of each field is in the word of bits ``first`` and up."""
    for field, lsb in register.placed():
        low, high = max(lsb, first), min(lsb + field.bits, first + WORD_BITS)
        if low < high:
            yield Piece(name=field.name, lsb=low - first, bits=high - low, init=_part(field, low - lsb, high - low),
                        doc=field.doc)


def _part(field: Field, low: int, bits: int) -> int:
    return field.init >> low & (1 << bits) - 1

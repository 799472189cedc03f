"""How the words of a stream are cut into packets; what a type means is each machine's own matter.

A stream carries little-endian words of 64 bits. A packet is a header and then its payload, the last word
of which carries TLAST. The header:

===== ======= ===========================================
bits  field   meaning
===== ======= ===========================================
7:0   type    a number from the machine's specification
31:8  length  words of payload, at least 1
63:32 address where the payload goes, as the type says
===== ======= ===========================================
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

WORD_BITS = 64
WORD_BYTES = WORD_BITS // 8
TYPE_BITS, LENGTH_BITS, ADDRESS_BITS = 8, 24, 32
LENGTH_LSB, ADDRESS_LSB = TYPE_BITS, TYPE_BITS + LENGTH_BITS


@dataclass(frozen=True, kw_only=True)
class Header:
    """The first word of a packet."""

    type: int
    length: int
    address: int = 0

    def __post_init__(self) -> None:
        for name, bits in ("type", TYPE_BITS), ("length", LENGTH_BITS), ("address", ADDRESS_BITS):
            value = getattr(self, name)
            if not 0 <= value < 1 << bits:
                raise OverflowError(f"{name} of a packet must be in 0..{(1 << bits) - 1}, not {value}; "
                                    f"the header gives it {bits} bits")
        if not self.length:
            raise ValueError("length of a packet must be at least 1, not 0; leave the packet out")

    def pack(self) -> int:
        """Return the header as a word."""
        return self.type | self.length << LENGTH_LSB | self.address << ADDRESS_LSB

    @classmethod
    def unpack(cls, word: int) -> "Header":
        """Return the header that a word holds."""
        return cls(type=word & (1 << TYPE_BITS) - 1, length=word >> LENGTH_LSB & (1 << LENGTH_BITS) - 1,
                   address=word >> ADDRESS_LSB)


def header(type: int, length: int, address: int = 0) -> int:
    """Return the first word of a packet."""
    return Header(type=type, length=length, address=address).pack()


@dataclass(frozen=True, kw_only=True)
class Packet:
    """A header's type and address with the words of its payload."""

    type: int
    address: int
    payload: tuple[int, ...]

    def words(self) -> list[int]:
        """Return the packet as words, header first; the last one carries TLAST."""
        for word in self.payload:
            if not 0 <= word < 1 << WORD_BITS:
                raise OverflowError(f"a payload word must be unsigned and of {WORD_BITS} bits, not {word}")
        return [header(self.type, len(self.payload), self.address), *self.payload]


def to_bytes(words: Iterable[int]) -> bytes:
    """Return words as the bytes of a stream, lowest byte first."""
    return b"".join(word.to_bytes(WORD_BYTES, "little") for word in words)


def to_words(data: bytes) -> list[int]:
    """Return the words of a stream's bytes, the last filled up with zeros."""
    return [int.from_bytes(data[k:k + WORD_BYTES], "little") for k in range(0, len(data), WORD_BYTES)]


def packets(words: Iterable[int]) -> Iterator[Packet]:
    """Cut words, all of them whole packets, into packets."""
    rest = iter(words)
    for first in rest:
        head = Header.unpack(first)
        payload = tuple(islice(rest, head.length))
        if len(payload) < head.length:
            raise ValueError(f"a packet of type {head.type} must have {head.length} words, "
                             f"not {len(payload)}; the stream is cut short")
        yield Packet(type=head.type, address=head.address, payload=payload)

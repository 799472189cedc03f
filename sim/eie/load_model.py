"""What a loader makes of packets, by the table in ``docs/image.md``: commands, what it keeps, and packets drawn at random."""
from dataclasses import dataclass

from rtl.eie.bus import Op, Widths
from sim.eie.drive import SPEC
from spec.eie import LAYER_WORDS, PACKET_PE_SHIFT, PACKETS
from spec.framing import ADDRESS_BITS, LENGTH_BITS, TYPE_BITS, WORD_BITS

OPS = {"pointers": Op.POINTER, "words": Op.WORD, "activations": Op.ACT}
BOOK = 1 << SPEC.codebook_bits
LANES = Widths(SPEC).lanes
FIELDS = {                                  # values in a stream word, and their bits
    "codebook": (min(4, BOOK), 16), "layer": (1, 64), "pointers": (64 // SPEC.pointer_field_bits, SPEC.pointer_field_bits),
    "words": (2, 32) if LANES > 1 else (1, 64), "activations": (4, 16)}
ROOM = {"codebook": SPEC.codebooks * BOOK, "layer": SPEC.layers * LAYER_WORDS, "pointers": SPEC.columns,
        "words": SPEC.words * LANES, "activations": SPEC.slots}
PER_ADDRESS = {"codebook": BOOK, "layer": LAYER_WORDS, "pointers": 1, "words": LANES, "activations": 1}
MEANT = (0x1FFFFFFFF, 0xFFFFF0000FFFF)      # bits of a descriptor's words that mean something


@dataclass(frozen=True, kw_only=True)
class Packet:
    """Words for a place, as they come out of the stream; the numbers of beats are ``stride`` apart."""

    kind: str
    place: int
    words: list[int]
    pe: int = 0
    stride: int = 1

    def beats(self):
        """Yield the bits of each beat."""
        for index, word in enumerate(self.words):
            fields = ((PACKETS[self.kind], TYPE_BITS), (self.pe << PACKET_PE_SHIFT | self.place, ADDRESS_BITS),
                      (index * self.stride & (1 << LENGTH_BITS) - 1, LENGTH_BITS), (word, WORD_BITS),
                      (index == len(self.words) - 1, 1))
            bits = at = 0
            for value, width in fields:
                bits, at = bits | value << at, at + width
            yield bits

    def parts(self):
        """Yield, for each word, the list of (place, PE, value) that it holds, whether they exist or not."""
        count, bits = FIELDS[self.kind]
        for index, word in enumerate(self.words):
            numbers = range(count * index, count * (index + 1))
            values = [word >> bits * k & (1 << bits) - 1 for k in range(count)]
            first = self.place * PER_ADDRESS[self.kind]
            if self.kind == "activations":
                yield [(first + n // SPEC.pes, n % SPEC.pes, value) for n, value in zip(numbers, values, strict=True)]
            else:
                yield [(first + n, self.pe, value) for n, value in zip(numbers, values, strict=True)]

    def there(self, place, pe):
        return place < ROOM[self.kind] and pe < SPEC.pes


class Model:
    """What a loader has done after some packets: commands in order, and all that it keeps."""

    def __init__(self):
        self.commands: list[tuple[int, int, int, int]] = []
        self.books, self.layers = {}, {}
        self.written, self.loaded, self.act = 0, 0, False

    def take(self, packet: Packet) -> bool:
        """Take a packet; return whether it addresses a place that is not there."""
        beyond = False
        for parts in packet.parts():
            beyond |= not packet.there(*parts[0][:2])           # what follows may be the unused tail of the last word
            self.written += len(parts) if packet.kind == "codebook" else 0
            for place, pe, value in parts:
                if packet.there(place, pe):
                    self._keep(packet.kind, place, pe, value)
        return beyond

    def _keep(self, kind, place, pe, value):
        if kind == "codebook":
            self.books[place] = value & (1 << SPEC.weight_bits) - 1
        elif kind == "layer":
            self.layers[place] = value
            if place % LAYER_WORDS == LAYER_WORDS - 1:
                self.loaded |= 1 << place // LAYER_WORDS
        else:
            self.commands.append((OPS[kind], pe, place, value & 0xFFFFFFFF))
            self.act |= kind == "activations"


def words(rng, kind, count):
    """Return random stream words; bits of a descriptor that mean nothing may be anything."""
    return [rng.getrandbits(64) for k in range(count)]


def fitting(rng, kind):
    """Return a packet whose every word lies in its memory, at the start, the end, or anywhere."""
    count, _ = FIELDS[kind]
    units = ROOM[kind] // PER_ADDRESS[kind]                     # addresses
    place = rng.choice((0, units - 1, rng.randrange(units)))
    if kind == "codebook":
        length = BOOK // count
    elif kind == "layer":
        length = LAYER_WORDS
    else:
        per_word = -(-count // SPEC.pes) if kind == "activations" else count
        place -= place % (per_word if kind != "words" else max(1, count // LANES))
        left = (ROOM[kind] - place * PER_ADDRESS[kind]) * (SPEC.pes if kind == "activations" else 1)
        length = rng.randint(1, max(1, min(6, left // count)))
    return Packet(kind=kind, place=place, words=words(rng, kind, length),
                  pe=rng.randrange(SPEC.pes) if kind in ("pointers", "words") else 0)

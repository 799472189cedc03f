"""Beats of the load stream: held, and taken apart into one part per cycle, each with its place."""

from amaranth.hdl import Cat, Mux, Signal

from rtl.bus.loader import BEAT
from rtl.eie.bus import Widths
from spec.eie import PACKET_PE_SHIFT, PACKETS, ceil_log2

STREAM_BITS = 64


class Part:
    """Registers of a part of a beat on its way through the loader."""

    def __init__(self, name, place_bits):
        self.valid = Signal(name=f"{name}_valid")
        self.head = Signal(name=f"{name}_head")             # first of its stream word
        self.kind = Signal(8, name=f"{name}_kind")
        self.place = Signal(place_bits, name=f"{name}_place")
        self.pe = Signal(9, name=f"{name}_pe")
        self.value = Signal(STREAM_BITS, name=f"{name}_value")

    def all(self):
        """Return all of them in one order."""
        return self.valid, self.head, self.kind, self.place, self.pe, self.value


class Unpacker:
    """The first registers of the loader: a beat, where its packet starts, and the part of it that is next.

    Parameters
    ----------
    spec : EieSpec
    place_bits : int
        Bits of a place that is there; one more says that it is beyond.
    """

    def __init__(self, spec, place_bits: int):
        self._spec, self._w, self._bits = spec, Widths(spec), place_bits
        self._part_bits = {"codebook": 16, "layer": STREAM_BITS, "pointers": spec.pointer_field_bits,
                           "words": 32 if self._w.lanes > 1 else STREAM_BITS, "activations": 16}
        self._beat = Signal(BEAT)
        self._first = Signal()
        self._valid = Signal()
        self._done = Signal()
        self._start = Signal(self._bits + 1)
        self._start_pe = Signal(9)
        self._final = Signal(2)         # number of the last part of the beat

    def _parts(self, name):
        """Return how many parts a beat of a packet has."""
        fits = STREAM_BITS // self._part_bits[name]
        return min(fits, 1 << self._spec.codebook_bits) if name == "codebook" else fits

    def take(self, m, i, enable) -> None:
        """Hold a beat of the stream ``i`` until its last part is taken, and say where its packet starts."""
        scale = {"codebook": self._spec.codebook_bits, "layer": 1, "words": self._w.lane}
        address = i.p.address
        m.d.comb += i.ready.eq(enable & (~self._valid | self._done))
        with m.If(~self._valid | self._done):
            m.d.sync += [
                self._valid.eq(i.valid & enable),
                self._beat.eq(i.p),
                self._start_pe.eq(0),
                self._first.eq(i.p.index == 0),
            ]
            with m.Switch(i.p.type):
                for name, kind in PACKETS.items():
                    with m.Case(kind):
                        own = name in ("pointers", "words")     # by PE
                        where = address[:PACKET_PE_SHIFT if own else None] << scale.get(name, 0)
                        m.d.sync += self._start.eq(Cat(where[:self._bits], where[self._bits:].any()))
                        m.d.sync += self._final.eq(self._parts(name) - 1)
                        if own:
                            m.d.sync += self._start_pe.eq(address[PACKET_PE_SHIFT:])

    def unpack(self, m) -> Part:
        """Take the beat apart, a part per cycle, and say where each part goes; return the part's registers."""
        spec, beat = self._spec, self._beat
        part = Part("part", self._bits + 1)
        number = Signal(2)
        place = Signal(self._bits + 1)
        pe = Signal(9)
        here = Signal(self._bits + 1)
        here_pe = Signal(9)
        following = Signal(self._bits + 1)
        last = number == self._final
        active = self._valid
        first = self._first & (number == 0)
        m.d.comb += [
            here.eq(Mux(first, self._start, place)),
            here_pe.eq(Mux(first, self._start_pe, pe)),
            self._done.eq(last),
        ]
        m.d.sync += part.valid.eq(active)
        with m.Switch(beat.type):
            for name, kind in PACKETS.items():
                with m.Case(kind):
                    chosen = beat.data.word_select(number[:ceil_log2(self._parts(name))], self._part_bits[name])
                    m.d.sync += part.value.eq(chosen)
        dealt = beat.type == PACKETS["activations"]
        wrap = here_pe == spec.pes - 1
        after = here + (~dealt | wrap)
        m.d.comb += following.eq(Cat(after[:self._bits], after[self._bits] | here[self._bits]))
        with m.If(active):
            m.d.sync += [
                number.eq(Mux(last, 0, number + 1)),
                part.kind.eq(beat.type),
                part.head.eq(number == 0),
                part.place.eq(here),
                part.pe.eq(here_pe),
                pe.eq(Mux(dealt, Mux(wrap, 0, here_pe + 1), here_pe)),
                place.eq(following),
            ]
        return part

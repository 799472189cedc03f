"""Stage S4: one marked entry of a matrix word per cycle, lowest first."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from rtl.eie.bus import Widths, always_taken


class EntryPicker(wiring.Component):
    """Hold a word and give one of its marked entries per cycle to the arithmetic; take the next word with the last of them.

    A word with an empty mask stays one cycle and gives nothing. What is given appears in registers (stage E1) a cycle later.

    Members
    -------
    i : ``In(stream.Signature(Widths.marked))``
        Words of the matrix read.
    o : ``Out(always_taken(Widths.picked))``
        Entries. All of a payload but ``head`` and ``skip`` is 0 while nothing is given, so that the product is 0.
    pick_real, pick_padding : ``Out(1)``
        An entry with a code other than 0, or with code 0, is picked in this cycle.
    idle : ``Out(1)``
        S4 is empty.
    """

    def __init__(self, spec):
        self._spec, self._w = spec, Widths(spec)
        super().__init__({"i": In(stream.Signature(self._w.marked)), "o": Out(always_taken(self._w.picked)),
                          "pick_real": Out(1), "pick_padding": Out(1), "idle": Out(1)})

    def elaborate(self, platform):
        m = Module()
        spec = self._spec
        word = Signal(spec.word_bits, reset_less=True)
        mask = Signal(spec.word_entries)
        act = Signal(spec.act_bits, reset_less=True)
        head = Signal()
        valid = Signal()
        pick = Signal()
        final = Signal(init=1)
        place = Signal(self._w.entry)
        rest = Signal(spec.word_entries)
        following = Signal(spec.word_entries)
        entry = Signal(spec.entry_bits)
        m.d.comb += [
            rest.eq(Cat(mask[k] & mask[:k].any() for k in range(len(mask)))),
            pick.eq(mask.any()),
            place.eq(lowest(mask)),
            entry.eq(word.word_select(place, spec.entry_bits) if spec.word_entries > 1 else word[:spec.entry_bits]),
            self.i.ready.eq(final),
            self.idle.eq(~(pick if spec.skip_padding and spec.skip_empty else valid)),
            following.eq(Mux(final, Mux(self.i.valid, self.i.p.mask, 0), rest)),
        ]
        m.d.sync += [
            mask.eq(following),
            final.eq(~Cat(following[k] & following[:k].any() for k in range(len(mask))).any()),
        ]
        with m.If(self.i.ready):
            m.d.sync += [
                valid.eq(self.i.valid),
                word.eq(self.i.p.word),
                act.eq(self.i.p.act),
            ]
        with m.If(pick):
            m.d.sync += head.eq(0)
        with m.If(self.i.ready & self.i.valid & self.i.p.head):
            m.d.sync += head.eq(1)
        m.d.sync += [
            self.o.valid.eq(pick),
            Cat(self.o.p.code, self.o.p.run).eq(Mux(pick, entry, 0)),
            self.o.p.head.eq(head),
            self.o.p.act.eq(Mux(pick, act, 0)),
        ]
        real = entry[:spec.codebook_bits].any()
        m.d.comb += [
            self.pick_real.eq(pick & (1 if spec.skip_padding else real)),
            self.pick_padding.eq(0 if spec.skip_padding else pick & ~real),
        ]
        self._skipped(m, pick, place)
        return m

    def _skipped(self, m, pick, place):
        """Count the padding between this pick and the one before it, in this word, the word before and vanished words."""
        if not self._w.skip:
            return
        following = Signal(self._w.entry)
        lead = Signal(self._w.skip)
        trail = Signal(self._w.entry)       # entries after the last pick in its word
        trail_now = Signal(self._w.entry)
        m.d.comb += trail_now.eq(Mux(pick, ~place, trail))
        m.d.sync += trail.eq(trail_now)
        with m.If(self.i.ready):
            m.d.sync += [
                following.eq(self.i.p["from"]),
                lead.eq(self.i.p.lead + Mux(self.i.p.head, 0, trail_now)),
            ]
        with m.Else():
            m.d.sync += [
                following.eq(place + 1),
                lead.eq(0),
            ]
        m.d.sync += self.o.p.skip.eq((place - following)[:self._w.entry] + lead)


def lowest(mask):
    """Return the place of the lowest set bit of ``mask`` (any value if there is none)."""
    place = Const(0, 1)
    for k in reversed(range(len(mask))):
        place = Mux(mask[k], k, place)
    return place

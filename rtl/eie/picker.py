"""Stage S4: one marked entry of a matrix word a cycle, lowest first."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from rtl.eie.bus import Widths
from rtl.parts import leave_open


class EntryPicker(wiring.Component):
    """Hold a word and give one of its marked entries a cycle to the arithmetic; take the next word with the last of them.

    A word with an empty mask stays one cycle and gives nothing. What is given appears in registers (stage E1) a cycle later.

    Members
    -------
    i_valid, i_ready, i_word, i_mask, i_from, i_lead, i_head, i_act
        A word of the matrix read.
    o_valid, o_code, o_run, o_skip, o_head, o_act : ``Out``
        An entry: codebook index, zeros before it, padding entries before it, whether it is its column's first, activation.
        All of it but ``o_head`` and ``o_skip`` is 0 while nothing is given, so that the product is 0.
    pick_real, pick_padding : ``Out(1)``
        An entry with a code other than 0, or with code 0, is picked in this cycle.
    none : ``Out(1)``
        S4 is empty.
    """

    def __init__(self, spec):
        self._spec, self._w = spec, Widths(spec)
        w = self._w
        super().__init__({
            "i_valid": In(1), "i_ready": Out(1), "i_word": In(spec.word_bits), "i_mask": In(spec.word_entries),
            "i_from": In(w.entry), "i_lead": In(w.skip), "i_head": In(1), "i_act": In(spec.act_bits),
            "o_valid": Out(1), "o_code": Out(spec.codebook_bits), "o_run": Out(spec.index_bits), "o_skip": Out(w.skip),
            "o_head": Out(1), "o_act": Out(spec.act_bits), "pick_real": Out(1), "pick_padding": Out(1), "none": Out(1)})

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
            rest.eq(Cat(mask[k] & mask[:k].any() for k in range(len(mask)))), pick.eq(mask.any()), place.eq(lowest(mask)),
            entry.eq(word.word_select(place, spec.entry_bits) if spec.word_entries > 1 else word[:spec.entry_bits]),
            self.i_ready.eq(final), self.none.eq(~(pick if spec.skip_padding and spec.skip_empty else valid)),
            following.eq(Mux(final, Mux(self.i_valid, self.i_mask, 0), rest))]
        m.d.sync += [mask.eq(following), final.eq(~Cat(following[k] & following[:k].any() for k in range(len(mask))).any())]
        with m.If(self.i_ready):
            m.d.sync += [valid.eq(self.i_valid), word.eq(self.i_word), act.eq(self.i_act)]
        with m.If(pick):
            m.d.sync += head.eq(0)
        with m.If(self.i_ready & self.i_valid & self.i_head):
            m.d.sync += head.eq(1)
        m.d.sync += [
            self.o_valid.eq(pick), Cat(self.o_code, self.o_run).eq(Mux(pick, entry, 0)), self.o_head.eq(head),
            self.o_act.eq(Mux(pick, act, 0))]
        real = entry[:spec.codebook_bits].any()
        m.d.comb += [self.pick_real.eq(pick & (1 if spec.skip_padding else real)),
                     self.pick_padding.eq(0 if spec.skip_padding else pick & ~real)]
        self._skipped(m, pick, place)
        return m

    def _skipped(self, m, pick, place):
        """Count the padding between this pick and the one before it, in this word, the word before and vanished words."""
        if not self._w.skip:
            leave_open(self.i_from)
            return
        following = Signal(self._w.entry)
        lead = Signal(self._w.skip)
        trail = Signal(self._w.entry)       # entries behind the last pick in its word
        trail_now = Signal(self._w.entry)
        m.d.comb += trail_now.eq(Mux(pick, ~place, trail))
        m.d.sync += trail.eq(trail_now)
        with m.If(self.i_ready):
            m.d.sync += [following.eq(self.i_from), lead.eq(self.i_lead + Mux(self.i_head, 0, trail_now))]
        with m.Else():
            m.d.sync += [following.eq(place + 1), lead.eq(0)]
        m.d.sync += self.o_skip.eq((place - following)[:self._w.entry] + lead)


def lowest(mask):
    """Return the place of the lowest set bit of ``mask`` (any value if there is none)."""
    place = Const(0, 1)
    for k in reversed(range(len(mask))):
        place = Mux(mask[k], k, place)
    return place

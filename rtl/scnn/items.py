"""Items of the weight stream: beats go in, any number of items up to F + 1 comes out."""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from spec.scnn.shape import ScnnSpec

WORDS = 4               # of the stream that the buffer holds


def item_widths(spec: ScnnSpec) -> dict[str, range | int]:
    """Return the shapes of what a buffer shows and is told: its oldest items, their count, and how many leave."""
    return {"items": (spec.f + 1) * spec.entry_bits, "count": range(WORDS * spec.f + 1), "take": range(spec.f + 2)}


class ItemBuffer(wiring.Component):
    """Holds 4 F items, the oldest first; a word of F items comes in a cycle in which there is room for it already.

    Members
    -------
    flush : ``In(1)``
        Forget everything.
    i_valid, i_word : ``In``, i_ready : ``Out(1)``
        A word; its items are there in the next cycle.
    items : ``Out``, count : ``Out``
        The oldest ones; how many there are of all.
    take : ``In``
        How many leave in this cycle, at most ``count`` and F + 1.
    """

    def __init__(self, spec: ScnnSpec):
        self._spec = spec
        self._size = WORDS * spec.f
        super().__init__({
            "flush": In(1), "i_valid": In(1), "i_word": In(spec.word_bits), "i_ready": Out(1),
            **{name: (In if name == "take" else Out)(shape) for name, shape in item_widths(spec).items()}})

    def elaborate(self, platform):
        m = Module()
        bits, lanes, size = self._spec.entry_bits, self._spec.f, self._size
        items = [Signal(bits, name=f"item{k}", reset_less=True) for k in range(size)]
        left = Signal.like(self.count)
        go = Signal()
        m.d.comb += [self.items.eq(Cat(items[:lanes + 1])), self.i_ready.eq(self.count <= size - lanes),
                     go.eq(self.i_valid & self.i_ready), left.eq(self.count - self.take)]
        word = [self.i_word[k * bits:(k + 1) * bits] for k in range(lanes)]
        turned = [Signal(bits, name=f"turned{k}") for k in range(lanes)]    # what place k, k + F, ... may take
        for k in range(lanes):
            choices = [word[(k - step) % lanes] for step in range(lanes)]
            m.d.comb += turned[k].eq(_pick(left[:(lanes - 1).bit_length()], choices) if lanes > 1 else word[0])
        for k in range(size):
            moved = [items[k + step] if k + step < size else items[size - 1] for step in range(lanes + 2)]
            with m.If(left > k):
                m.d.sync += items[k].eq(_pick(self.take, moved))
            with m.Else():
                m.d.sync += items[k].eq(turned[k % lanes])
        m.d.sync += self.count.eq(Mux(go, left + lanes, left))
        with m.If(self.flush):
            m.d.sync += self.count.eq(0)
        return m


def _pick(choice, values):
    """Return the value that ``choice`` numbers, the last one if there is none."""
    for bit in choice:
        values = [Mux(bit, values[min(k + 1, len(values) - 1)], values[k]) for k in range(0, len(values), 2)]
    return values[0]

"""Items of a weight lane: parts of transfers go in, any number of items up to a vector or a bias comes out."""

from functools import reduce
from operator import or_

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from spec.scnn.shape import LANE_VECTORS, ScnnSpec


def item_widths(spec: ScnnSpec) -> dict[str, range | int]:
    """Return the shapes of what a buffer shows and is told: its oldest items, their count, and how many leave."""
    shown = max(spec.f, spec.bias_items)
    return {"items": shown * spec.item_bits, "count": range(LANE_VECTORS * spec.f + 1), "take": range(shown + 1)}


class ItemBuffer(wiring.Component):
    """Holds 4 F items, the oldest first; a part comes in a cycle in which there is room for a whole one already.

    Members
    -------
    flush : ``In(1)``
        Forget everything.
    i_valid, i_part, i_many : ``In``, i_ready : ``Out(1)``
        A part and how many items of it are there, the first ones; they can be taken from the next cycle on.
    items : ``Out``, count : ``Out``
        The oldest ones; how many there are of all.
    take : ``In``
        How many leave in this cycle, at most ``count``.
    """

    def __init__(self, spec: ScnnSpec):
        self._spec = spec
        self._size = LANE_VECTORS * spec.f
        super().__init__({
            "flush": In(1), "i_valid": In(1), "i_part": In(spec.part_items * spec.item_bits),
            "i_many": In(range(spec.part_items + 1)), "i_ready": Out(1),
            **{name: (In if name == "take" else Out)(shape) for name, shape in item_widths(spec).items()}})

    def elaborate(self, platform):
        m = Module()
        bits, size, most = self._spec.item_bits, self._size, len(self.items) // self._spec.item_bits
        items = [Signal(bits, name=f"item{k}", reset_less=True) for k in range(size)]
        left, go = Signal.like(self.count), Signal()
        m.d.comb += [
            self.items.eq(Cat(items[:most])),
            self.i_ready.eq(self.count <= size - self._spec.part_items),
            go.eq(self.i_valid & self.i_ready),
            left.eq(self.count - self.take),
        ]
        for k, come in enumerate(self._placed(m, left)):
            moved = [items[min(k + step, size - 1)] for step in range(most + 1)]
            with m.If(left > k):
                m.d.sync += items[k].eq(_pick(self.take, moved))
            with m.Else():
                m.d.sync += items[k].eq(come)
        m.d.sync += self.count.eq(Mux(go, left + self.i_many, left))
        with m.If(self.flush):
            m.d.sync += self.count.eq(0)
        return m

    def _placed(self, m, left):
        """Return for each place what it gets of a part that is put behind the ``left`` items that stay."""
        bits, wide = self._spec.item_bits, self._spec.part_items
        word = [self.i_part[k * bits:(k + 1) * bits] for k in range(wide)]
        if wide & wide - 1:
            return [reduce(or_, (word[k - at] & (left == at).replicate(bits) for at in range(max(0, k - wide + 1), k + 1)))
                    for k in range(self._size)]
        turned = [Signal(bits, name=f"turned{k}") for k in range(wide)]     # what place k, k + wide, ... may take
        for k in range(wide):
            choices = [word[(k - step) % wide] for step in range(wide)]
            m.d.comb += turned[k].eq(_pick(left[:(wide - 1).bit_length()], choices) if wide > 1 else word[0])
        return [turned[k % wide] for k in range(self._size)]


def _pick(choice, values):
    """Return the value that ``choice`` numbers, the last one if there is none."""
    for bit in choice:
        values = [Mux(bit, values[min(k + 1, len(values) - 1)], values[k]) for k in range(0, len(values), 2)]
    return values[0]

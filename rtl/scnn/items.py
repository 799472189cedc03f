"""Items of a weight lane: parts of transfers go in, any number of items up to a vector or a bias comes out."""

from functools import reduce
from operator import or_

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from spec.scnn.shape import LANE_VECTORS, ScnnSpec


def item_widths(spec: ScnnSpec) -> dict[str, range | int]:
    """Return the shapes of what a buffer shows and is told: its oldest items, their count; how many leave, and whether."""
    shown = max(spec.f, spec.bias_items)
    return {"items": shown * spec.item_bits, "count": range(LANE_VECTORS * spec.f + 1), "take": range(shown + 1), "go": 1}


TOLD = ("take", "go")
"""Those of them that the buffer is told; it shows the others."""


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
    take, go : ``In``
        How many leave, at most ``count``, and whether they leave in this cycle. ``go`` may be late: what is kept is computed
        for both of its values.
    """

    def __init__(self, spec: ScnnSpec):
        self._spec = spec
        self._size = LANE_VECTORS * spec.f
        super().__init__({
            "flush": In(1), "i_valid": In(1), "i_part": In(spec.part_items * spec.item_bits),
            "i_many": In(range(spec.part_items + 1)), "i_ready": Out(1),
            **{name: (In if name in TOLD else Out)(shape) for name, shape in item_widths(spec).items()}})

    def elaborate(self, platform):
        m = Module()
        bits, size, most = self._spec.item_bits, self._size, len(self.items) // self._spec.item_bits
        items = [Signal(bits, name=f"item{k}", reset_less=True) for k in range(size)]
        left, come = Signal.like(self.count), Signal()
        m.d.comb += [
            self.items.eq(Cat(items[:most])),
            self.i_ready.eq(self.count <= size - self._spec.part_items),
            come.eq(self.i_valid & self.i_ready),
            left.eq(self.count - self.take),
        ]
        many = Mux(come, self.i_many, 0)
        stay, leave = self._placed(m, self.count, "stay"), self._placed(m, left, "leave")
        for k in range(size):
            moved = [items[min(k + step, size - 1)] for step in range(most + 1)]
            m.d.sync += items[k].eq(Mux(self.go, Mux(left > k, _pick(self.take, moved), leave[k]),
                                        Mux(self.count > k, items[k], stay[k])))
        m.d.sync += self.count.eq(Mux(self.go, left + many, self.count + many))
        with m.If(self.flush):
            m.d.sync += self.count.eq(0)
        return m

    def _placed(self, m, left, name):
        """Return for each place what it gets of a part that is put after ``left`` items."""
        bits, wide = self._spec.item_bits, self._spec.part_items
        word = [self.i_part[k * bits:(k + 1) * bits] for k in range(wide)]
        if wide & wide - 1:
            return [reduce(or_, (word[k - at] & (left == at).replicate(bits) for at in range(max(0, k - wide + 1), k + 1)))
                    for k in range(self._size)]
        turned = [Signal(bits, name=f"{name}_turned{k}") for k in range(wide)]     # what place k, k + wide, ... may take
        for k in range(wide):
            choices = [word[(k - step) % wide] for step in range(wide)]
            m.d.comb += turned[k].eq(_pick(left[:(wide - 1).bit_length()], choices) if wide > 1 else word[0])
        return [turned[k % wide] for k in range(self._size)]


def _pick(choice, values):
    """Return the value that ``choice`` numbers, the last one if there is none."""
    for bit in choice:
        values = [Mux(bit, values[min(k + 1, len(values) - 1)], values[k]) for k in range(0, len(values), 2)]
    return values[0]

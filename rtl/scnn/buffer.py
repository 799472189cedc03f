"""Buffer of vectors: blocks arrive in order, each is read again and again, and is released in order."""

from amaranth.hdl import Const, Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from rtl.emit import Submodules
from rtl.parts import clock
from rtl.scnn.bus import vector_layout
from spec.scnn.shape import MAX_SLOTS, ScnnSpec

SLOT_BITS = 4           # of the logarithm of a slot's size


class VectorBuffer(wiring.Component):
    """A memory cut into slots of ``1 << slot_log2`` vectors; block n of a layer lies in slot n modulo their number.

    A block can be read in the cycle after its last vector. The vector that ``vector`` shows is that addressed two cycles
    before. A block of more vectors than a slot overwrites the last of them. At most ``MAX_SLOTS`` blocks are here.

    Members
    -------
    restart : ``In(1)``
        A layer begins: all blocks have been released; the next block goes to slot 0.
    slot_log2 : ``In(4)``
    i_valid, i_vector, i_last, i_empty : ``In``
        A vector, whether it is its block's last. With ``i_empty`` there is none: alone, it is a block without vectors; after
        vectors of its block it says no more than ``i_last``.
    ready, last, empty : ``Out(1)``
        From registers: a block is here; of the vector addressed, whether it is the last; the block has none.
    advance, rewind, release : ``In(1)``
        Go to the next vector, back to the first one, to the next block: at most one of them.
    vector : ``Out``
    """

    def __init__(self, spec: ScnnSpec, library: Submodules, *, lanes: int, depth: int):
        self._spec, self._library, self._depth = spec, library, depth
        vector = vector_layout(spec, lanes)
        super().__init__({
            "restart": In(1), "slot_log2": In(SLOT_BITS), "i_valid": In(1), "i_vector": In(vector), "i_last": In(1),
            "i_empty": In(1), "ready": Out(1), "last": Out(1), "empty": Out(1), "advance": In(1), "rewind": In(1),
            "release": In(1), "vector": Out(vector)})

    def elaborate(self, platform):
        m = Module()
        bits = self._depth.bit_length() - 1
        size = Signal(bits + 1)                             # of a slot
        m.d.comb += size.eq(Const(1, 1) << self.slot_log2)
        write, count = self._write(m, size, bits)
        read = self._read(m, size, bits, self._blocks(m, count, bits))
        vector = self.vector.as_value()
        self._library.cell(m, "memory", "nz_ram", p_WIDTH=len(vector), p_DEPTH=self._depth, p_LANES=1, p_ADDR_BITS=bits,
                           i_clk=clock(), i_we=self.i_valid & ~self.i_empty, i_waddr=write,
                           i_wdata=self.i_vector.as_value(), i_re=1, i_oe=1, i_raddr=read, o_rdata=vector)
        return m

    def _write(self, m, size, bits):
        """Return the address of what comes, and how many vectors the block will then have, as `_number`."""
        base, place = (Signal(bits, name=name, reset_less=True) for name in ("write_base", "write_place"))
        count = _number(bits, "count")
        now = _number(bits, "now")
        full, filled = Signal(), Signal()                   # the slot's last place is the next one; it is filled
        counts = ~self.i_empty & ~filled
        m.d.comb += [
            full.eq(place + 1 == size),
            now.value.eq(count.value + counts),
            now.none.eq(count.none & self.i_empty),
            now.one.eq(Mux(counts, count.none, count.one)),
        ]
        with m.If(self.i_valid):
            m.d.sync += [
                count.eq(now),
                filled.eq(now.value == size),
            ]
            with m.If(~self.i_empty & ~full):
                m.d.sync += place.eq(place + 1)
            with m.If(self.i_last):
                m.d.sync += [
                    base.eq(base + size),
                    place.eq(0),
                    *_clear(count),
                    filled.eq(0),
                ]
        with m.If(self.restart):
            m.d.sync += [
                base.eq(0),
                place.eq(0),
                *_clear(count),
                filled.eq(0),
            ]
        return base | place, now

    def _blocks(self, m, count, bits):
        """Keep the counts of the blocks that wait; return that of the block at hand, and the next one's as it is known now."""
        steps = MAX_SLOTS.bit_length() - 1
        write, read = Signal(steps + 1), Signal(steps + 1)
        come, direct, take, some = Signal(), Signal(), Signal(), Signal()
        oldest, head, following = (_number(bits, name) for name in ("oldest", "head", "following"))
        wide = len(count.as_value())
        self._library.cell(m, "counts", "nz_regfile", p_WIDTH=wide, p_DEPTH=MAX_SLOTS, p_ADDR_BITS=steps, i_clk=clock(),
                           i_we=come, i_waddr=write[:steps], i_wdata=count.as_value(), i_raddr=read[:steps],
                           o_rdata=oldest.as_value())
        free = ~self.ready | self.release                   # what is not kept is written to a place that is free all the same
        m.d.comb += [
            come.eq(self.i_valid & self.i_last),
            some.eq(write != read),
            direct.eq(free & ~some),
            take.eq(free & some),
            following.as_value().eq(Mux(some, oldest.as_value(), count.as_value())),
            self.empty.eq(head.none),
        ]
        with m.If(come & ~direct):
            m.d.sync += write.eq(write + 1)
        with m.If(take):
            m.d.sync += read.eq(read + 1)
        with m.If(free):
            m.d.sync += [
                self.ready.eq(some | come),
                head.eq(following),
            ]
        return head, following, free

    def _read(self, m, size, bits, blocks):
        base, place = (Signal(bits, name=name, reset_less=True) for name in ("read_base", "read_place"))
        head, following, free = blocks
        after_next = Signal(bits + 1)                       # of the place: two further
        m.d.comb += after_next.eq(place + 2)
        with m.If(self.advance):
            m.d.sync += [
                place.eq(place + 1),
                self.last.eq(after_next == head.value),
            ]
        with m.If(self.rewind):
            m.d.sync += [
                place.eq(0),
                self.last.eq(head.one),
            ]
        with m.If(free):
            m.d.sync += self.last.eq(following.one)
        with m.If(self.release):
            m.d.sync += [
                place.eq(0),
                base.eq(base + size),
            ]
        with m.If(self.restart):
            m.d.sync += [
                base.eq(0),
                place.eq(0),
            ]
        return base | place


def _number(bits, name):
    """Return a signal for a count of vectors and, beside it, whether it is 0 and whether it is 1."""
    layout = data.StructLayout({"none": 1, "one": 1, "value": bits + 1})
    return Signal(layout, name=name, init={"none": 1})


def _clear(number):
    return (
        number.value.eq(0),
        number.none.eq(1),
        number.one.eq(0),
    )

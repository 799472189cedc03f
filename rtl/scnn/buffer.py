"""Buffer of vectors: blocks arrive in order, each is read again and again, and is released in order."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from rtl.emit import Submodules
from rtl.parts import clock
from rtl.scnn.bus import vector_layout
from spec.scnn.shape import ScnnSpec

SLOT_BITS = 4           # of the logarithm of a slot's size


class VectorBuffer(wiring.Component):
    """A memory cut into slots of ``1 << slot_log2`` vectors; block n of a layer lies in slot n modulo their number.

    A block can be read in the cycle after its last vector. The vector that ``vector`` shows is that addressed two cycles
    before. A block of more vectors than a slot overwrites the last of them.

    Members
    -------
    restart : ``In(1)``
        A layer begins: all blocks have been released; the next block goes to slot 0.
    slot_log2 : ``In(4)``
    i_valid, i_vector, i_last, i_empty : ``In``
        A vector, whether it is its block's last. With ``i_empty`` there is none: alone, it is a block without vectors; behind
        vectors of its block it says no more than ``i_last``.
    ready, last, empty : ``Out(1)``
        A block is here; of the vector addressed, whether it is the last; the block has none.
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
        have = Signal(bits + 1)
        m.d.comb += [size.eq(Const(1, 1) << self.slot_log2), self.ready.eq(have.any())]
        end = Signal()
        m.d.comb += end.eq(self.i_valid & self.i_last)
        m.d.sync += have.eq(have + end - self.release)
        write, write_flags = self._write(m, size, bits)
        read = self._read(m, size, bits)
        flags = Signal(2)
        self._library.cell(m, "flags", "nz_regfile", p_WIDTH=2, p_DEPTH=self._depth, p_ADDR_BITS=bits, i_clk=clock(),
                           i_we=self.i_valid, i_waddr=write, i_wdata=write_flags, i_raddr=read, o_rdata=flags)
        m.d.comb += Cat(self.last, self.empty).eq(flags)
        vector = self.vector.as_value()
        self._library.cell(m, "memory", "nz_ram", p_WIDTH=len(vector), p_DEPTH=self._depth, p_LANES=1, p_ADDR_BITS=bits,
                           i_clk=clock(), i_we=self.i_valid & ~self.i_empty, i_waddr=write,
                           i_wdata=self.i_vector.as_value(), i_re=1, i_oe=1, i_raddr=read, o_rdata=vector)
        return m

    def _write(self, m, size, bits):
        """Return the address of what comes, and its flags: behind vectors, an empty end marks the vector before."""
        base, place, place_before = Signal(bits), Signal(bits), Signal(bits)
        some = Signal()                                     # the block has a vector already
        address = Signal(bits)
        m.d.comb += address.eq(base | Mux(self.i_empty & some, place_before, place))
        with m.If(self.i_valid):
            with m.If(~self.i_empty):
                m.d.sync += [some.eq(1), place_before.eq(place)]
                with m.If(place + 1 != size):
                    m.d.sync += place.eq(place + 1)
            with m.If(self.i_last):
                m.d.sync += [base.eq(base + size), place.eq(0), some.eq(0)]
        with m.If(self.restart):
            m.d.sync += [base.eq(0), place.eq(0), some.eq(0)]
        return address, Cat(self.i_last, self.i_empty & ~some)

    def _read(self, m, size, bits):
        base, place = Signal(bits, name="read_base"), Signal(bits, name="read_place")
        address = Signal(bits, name="read_address")
        m.d.comb += address.eq(base | place)
        with m.If(self.advance):
            m.d.sync += place.eq(place + 1)
        with m.If(self.rewind | self.release):
            m.d.sync += place.eq(0)
        with m.If(self.release):
            m.d.sync += base.eq(base + size)
        with m.If(self.restart):
            m.d.sync += [base.eq(0), place.eq(0)]
        return address

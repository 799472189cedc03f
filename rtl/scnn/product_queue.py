"""Queue of products between a multiplier and the accumulator banks of one parity."""

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from rtl.emit import Submodules
from rtl.parts import clock, delayed, stepped
from rtl.scnn.accumulator import VALUE

CHOSEN = 3
"""Cycles from the choice of an operation to the bank's port."""

READ = CHOSEN + VALUE
"""Cycles from the choice of a product to its value, at the queue and through the multiplexers at its bank."""


class Queue(wiring.Component):
    """Products of one multiplier for the banks of one parity, or of four multipliers for those of a line, in order.

    A place is reserved before its product is pushed, and counted until its product is popped. The bank and the buffer of the
    oldest product wait in a register, two cycles after its push at the earliest; ``pop`` takes it. ``entry`` is on the port two
    cycles later and ``product`` :data:`READ`; its place is not written again before it has been read.

    Members
    -------
    reserve, push, i_bank, i_buffer, i_entry, i_product : ``In``
    valid, bank, buffer : ``Out``, pop : ``In``
        The head; ``pop`` only while ``valid``.
    entry, product : ``Out``
        Of the product popped two cycles ago, whose buffer is the entry's top bit; the product popped ``read`` cycles ago.
    near : ``Out(1)``
        The level is above ``depth - margin``.
    of : ``In(1)``, holds : ``Out(2)``
        With ``holding``: the buffer of what is reserved; from a register, whether the level of the cycle before counted any of
        buffer 0, of buffer 1. Then the level counts a product until the cycle after its pop.
    """

    def __init__(self, library: Submodules, *, depth: int, margin: int, bank_bits: int, entry_bits: int, product_bits: int,
                 blocks: bool = False, read: int = READ, holding: bool = False):
        if depth < 4 or depth & (depth - 1):
            raise ValueError(f"depth must be a power of two from 4, not {depth}")
        self._library, self._depth, self._margin, self._blocks = library, depth, margin, blocks
        self._read, self._holding = read, holding
        super().__init__(({"of": In(1), "holds": Out(2)} if holding else {}) | {
            "reserve": In(1), "push": In(1), "i_bank": In(bank_bits), "i_buffer": In(1), "i_entry": In(entry_bits),
            "i_product": In(product_bits), "valid": Out(1), "bank": Out(bank_bits), "buffer": Out(1), "pop": In(1),
            "entry": Out(entry_bits + 1), "product": Out(product_bits), "near": Out(1)})

    def elaborate(self, platform):
        m = Module()
        bits = self._depth.bit_length() - 1
        write, ahead = Signal(bits + 1, name="write"), Signal(bits + 1, name="ahead")
        here = Signal(bits, name="here")                    # of the head
        level = Signal(range(self._depth + 1))
        fetch, more = Signal(), Signal()
        key, head = (Signal(len(self.bank) + 1, name=name, reset_less=True) for name in ("key", "head"))
        ports = {"p_DEPTH": self._depth, "p_ADDR_BITS": bits, "i_clk": clock(), "i_we": self.push, "i_waddr": write[:bits]}
        self._library.cell(m, "banks", "nz_regfile", p_WIDTH=len(key), **ports, i_wdata=Cat(self.i_buffer, self.i_bank),
                           i_raddr=ahead[:bits], o_rdata=key)
        if self._blocks and self._read == 2:
            held = Signal(len(self.i_entry) + len(self.i_product))
            self._kept(m, "products", ports, Cat(self.i_entry, self.i_product), here, held)
            buffer = delayed(m, self.buffer, "buffer_behind", cycles=2, reset_less=True)
            m.d.comb += Cat(self.entry, self.product).eq(Cat(held[:len(self.i_entry)], buffer, held[len(self.i_entry):]))
        else:
            self._kept(m, "entries", ports, Cat(self.i_entry, self.i_buffer), here, self.entry, small=self._holding)
            later = delayed(m, here, "later", cycles=self._read - 2, reset_less=True)
            self._kept(m, "products", ports, self.i_product, later, self.product)
        m.d.comb += [
            fetch.eq(self.pop | ~self.valid),
            more.eq((write ^ ahead).any()),
            Cat(self.buffer, self.bank).eq(head),
            self.near.eq(Cat(level == many for many in range(self._depth - self._margin + 1, self._depth + 1)).any()),
        ]
        with m.If(self.push):
            m.d.sync += write.eq(stepped(write))
        with m.If(fetch):
            m.d.sync += [
                self.valid.eq(more),
                head.eq(key),
                here.eq(ahead),
            ]
            with m.If(more):
                m.d.sync += ahead.eq(stepped(ahead))
        popped, of = self.pop, self.buffer
        if self._holding:                               # counts may be late, and pops are decided late
            popped, of = delayed(m, self.pop, "popped", cycles=1), delayed(m, self.buffer, "of_popped", cycles=1)
            self._count(m, popped, of)
        with m.If(self.reserve ^ popped):
            m.d.sync += level.eq(stepped(level, down=popped))
        return m

    def _count(self, m, popped, of):
        """Count what the queue holds of each buffer."""
        for buffer in (0, 1):
            count = Signal(range(self._depth + 1), name=f"held{buffer}")
            more, less = Signal(name=f"more{buffer}"), Signal(name=f"less{buffer}")
            m.d.comb += [
                more.eq(self.reserve & (self.of == buffer)),
                less.eq(popped & (of == buffer)),
            ]
            m.d.sync += self.holds[buffer].eq(count.any())
            with m.If(more ^ less):
                m.d.sync += count.eq(stepped(count, down=less))

    def _kept(self, m, name, ports, written, at, word, small=False):
        """Keep what is pushed, in a block memory or in look-up tables; it is read in two cycles."""
        ports = {"p_WIDTH": len(word), **ports, "i_wdata": written}
        if self._blocks and not small:
            self._library.cell(m, name, "nz_ram", **ports, p_LANES=1, i_re=1, i_oe=1, i_raddr=at, o_rdata=word)
            return
        behind, read = Signal(len(at), name=f"behind_{name}"), Signal(len(word), name=f"{name}_read")
        m.d.sync += [
            behind.eq(at),
            word.eq(read),
        ]
        self._library.cell(m, name, "nz_regfile", **ports, i_raddr=behind, o_rdata=read)

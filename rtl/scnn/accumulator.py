"""Accumulator bank: two buffers of one block memory, each entry read, added to and written in four cycles."""

from types import SimpleNamespace

from amaranth.hdl import Module, Mux, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from rtl.emit import Submodules
from rtl.parts import clock

LATENCY = 3
"""Cycles from an operation at a bank's port to its old value on ``o_value``; its sum is in memory in the cycle after."""

VALUE = 2
"""Cycles from an operation at a bank's port to the product or the value that it adds."""


class Bank(wiring.Component):
    """Takes an operation per cycle: add a product, or what the side port asks for. Sums are modulo ``2**word_bits``.

    Operations on one entry may follow each other in any cycle, since sums that are not yet in the memory are forwarded; but
    what the entry held must not be read in the cycle after an addition to it. ::

        place -> [place] -> [array] -> [merged] -> add, write
        R         R + 1                 R + 2       R + 3

    The array has no output register, so that a sum is on its way for two operations. What is on its way to the adder is 0
    unless the operation beside it wants it, so that an or chooses. The look-up tables in front of flip-flops and carry chain
    make it 0, or with ``lean`` resets of flip-flops: fewer tables, but they keep other registers out of a place of the chip.

    Members
    -------
    i_valid, i_place, i_product : ``In``
        Add a product to the entry ``i_place``, whose top bit is the buffer; the product comes :data:`VALUE` cycles later.
    i_side : ``In(1)``, side_place, side_value, side_take, side_add : ``In``
        Instead: with ``side_take`` clear the entry, with ``side_add`` add ``side_value``, which comes :data:`VALUE` cycles
        later, with neither read it alone.
    o_value : ``Out(word_bits)``
        What the entry held before it was cleared or read, :data:`LATENCY` cycles after that operation; 0 after any other,
        so that the banks' values need no choice but an or. The sum of the operation just before is not in it.
    """

    def __init__(self, library: Submodules, *, entries: int, product_bits: int, word_bits: int, lean: bool = False):
        if entries < 2 or entries & (entries - 1):
            raise ValueError(f"entries must be a power of two from 2, not {entries}")
        self._library, self._entries, self._bits, self._lean = library, entries, word_bits, lean
        place = entries.bit_length()
        super().__init__({
            "i_valid": In(1), "i_place": In(place), "i_product": In(signed(product_bits)), "i_side": In(1),
            "side_place": In(place), "side_value": In(signed(word_bits)), "side_take": In(1), "side_add": In(1),
            "o_value": Out(word_bits)})

    def elaborate(self, platform):
        m = Module()
        place = Signal(len(self.i_place))
        m.d.comb += place.eq(Mux(self.i_side, self.side_place, self.i_place))
        now = SimpleNamespace(
            place=place, write=self.i_valid | self.i_side & (self.side_take | self.side_add), product=self.i_valid,
            clear=self.i_side & self.side_take, shown=self.i_side & ~self.side_add, add=self.i_side & self.side_add)
        read, there, last = (self._later(m, number) for number in range(3))
        for before, after in ((now, read), (read, there), (there, last)):
            m.d.sync += [getattr(after, name).eq(value) for name, value in vars(before).items()]
        self._sum(m, now, read, there, last)
        return m

    def _later(self, m, number):
        """Return registers for an operation that is so many cycles and one after the port."""
        return SimpleNamespace(
            place=Signal(len(self.i_place), name=f"place_{number}", reset_less=True), write=Signal(name=f"write_{number}"),
            **{name: Signal(name=f"{name}_{number}") for name in ("product", "clear", "shown", "add")})

    def _sum(self, m, now, read, there, last):
        """Merge what is stored with the sum that it is too old for; add in the next cycle, and write."""
        stored, result = Signal(self._bits), Signal(self._bits)
        self._library.cell(
            m, "memory", "nz_ram", p_WIDTH=self._bits, p_DEPTH=2 * self._entries, p_LANES=1, p_ADDR_BITS=len(now.place),
            i_clk=clock(), i_we=last.write, i_waddr=last.place, i_wdata=result, i_re=1, i_oe=1, o_rdata=stored,
            i_raddr=read.place, p_REGISTERED=0)
        one, two, old = (Signal(name=name) for name in ("one_apart", "two_apart", "too_old"))
        near = (read.place == there.place) & there.write
        m.d.sync += [
            one.eq(near),                                               # as the operation stands in ``there`` then,
            two.eq((now.place == there.place) & there.write),           # as it stands in ``read``
        ]
        if self._lean:
            self._by_resets(m, there, stored, result, (one, two, old))
        else:
            self._by_tables(m, read, there, stored, result, near, (one, two, old))

    def _by_resets(self, m, there, stored, result, apart):
        """Make what is not wanted 0 by resets of flip-flops."""
        one, two, old = apart
        found, product = Signal(self._bits), Signal(self._bits)
        m.d.comb += product.eq(self.i_product)
        straight = self._register(m, "straight", result, when=one & ~there.clear)
        merged = self._register(m, "merged", found, when=~(one | there.clear))
        m.d.sync += old.eq(two)
        newer = self._masked(self._register(m, "third", result), old)
        added = (self._register(m, "product", product, when=there.product),
                 self._register(m, "value", self.side_value, when=there.add))
        m.d.comb += [
            self.o_value.eq(self._register(m, "before", found, when=there.shown & ~one)),
            found.eq(stored & ~old.replicate(self._bits) | newer),
        ]
        self._library.cell(m, "adder", "nz_merge_add", p_BITS=self._bits, i_a=merged, i_b=straight, i_c=added[0], i_d=added[1],
                           o_s=result)

    def _by_tables(self, m, read, there, stored, result, near, apart):
        """Make what is not wanted 0 in the tables in front of the flip-flops and of the carry chain."""
        one, two, old = apart
        kept, found, product = Signal(self._bits), Signal(self._bits), Signal(self._bits)
        again, held, show = Signal(), Signal(), Signal()
        m.d.comb += [
            product.eq(self.i_product),
            found.eq(Mux(old, kept, stored)),
        ]
        m.d.sync += [
            old.eq(two),
            held.eq(~(near | read.clear)),              # as the operation stands in ``there`` then
            show.eq(read.shown & ~near),
            again.eq(one & ~there.clear),
            kept.eq(result),
        ]
        merged = self._register(m, "merged", self._masked(found, held))
        added = self._register(m, "added", self._masked(product, there.product) | self._masked(self.side_value, there.add))
        m.d.comb += self.o_value.eq(self._register(m, "before", self._masked(found, show)))
        self._library.cell(m, "adder", "nz_masked_add", p_BITS=self._bits, i_a=merged, i_b=kept, i_c=added, i_m=again,
                           o_s=result)

    def _masked(self, word, on):
        return word & on.replicate(self._bits)

    def _register(self, m, name, word, when=None):
        """Return a register of a word; with ``when`` it holds 0 unless that is 1, by a reset of its flip-flops."""
        held = Signal(self._bits, name=name, reset_less=True)
        m.d.sync += held.eq(word if when is None else Mux(when, word, 0))
        return held

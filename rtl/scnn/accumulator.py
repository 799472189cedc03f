"""Accumulator bank: two buffers of one block memory, each entry read, added to and written in four cycles."""

from types import SimpleNamespace

from amaranth.hdl import Const, Module, Mux, Signal, signed
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
    what the entry held must not be read in the cycle behind an addition to it. ::

        place -> [array] -> [output register] -> [merged] -> add, write
        R         R + 1      R + 2                R + 3

    ``lean`` has a register of the place in front of the array instead of the one behind it, so that a sum is on its way for two
    operations instead of three.

    What is on its way to the adder is 0 unless the operation beside it wants it, so that an or chooses: a reset of flip-flops
    makes it 0. What is added is chosen by look-up tables, or ``lean`` by resets too, which keep other registers out of a place
    of the chip.

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
        """Return registers for an operation that is so many cycles and one behind the port."""
        return SimpleNamespace(
            place=Signal(len(self.i_place), name=f"place_{number}", reset_less=True), write=Signal(name=f"write_{number}"),
            **{name: Signal(name=f"{name}_{number}") for name in ("product", "clear", "shown", "add")})

    def _sum(self, m, now, read, there, last):
        """Merge what is stored with the sums that it is too old for; add in the next cycle, and write."""
        stored, result = Signal(self._bits), Signal(self._bits)
        self._library.cell(
            m, "memory", "nz_ram", p_WIDTH=self._bits, p_DEPTH=2 * self._entries, p_LANES=1, p_ADDR_BITS=len(now.place),
            i_clk=clock(), i_we=last.write, i_waddr=last.place, i_wdata=result, i_re=1, i_oe=1, o_rdata=stored,
            i_raddr=read.place if self._lean else now.place, **{"p_REGISTERED": 0} if self._lean else {})
        one, two, old = (Signal(name=name) for name in ("one_apart", "two_apart", "too_old"))
        found, product = Signal(self._bits), Signal(self._bits)
        m.d.comb += product.eq(self.i_product)
        m.d.sync += [
            one.eq((read.place == there.place) & there.write),          # as the operation stands in ``there`` then,
            two.eq((now.place == there.place) & there.write),           # as it stands in ``read``
        ]
        straight = self._register(m, "straight", result, when=one & ~there.clear)
        merged = self._register(m, "merged", found, when=~(one | there.clear))
        shown = there.shown & ~one
        if self._lean:
            m.d.sync += old.eq(two)
            newer = self._masked(self._register(m, "third", result), old)
            added = (self._register(m, "product", product, when=there.product),
                     self._register(m, "value", self.side_value, when=there.add))
            m.d.comb += self.o_value.eq(self._register(m, "before", found, when=shown))
        else:
            three = Signal(name="three_apart")
            m.d.sync += [
                three.eq((now.place == last.place) & last.write & ~((now.place == there.place) & there.write)),
                old.eq(two | three),
            ]
            kept = self._register(m, "kept", result)
            newer = self._register(m, "third", result, when=two) | self._register(m, "fourth", kept, when=three)
            chosen = self._masked(product, there.product) | self._masked(self.side_value, there.add)
            added = self._register(m, "added", chosen), Const(0, self._bits)
            show = Signal(name="show")
            m.d.sync += show.eq(shown)
            m.d.comb += self.o_value.eq(self._masked(self._register(m, "before", found), show))
        m.d.comb += found.eq(stored & ~old.replicate(self._bits) | newer)
        self._library.cell(m, "adder", "nz_merge_add", p_BITS=self._bits, i_a=merged, i_b=straight, i_c=added[0], i_d=added[1],
                           o_s=result)

    def _masked(self, word, on):
        return word & on.replicate(self._bits)

    def _register(self, m, name, word, when=None):
        """Return a register of a word; with ``when`` it holds 0 unless that is 1, by a reset of its flip-flops."""
        held = Signal(self._bits, name=name, reset_less=True)
        m.d.sync += held.eq(word if when is None else Mux(when, word, 0))
        return held

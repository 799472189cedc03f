"""Accumulator bank: two buffers of one block memory, each entry read, added to and written in three cycles."""

from amaranth.hdl import Module, Mux, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from rtl.emit import Submodules
from rtl.parts import clock, delayed

LATENCY = 3
"""Cycles from an operation at a bank's port to its sum being in memory and its old value on ``o_value``."""


class Bank(wiring.Component):
    """Takes an operation per cycle: add a product, or what the side port asks for. Sums are modulo ``2**word_bits``.

    Operations on one entry may follow each other in any cycle: sums that are not yet in the memory are forwarded.

    Members
    -------
    i_valid, i_place, i_product : ``In``
        Add a product to the entry ``i_place``, whose top bit is the buffer.
    i_side : ``In(1)``, side_place, side_value, side_take, side_add : ``In``
        Instead: with ``side_take`` clear the entry, with ``side_add`` add ``side_value``, with neither read it alone.
    o_value : ``Out(signed(word_bits))``
        What the entry held before the operation, :data:`LATENCY` cycles after it.
    """

    def __init__(self, library: Submodules, *, entries: int, product_bits: int, word_bits: int):
        if entries < 2 or entries & (entries - 1):
            raise ValueError(f"entries must be a power of two from 2, not {entries}")
        self._library, self._entries, self._bits = library, entries, word_bits
        place = entries.bit_length()
        super().__init__({
            "i_valid": In(1), "i_place": In(place), "i_product": In(signed(product_bits)), "i_side": In(1),
            "side_place": In(place), "side_value": In(signed(word_bits)), "side_take": In(1), "side_add": In(1),
            "o_value": Out(signed(word_bits))})

    def elaborate(self, platform):
        m = Module()
        place, write, clear = Signal(len(self.i_place)), Signal(), Signal()
        added = Signal(signed(self._bits))
        m.d.comb += [
            write.eq(self.i_valid | self.i_side & (self.side_take | self.side_add)), clear.eq(self.i_side & self.side_take),
            place.eq(Mux(self.i_side, self.side_place, self.i_place)),
            added.eq(Mux(self.i_side, self.side_value, self.i_product))]
        flow = {"place": place, "write": write, "clear": clear, "added": added.as_unsigned()}
        first = {name: delayed(m, value, name, cycles=1, reset_less=name != "write") for name, value in flow.items()}
        second = {name: delayed(m, value, f"{name}_late", cycles=1, reset_less=name != "write")
                  for name, value in first.items()}
        self._sum(m, place, first, second)
        return m

    def _sum(self, m, place, first, second):
        """Read in two cycles; in the second add and write. The sums of the two cycles before may have been read too old."""
        bits = self._bits
        stored, old, total, result = (Signal(signed(bits), name=name) for name in ("stored", "old", "total", "result"))
        last, before = (Signal(signed(bits), name=name, reset_less=True) for name in ("last", "before"))
        take_last, take_before = Signal(), Signal()
        self._library.cell(
            m, "memory", "nz_ram", p_WIDTH=bits, p_DEPTH=2 * self._entries, p_LANES=1, p_ADDR_BITS=len(place), i_clk=clock(),
            i_we=second["write"], i_waddr=second["place"], i_wdata=result, i_re=1, i_oe=1, i_raddr=place, o_rdata=stored)
        m.d.sync += [take_last.eq((first["place"] == second["place"]) & second["write"]),
                     take_before.eq((place == second["place"]) & second["write"]),
                     last.eq(result), before.eq(last), self.o_value.eq(old)]
        held = delayed(m, take_before, "held", cycles=1)
        m.d.comb += [old.eq(Mux(take_last, last, Mux(held, before, stored))), total.eq(old + second["added"].as_signed()),
                     result.eq(Mux(second["clear"], 0, total))]

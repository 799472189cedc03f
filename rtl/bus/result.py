"""Results packed into the little-endian words of an AXI4-Stream."""

from amaranth.hdl import Cat, Module, Signal, signed
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In

from rtl.bus.port import axis_master
from spec.framing import WORD_BITS, WORD_BYTES


def slot_bits(bits: int) -> int:
    """Return the bits that a result takes in a word: the least power of two, and at least a byte."""
    return max(8, 1 << (bits - 1).bit_length())


class ResultStream(wiring.Component):
    """Packs results, first in the lowest bits, and ends the packet with TLAST.

    Each result is sign-extended to ``slot_bits(bits)``. One transfer a cycle is taken as long as the host
    takes words; a word appears on the cycle after the transfer that fills it, and the word with the last
    result at once, its unused bytes 0 and not kept. ``i.ready`` waits for ``m_axis_tready`` through one
    gate, and only when a word is full.

    Parameters
    ----------
    bits : int
        Width of a result, 1 to 64.
    lanes : int
        Results a transfer, 1 or a power of two that fits a word; ``last`` goes for all of them.

    Members
    -------
    i : ``In(stream.Signature(StructLayout({"values": ArrayLayout(signed(bits), lanes), "last": 1})))``
    m_axis_* : AXI4-Stream master of 64 bits
    """

    def __init__(self, bits: int, *, lanes: int = 1):
        if not 1 <= bits <= WORD_BITS:
            raise ValueError(f"bits of a result must be in 1..{WORD_BITS}, not {bits}")
        most = WORD_BITS // slot_bits(bits)
        if lanes not in (choices := [1 << k for k in range(most.bit_length())]):
            raise ValueError(f"lanes must be one of {', '.join(map(str, choices))}, not {lanes}; "
                             f"a word holds {most} results of {bits} bits")
        self.bits, self.lanes = bits, lanes
        self.transfers = most // lanes                      # that fill a word
        transfer = data.StructLayout({"values": data.ArrayLayout(signed(bits), lanes), "last": 1})
        super().__init__({"i": In(stream.Signature(transfer))} | axis_master())

    def elaborate(self, platform):
        m = Module()
        group = Cat(self._extended(m, k) for k in range(self.lanes))
        count, full = Signal(range(max(2, self.transfers)), name="count"), Signal(name="full")
        word, kept = Signal(WORD_BITS, name="word"), Signal(WORD_BYTES, name="kept")
        whole, keep = Signal.like(word, name="whole"), Signal.like(kept, name="keep")   # this transfer too
        ones = (1 << len(group) // 8) - 1
        m.d.comb += [
            full.eq((count == self.transfers - 1) | self.i.p.last),
            self.i.ready.eq(~full | ~self.m_axis_tvalid | self.m_axis_tready),
            whole.eq(word),
            keep.eq(kept),
        ]
        with m.Switch(count):
            for place in range(self.transfers):
                with m.Case(place):
                    m.d.comb += [
                        whole.word_select(place, len(group)).eq(group),
                        keep.word_select(place, len(group) // 8).eq(ones),
                    ]
        with m.If(self.m_axis_tready):
            m.d.sync += self.m_axis_tvalid.eq(0)
        with m.If(self.i.valid & self.i.ready):
            m.d.sync += [
                word.eq(whole),
                kept.eq(keep),
                count.eq(count + 1),
            ]
            with m.If(full):
                m.d.sync += [
                    word.eq(0),
                    kept.eq(0),
                    count.eq(0),
                    self.m_axis_tvalid.eq(1),
                    self.m_axis_tdata.eq(whole),
                    self.m_axis_tkeep.eq(keep),
                    self.m_axis_tlast.eq(self.i.p.last),
                ]
        return m

    def _extended(self, m, lane):
        slot = Signal(slot_bits(self.bits), name=f"slot{lane}")
        m.d.comb += slot.eq(self.i.p["values"][lane])
        return slot

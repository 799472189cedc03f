"""Packets of an AXI4-Stream cut into beats that say where each word belongs."""

from collections.abc import Iterable

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import data, enum, stream, wiring
from amaranth.lib.wiring import Out

from rtl.bus.port import axis_slave
from spec import framing

HEADER = data.StructLayout({
    "type": framing.TYPE_BITS, "length": framing.LENGTH_BITS, "address": framing.ADDRESS_BITS})
BEAT = data.StructLayout({
    "type": framing.TYPE_BITS, "address": framing.ADDRESS_BITS, "index": framing.LENGTH_BITS,
    "data": framing.WORD_BITS, "last": 1})
PLACE = data.StructLayout({
    "type": framing.TYPE_BITS, "address": framing.ADDRESS_BITS, "index": framing.LENGTH_BITS})
ERRORS = data.StructLayout({"short": 1, "long": 1, "unknown": 1})


class _State(enum.Enum, shape=2):
    HEADER = 0
    PAYLOAD = 1
    SWALLOW = 2


class StreamLoader(wiring.Component):
    """Takes packets and hands out their payload, a word per cycle, each with its packet's type and address.

    A beat appears on the cycle after its word; a header takes one cycle of its own. ``s_axis_tready`` waits
    for ``o`` alone, through one gate, and only within a payload. Every beat's ``index`` counts from 0 in its
    packet, so a receiver that begins anew at 0 needs no other sign that a packet was cut short.

    A packet that breaks its header's promise is reported for one cycle on ``errors`` and the next packet is
    taken as ever: ``short``, TLAST came before the last word promised (on the header too); ``long``, TLAST
    did not come with the last word promised, whose beat is the last handed out, and all up to TLAST is
    swallowed; ``unknown``, the type is none of ``types`` or the length is 0, and the packet is swallowed.

    Parameters
    ----------
    types : iterable of int
        The packet types of the machine.

    Members
    -------
    s_axis_* : AXI4-Stream slave of 64 bits
    o : ``Out(stream.Signature(BEAT))``
    errors : ``Out(ERRORS)``
    """

    def __init__(self, types: Iterable[int]):
        self.types = tuple(sorted(types))
        if not self.types or not all(0 <= kind < 1 << framing.TYPE_BITS for kind in self.types):
            raise ValueError(f"types must be one or more numbers in 0..255, not {self.types}")
        super().__init__(axis_slave() | {"o": Out(stream.Signature(BEAT)), "errors": Out(ERRORS)})

    def elaborate(self, platform):
        m = Module()
        state, taken = Signal(_State, name="state"), Signal(name="taken")
        place, head = Signal(PLACE), Signal(HEADER)         # of the next beat; the word read as a header
        left = Signal(framing.LENGTH_BITS)
        last, final = self.s_axis_tlast, Signal(name="final")
        known = Cat(head.type == kind for kind in self.types).any()
        m.d.comb += [
            head.eq(self.s_axis_tdata),
            final.eq(left == 1),
            self.s_axis_tready.eq((state != _State.PAYLOAD) | ~self.o.valid | self.o.ready),
            taken.eq(self.s_axis_tvalid & self.s_axis_tready),
        ]
        m.d.sync += self.errors.eq(0)
        with m.If(self.o.ready):
            m.d.sync += self.o.valid.eq(0)
        with m.If(taken):
            with m.Switch(state):
                with m.Case(_State.HEADER):
                    m.d.sync += [
                        place.type.eq(head.type),
                        place.address.eq(head.address),
                        place.index.eq(0),
                        left.eq(head.length),
                    ]
                    with m.If(~known | (head.length == 0)):
                        m.d.sync += self.errors.unknown.eq(1)
                        with m.If(~last):
                            m.d.sync += state.eq(_State.SWALLOW)
                    with m.Elif(last):
                        m.d.sync += self.errors.short.eq(1)
                    with m.Else():
                        m.d.sync += state.eq(_State.PAYLOAD)
                with m.Case(_State.PAYLOAD):
                    m.d.sync += [
                        self.o.valid.eq(1),
                        self.o.p.type.eq(place.type),
                        self.o.p.address.eq(place.address),
                        self.o.p.index.eq(place.index),
                        self.o.p.data.eq(self.s_axis_tdata),
                        self.o.p.last.eq(final),
                        place.index.eq(place.index + 1),
                        left.eq(left - 1),
                        self.errors.short.eq(last & ~final),
                        self.errors.long.eq(final & ~last),
                    ]
                    with m.If(last):
                        m.d.sync += state.eq(_State.HEADER)
                    with m.Elif(final):
                        m.d.sync += state.eq(_State.SWALLOW)
                with m.Case(_State.SWALLOW):
                    with m.If(last):
                        m.d.sync += state.eq(_State.HEADER)
        return m

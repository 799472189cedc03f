"""The host link whole: bytes in, a machine's bus, bytes out."""

from amaranth.hdl import Module, ResetInserter, Signal
from amaranth.lib import memory, stream, wiring
from amaranth.lib.wiring import In, Out

from rtl.link.bridge import Bridge, master
from rtl.link.decode import SLOT_BITS, Decoder
from rtl.link.encode import Encoder
from spec import link


class Link(wiring.Component):
    """Answers the requests of a host by what it does on a machine's bus.

    Parameters
    ----------
    about : bytes
        Text that ``ABOUT`` reads.
    boot : bytes
        Requests that the board makes of itself after every reset; see `rtl.link.bridge.Bridge`.
    slots : int
        Requests kept, the one being received too.

    Members
    -------
    data, valid : In(8), In(1)
        A byte of the line, taken at once.
    o : ``Out(stream.Signature(8))``
    machine_reset : Out(1)
    loaded, busy, error : Out(1)
        For lamps: a packet went into the machine since its reset; a request is being done; since ``OPEN`` a frame was dropped
        or the bus answered with an error.
    s_axil_*, s_axis_*, m_axis_*
        Of the machine, seen from its host.
    """

    def __init__(self, about: bytes, boot: bytes = b"", slots: int = link.SLOTS):
        self.about, self.boot, self.slots = about, boot, slots
        super().__init__({
            "data": In(8), "valid": In(1), "o": Out(stream.Signature(8)), "machine_reset": Out(1),
            "loaded": Out(1), "busy": Out(1), "error": Out(1),
            **master()})

    def elaborate(self, platform):
        m = Module()
        m.submodules.decoder = decoder = Decoder(self.slots)
        m.submodules.encoder = encoder = Encoder()
        bridge = Bridge(self.about, self.boot)
        flushed = Signal(name="flushed")                        # the bridge is reset a cycle late, and does nothing in between
        m.d.sync += flushed.eq(decoder.flush)
        m.submodules.bridge = ResetInserter(flushed)(bridge)
        m.submodules.requests = requests = memory.Memory(shape=8, depth=link.SLOT * self.slots, init=[])
        m.submodules.reply = reply = memory.Memory(shape=8, depth=link.SLOT, init=[])
        wiring.connect(m, encoder.o, wiring.flipped(self.o))
        self._ring(m, decoder, bridge, requests)
        m.d.comb += [
            decoder.pop.eq(bridge.pop & ~flushed),
            encoder.go.eq(bridge.go & ~flushed),
        ]
        written, read = reply.write_port(), reply.read_port()
        m.d.comb += [
            decoder.data.eq(self.data),
            decoder.valid.eq(self.valid),
            written.en.eq(bridge.write),
            written.addr.eq(bridge.write_addr),
            written.data.eq(bridge.write_data),
            read.en.eq(1),
            read.addr.eq(encoder.addr),
            encoder.data.eq(read.data),
            bridge.sending.eq(encoder.sending),
            encoder.again.eq(decoder.again),
            *(getattr(encoder, name).eq(getattr(bridge, name)) for name in ("composing", "kind", "status", "length")),
            *(getattr(encoder, name).eq(getattr(decoder, name)) for name in ("attempt", "done", "expected")),
            self.machine_reset.eq(bridge.reset),
            self.loaded.eq(bridge.loaded),
            self.busy.eq(bridge.composing),
        ]
        for name in master():
            inner, outer = getattr(bridge, name), getattr(self, name)
            m.d.comb += inner.eq(outer) if self.signature.members[name].flow == In else outer.eq(inner)
        dropped = Signal()
        m.d.sync += [
            dropped.eq((dropped | decoder.again) & ~decoder.flush),
            self.error.eq(dropped | bridge.refused),
        ]
        return m

    def _ring(self, m, decoder, bridge, requests):
        """Let the decoder write the ring of slots, and the bridge read the oldest."""
        written, read = requests.write_port(), requests.read_port()
        m.d.comb += [
            written.en.eq(decoder.write),
            written.addr.eq(decoder.write_addr),
            written.data.eq(decoder.write_data),
            read.en.eq(bridge.read),
            read.addr[:SLOT_BITS].eq(bridge.addr),
            read.addr[SLOT_BITS:].eq(decoder.head),
            bridge.data.eq(read.data),
            bridge.pending.eq(decoder.pending),
        ]

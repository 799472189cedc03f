"""Requests done on a machine's bus, one after another, and their replies composed."""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import memory, wiring
from amaranth.lib.wiring import In, Out

from rtl.bus.port import front_end
from rtl.link import gather, request
from spec import link
from spec.link import LAST

UNUSED = ("s_axil_awprot", "s_axil_arprot", "m_axis_tkeep", "irq")
"""What the link makes no use of: a host asks for flags, and knows how many results it asked for."""


def master() -> dict[str, wiring.Member]:
    """Return the members by which the link masters a machine's bus."""
    return {name: member.flip() for name, member in front_end().items() if name not in UNUSED}


class Bridge(wiring.Component):
    """Does the oldest request of a ring, composes its reply, says so and takes the next.

    After its reset it holds the machine in reset for `spec.link.RESET_CYCLES` and then does the requests in ``boot``, whose
    replies no one hears. A request is given up in the middle only by a reset. An address beyond the page of registers is
    refused here, for the machine would take its low bits for another register.

    Parameters
    ----------
    about : bytes
        Text that ``ABOUT`` reads.
    boot : bytes
        Requests as they stand in a slot, one after another, and `spec.link.BOOT_END` with a byte after it; or nothing.

    Members
    -------
    pending, pop : In(1), Out(1)
    read, addr, data : Out(1), Out, In(8)
        Reads the oldest request's slot; data come a cycle later, stay, and are taken a cycle after that.
    composing, go, sending, kind, status, length
        As of `rtl.link.encode.Encoder`.
    write, write_addr, write_data : Out
        A byte of the reply.
    reset : Out(1)
        Resets the machine.
    loaded, refused : Out(1)
        A packet went in since the reset; the bus answered with an error since.
    s_axil_*, s_axis_*, m_axis_*
        Of the machine, seen from its host.
    """

    def __init__(self, about: bytes, boot: bytes = b""):
        self.about, self.boot = about, boot
        super().__init__({
            "pending": In(1), "pop": Out(1), "read": Out(1), "addr": Out(8), "data": In(8),
            "composing": Out(1), "go": Out(1), "sending": In(1),
            "kind": Out(link.KIND_BITS), "status": Out(7, init=link.CLOSED), "length": Out(8),
            "write": Out(1), "write_addr": Out(8), "write_data": Out(8),
            "reset": Out(1), "loaded": Out(1), "refused": Out(1),
            **master()})

    def elaborate(self, platform):
        m = Module()
        self._now = now = request.Request()
        self._place = Signal(max(8, len(self.boot).bit_length()), name="place")
        booting = Signal(name="booting", init=bool(self.boot))
        self._step = Signal(name="step")
        byte, fresh = Signal(8, name="byte_now"), Signal(name="fresh")
        stepped = Signal(name="stepped")                        # a byte is there two cycles after its step
        m.d.comb += [
            self.read.eq(self._step),
            self.addr.eq(self._place),
            self.write_data.eq(now.word[:8]),
            self.write_addr.eq(now.written),
            self.s_axil_awaddr.eq(now.word[48:]),
            self.s_axil_araddr.eq(now.word[48:]),
            self.s_axil_wdata.eq(now.word[16:48]),
            self.s_axil_wstrb.eq(0b1111),
            self.s_axis_tdata.eq(now.word),
            self.s_axis_tlast.eq((now.kind == LAST) & (now.more == 1)),
        ]
        m.d.sync += [
            self.refused.eq(self.refused | (now.status == link.REFUSED)),
            byte.eq(self._bytes(m, booting)),
            stepped.eq(self._step),
        ]
        m.d.comb += fresh.eq(~stepped)
        with m.If(self._step):
            m.d.sync += self._place.eq(self._place + 1)
        read = gather.Reading(place=self._place, step=self._step, byte=byte, fresh=fresh, booting=booting)
        fits, letter = gather.fits(m, now), self._letter(m)
        with m.FSM():
            self._begin(m, booting)
            gather.states(m, self, now, read, fits)
            request.registers(m, self, now)
            request.words(m, self, now, self._step)
            request.text(m, self, now, letter)
            self._end(m, booting)
        return m

    def _bytes(self, m, booting):
        """Return the byte read last, of the slot or of the requests in ``boot``."""
        if not self.boot:
            return self.data
        m.submodules.boot = rom = memory.Memory(shape=8, depth=len(self.boot), init=self.boot)
        port = rom.read_port()
        m.d.comb += [
            port.addr.eq(self._place),
            port.en.eq(self._step),
        ]
        return Mux(booting, port.data, self.data)

    def _letter(self, m):
        """Return the byte of the text that tells what this is."""
        m.submodules.about = rom = memory.Memory(shape=8, depth=max(2, len(self.about)), init=self.about)
        port = rom.read_port()
        letter = Signal(8, name="letter")
        m.d.comb += [
            port.addr.eq(self._now.word[48:]),
            port.en.eq(1),
        ]
        m.d.sync += letter.eq(port.data)
        return letter

    def _begin(self, m, booting):
        """Add the states that reset the machine and wait for a request."""
        now = self._now
        with m.State("RESET"):
            m.d.comb += [
                self.reset.eq(1),
                self.composing.eq(1),
            ]
            m.d.sync += now.left.eq(now.left + 1)
            with m.If(now.left == link.RESET_CYCLES - 1):
                m.next = "IDLE"
        with m.State("IDLE"):
            m.d.comb += self.composing.eq(self.pending | booting)
            m.d.sync += [
                now.status.eq(link.OKAY),
                now.written.eq(0),
                now.waited.eq(0),
            ]
            with m.If(booting | self.pending & ~self.sending):
                m.d.comb += self._step.eq(1)
                m.next = "KIND"

    def _end(self, m, booting):
        """Add the state that says that the reply is composed, and takes the next request."""
        now = self._now
        with m.State("DONE"):
            m.d.comb += self.composing.eq(1)
            with m.If(booting):
                m.next = "IDLE"
            with m.Elif(~self.sending):
                m.d.comb += [
                    self.go.eq(1),
                    self.pop.eq(1),
                ]
                m.d.sync += [
                    self.kind.eq(now.kind),
                    self.status.eq(now.status),
                    self.length.eq(now.written),
                    self._place.eq(0),
                ]
                m.next = "IDLE"

"""Requests done on a machine's bus, one after another, and their replies composed."""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import memory, wiring
from amaranth.lib.wiring import In, Out

from rtl.bus.port import AXIL_ADDRESS_BITS, front_end
from spec import link
from spec.link import ABOUT, BOOT_END, DATA, LAST, OPEN, READ, TAKE, WRITE

WORD = 8 * link.WORD_BYTES
GATHERED = {OPEN: 8, WRITE: 6, READ: 2, DATA: 8, LAST: 8, TAKE: 1, ABOUT: 2}
"""Bytes of a request gathered before it acts; those of ``OPEN`` run on into its CRC, so that its nonce lies lowest."""


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
        Requests as they stand in a slot, one behind another, and `spec.link.BOOT_END` with a byte behind it; or nothing.

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
        self._work = {name: Signal(bits, name=name) for name, bits in (
            ("word", WORD), ("kind_now", 4), ("status_now", 3), ("end", 8), ("left", 4), ("more", 5), ("written", 8),
            ("waited", 8), ("addressed", 1), ("filled", 1))}
        self._place = Signal(max(8, len(self.boot).bit_length()), name="place")
        booting = Signal(name="booting", init=bool(self.boot))
        self._step = Signal(name="step")
        self._byte, self._fresh = Signal(8, name="byte_now"), Signal(name="fresh")
        stepped = Signal(name="stepped")                        # a byte is there two cycles after its step
        word, kind = self._work["word"], self._work["kind_now"]
        m.d.comb += [
            self.read.eq(self._step), self.addr.eq(self._place),
            self.write_data.eq(word[:8]), self.write_addr.eq(self._work["written"]),
            self.s_axil_awaddr.eq(word[48:]), self.s_axil_araddr.eq(word[48:]), self.s_axil_wdata.eq(word[16:48]),
            self.s_axil_wstrb.eq(0b1111), self.s_axis_tdata.eq(word),
            self.s_axis_tlast.eq((kind == LAST) & (self._work["more"] == 1))]
        m.d.sync += [self.refused.eq(self.refused | (self._work["status_now"] == link.REFUSED)),
                     self._byte.eq(self._bytes(m, booting)), stepped.eq(self._step)]
        m.d.comb += self._fresh.eq(~stepped)
        with m.If(self._step):
            m.d.sync += self._place.eq(self._place + 1)
        fits, letter = self._fits(m), self._letter(m)
        with m.FSM():
            self._begin(m, booting)
            self._take_apart(m, booting, fits)
            self._registers(m)
            self._words(m)
            self._text(m, letter)
            self._end(m, booting)
        return m

    def _bytes(self, m, booting):
        """Return the byte read last, of the slot or of the requests in ``boot``."""
        if not self.boot:
            return self.data
        m.submodules.boot = rom = memory.Memory(shape=8, depth=len(self.boot), init=self.boot)
        port = rom.read_port()
        m.d.comb += [port.addr.eq(self._place), port.en.eq(self._step)]
        return Mux(booting, port.data, self.data)

    def _begin(self, m, booting):
        left = self._work["left"]
        with m.State("RESET"):
            m.d.comb += [self.reset.eq(1), self.composing.eq(1)]
            m.d.sync += left.eq(left + 1)
            with m.If(left == link.RESET_CYCLES - 1):
                m.next = "IDLE"
        with m.State("IDLE"):
            m.d.comb += self.composing.eq(self.pending | booting)
            m.d.sync += [self._work["status_now"].eq(link.OKAY), self._work["written"].eq(0), self._work["waited"].eq(0)]
            with m.If(booting | self.pending & ~self.sending):
                m.d.comb += self._step.eq(1)
                m.next = "KIND"

    def _fits(self, m):
        """Return whether a request of this kind may end where this one does."""
        end, fits = self._work["end"], Signal(name="fits")
        with m.Switch(self._work["kind_now"]):
            for number, size in link.SIZES.items():
                with m.Case(number):
                    m.d.comb += fits.eq(end == link.REQUEST_HEADER + size)
            with m.Case(DATA, LAST):
                m.d.comb += fits.eq((end[:3] == link.REQUEST_HEADER) & (end[3:] != 0))
        return fits

    def _take_apart(self, m, booting, fits):
        """Read kind and end of a request, check them, and gather the bytes it acts on."""
        word, kind, end, left = (self._work[name] for name in ("word", "kind_now", "end", "left"))
        with m.State("KIND"):
            m.d.comb += self.composing.eq(1)
            with m.If(self._fresh):
                m.d.comb += self._step.eq(1)
                m.d.sync += kind.eq(self._byte)
                m.next = "SIZE"
        with m.State("SIZE"):
            m.d.comb += self.composing.eq(1)
            with m.If(self._fresh):
                m.d.sync += end.eq(self._byte)
                m.next = "CHECK"
        with m.State("CHECK"):
            m.d.comb += self.composing.eq(1)
            m.d.sync += self._work["more"].eq(end[3:])
            with m.Switch(kind):
                for number, size in GATHERED.items():
                    with m.Case(number):
                        m.d.sync += left.eq(size)
            with m.If(booting & (kind == BOOT_END)):
                m.d.sync += [booting.eq(0), self._place.eq(0)]
                m.next = "IDLE"
            with m.Elif(fits):
                m.d.comb += self._step.eq(1)
                m.next = "GATHER"
            with m.Else():
                self._finish(m, link.MALFORMED)
        with m.State("GATHER"):
            m.d.comb += self.composing.eq(1)
            with m.If(self._fresh):
                m.d.sync += [word.eq(Cat(word[8:], self._byte)), left.eq(left - 1)]
                with m.If(left != 1):
                    m.d.comb += self._step.eq(1)
                with m.Else():
                    self._act(m)

    def _act(self, m):
        """Go where the kind says."""
        beyond = self._byte[AXIL_ADDRESS_BITS - 8:] != 0        # of the address, whose high byte was read last
        with m.Switch(self._work["kind_now"]):
            with m.Case(OPEN):
                m.d.sync += self._work["left"].eq(link.SIZES[OPEN])
                m.next = "EMIT"
            for kind, state in (WRITE, "WRITE"), (READ, "READ"):
                with m.Case(kind):
                    m.next = state
                    with m.If(beyond):
                        self._finish(m, link.REFUSED)
            with m.Case(DATA, LAST):
                m.next = "STREAM"
            with m.Case(TAKE):
                m.d.sync += self._work["more"].eq(self._byte)
                m.next = "TAKE"
                with m.If((self._byte == 0) | (self._byte > link.PAYLOAD // link.WORD_BYTES)):
                    self._finish(m, link.MALFORMED)
            with m.Default():
                m.next = "LOOK"

    def _finish(self, m, status=None):
        if status is not None:
            m.d.sync += self._work["status_now"].eq(status)
        m.next = "DONE"

    def _registers(self, m):
        addressed, filled = self._work["addressed"], self._work["filled"]
        with m.State("WRITE"):
            m.d.comb += [self.composing.eq(1), self.s_axil_awvalid.eq(~addressed), self.s_axil_wvalid.eq(~filled),
                         self.s_axil_bready.eq(1)]
            with m.If(self.s_axil_awready):
                m.d.sync += addressed.eq(1)
            with m.If(self.s_axil_wready):
                m.d.sync += filled.eq(1)
            with m.If(self.s_axil_bvalid):
                m.d.sync += [addressed.eq(0), filled.eq(0)]
                self._finish(m)
                with m.If(self.s_axil_bresp[1]):
                    self._finish(m, link.REFUSED)
        with m.State("READ"):
            m.d.comb += [self.composing.eq(1), self.s_axil_arvalid.eq(~addressed), self.s_axil_rready.eq(1)]
            with m.If(self.s_axil_arready):
                m.d.sync += addressed.eq(1)
            with m.If(self.s_axil_rvalid):
                m.d.sync += [addressed.eq(0), self._work["word"][:32].eq(self.s_axil_rdata),
                             self._work["left"].eq(link.VALUE_BYTES)]
                with m.If(self.s_axil_rresp[1]):
                    m.d.sync += self._work["status_now"].eq(link.REFUSED)
                m.next = "EMIT"

    def _words(self, m):
        """Hand words to the machine; take words from it and emit their bytes."""
        word, kind, left, more, waited = (self._work[name] for name in ("word", "kind_now", "left", "more", "waited"))
        with m.State("STREAM"):
            m.d.comb += self.s_axis_tvalid.eq(1)
            with m.If(self.s_axis_tready):
                m.d.sync += [more.eq(more - 1), left.eq(link.WORD_BYTES)]
                with m.If(more == 1):
                    m.d.sync += self.loaded.eq(self.loaded | (kind == LAST))
                    self._finish(m)
                with m.Else():
                    m.d.comb += self._step.eq(1)
                    m.next = "GATHER"
        with m.State("TAKE"):
            m.d.comb += [self.composing.eq(1), self.m_axis_tready.eq(1)]
            m.d.sync += [waited.eq(waited + 1), left.eq(link.WORD_BYTES)]
            with m.If(self.m_axis_tvalid):
                m.d.sync += [word.eq(self.m_axis_tdata), more.eq(more - 1), waited.eq(0)]
                with m.If(self.m_axis_tlast):
                    m.d.sync += [self._work["status_now"].eq(link.ENDED), more.eq(0)]
                m.next = "EMIT"
            with m.Elif(waited == link.TAKE_PATIENCE - 1):
                self._finish(m)
        with m.State("EMIT"):
            m.d.comb += [self.composing.eq(1), self.write.eq(1)]
            m.d.sync += [word.eq(word >> 8), self._work["written"].eq(self._work["written"] + 1), left.eq(left - 1)]
            with m.If(left == 1):
                self._finish(m)
                with m.If((kind == TAKE) & (more != 0)):
                    m.next = "TAKE"

    def _letter(self, m):
        """Return the byte of the text that tells what this is."""
        m.submodules.about = rom = memory.Memory(shape=8, depth=max(2, len(self.about)), init=self.about)
        port = rom.read_port()
        letter = Signal(8, name="letter")
        m.d.comb += [port.addr.eq(self._work["word"][48:]), port.en.eq(1)]
        m.d.sync += letter.eq(port.data)
        return letter

    def _text(self, m, letter):
        """Copy the text from the place asked for to its end, or as far as a reply reaches."""
        at, word = self._work["word"][48:], self._work["word"]
        with m.State("LOOK"):
            m.d.comb += self.composing.eq(1)
            m.next = "READ_LETTER"
            with m.If((at >= len(self.about)) | (self._work["written"] == link.PAYLOAD)):
                self._finish(m)
        with m.State("READ_LETTER"):
            m.d.comb += self.composing.eq(1)
            m.next = "COPY"
        with m.State("COPY"):
            m.d.comb += [self.composing.eq(1), self.write.eq(1), self.write_data.eq(letter)]
            m.d.sync += [word[48:].eq(at + 1), self._work["written"].eq(self._work["written"] + 1)]
            m.next = "LOOK"

    def _end(self, m, booting):
        work = self._work
        with m.State("DONE"):
            m.d.comb += self.composing.eq(1)
            with m.If(booting):
                m.next = "IDLE"
            with m.Elif(~self.sending):
                m.d.comb += [self.go.eq(1), self.pop.eq(1)]
                m.d.sync += [self.kind.eq(work["kind_now"]), self.status.eq(work["status_now"]),
                             self.length.eq(work["written"]), self._place.eq(0)]
                m.next = "IDLE"

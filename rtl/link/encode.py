"""Replies as frames of bytes."""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.crc.catalog import CRC32_ISO_HDLC
from amaranth.lib.wiring import In, Out

from spec import link

FIRST, BODY = 1, 1 + link.REPLY_HEADER          # steps: the flag, the header, the payload, the CRC, the flag
CRC = BODY + 1
END = CRC + link.CRC_BYTES


class Encoder(wiring.Component):
    """Sends the last reply: at ``go``, and whenever one was asked for ``again`` and none is being composed.

    A byte takes three cycles, as the receiver permits, and one that is stuffed four.

    Members
    -------
    go : In(1)
        A reply has been composed. Only while not ``sending``.
    again : In(1)
        A frame was dropped: repeat the reply, unless one comes anyway.
    composing : In(1)
        No reply is whole, or one is about to be composed.
    sending : Out(1)
        The reply must stay as it is.
    kind, attempt, done, expected, status, length : In
        The reply's header, and bytes of its payload.
    addr, data : Out(8), In(8)
        Reads the payload; data come a cycle later, and so while the byte before is sent.
    o : ``Out(stream.Signature(8))``
    """

    go: In(1)
    again: In(1)
    composing: In(1)
    sending: Out(1)
    kind: In(link.KIND_BITS)
    attempt: In(link.TRY_BITS)
    done: In(8)
    expected: In(8)
    status: In(7)
    length: In(8)
    addr: Out(8)
    data: In(8)
    o: Out(stream.Signature(8))

    def elaborate(self, platform):
        m = Module()
        m.submodules.check = crc = CRC32_ISO_HDLC(data_width=8).create()
        asked, repeats, step, left, read = Signal(), Signal(), Signal(range(END + 1)), Signal(8), Signal(8)
        byte, escaped, special, inside = Signal(8), Signal(), Signal(), Signal()
        m.d.comb += [
            inside.eq((step != 0) & (step != END)),
            crc.data.eq(byte),
            special.eq(inside & ~escaped & ((byte == link.FLAG) | (byte == link.ESCAPE))),
            self.o.payload.eq(Mux(special, link.ESCAPE, Mux(escaped, byte ^ link.FLIP, byte))),
        ]
        m.d.sync += read.eq(self.data)
        with m.If(self.again):
            m.d.sync += asked.eq(1)
        with m.FSM():
            with m.State("IDLE"):
                m.d.comb += crc.start.eq(1)
                m.d.sync += [
                    step.eq(0),
                    self.addr.eq(0),
                    repeats.eq(asked & ~self.go),
                ]
                with m.If(self.go | asked & ~self.composing):
                    m.d.sync += [
                        asked.eq(0),
                        self.sending.eq(1),
                    ]
                    m.next = "PICK"
            with m.State("PICK"):
                m.d.sync += byte.eq(self._byte(m, step, crc.crc, repeats, read))
                with m.If(step == BODY):
                    m.d.sync += self.addr.eq(self.addr + 1)
                m.next = "SEND"
            with m.State("SEND"):
                m.d.comb += self.o.valid.eq(1)
                with m.If(self.o.ready):
                    m.d.sync += escaped.eq(special)
                    with m.If(~special):
                        m.d.comb += crc.valid.eq(inside & (step < CRC))
                        m.next = "WAIT"
                        with m.If(step == END):
                            m.d.sync += self.sending.eq(0)
                            m.next = "IDLE"
                        with m.Elif(step == BODY - 1):
                            m.d.sync += [
                                left.eq(self.length),
                                step.eq(Mux(self.length == 0, CRC, BODY)),
                            ]
                        with m.Elif((step == BODY) & (left != 1)):
                            m.d.sync += left.eq(left - 1)
                        with m.Else():
                            m.d.sync += step.eq(step + 1)
            with m.State("WAIT"):               # for the payload's next byte
                m.next = "PICK"
        return m

    def _byte(self, m, step, crc, repeats, read):
        """Return the byte of a step."""
        byte = Signal(8, name="picked")
        header = (self.kind | self.attempt << link.KIND_BITS, self.done, self.expected, self.status | repeats << 7)
        with m.Switch(step):
            for number, value in enumerate(header, FIRST):
                with m.Case(number):
                    m.d.comb += byte.eq(value)
            with m.Case(BODY):
                m.d.comb += byte.eq(read)
            for number in range(link.CRC_BYTES):
                with m.Case(CRC + number):
                    m.d.comb += byte.eq(crc.word_select(number, 8))
            with m.Default():
                m.d.comb += byte.eq(link.FLAG)
        return byte

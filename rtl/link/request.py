"""The request that a bridge is at, and the states of its machine that do it: registers, words, text."""

from amaranth.hdl import Signal

from spec import link
from spec.link import LAST, TAKE

WORD = 8 * link.WORD_BYTES


class Request:
    """Registers of the request in work; no ports.

    Members
    -------
    word : Signal
        Bytes gathered last, the latest on top; then those of a reply, the next one lowest.
    kind, end : Signal
        As the request says.
    status : Signal
        Of the reply.
    left, more : Signal
        Bytes to gather or to emit; words to stream or to take.
    written : Signal
        Bytes of the reply.
    waited : Signal
        Cycles in which no result came.
    addressed, filled : Signal
        The bus has taken an access's address; its data.
    """

    def __init__(self):
        self.word, self.end = Signal(WORD, name="word"), Signal(8, name="end")
        self.kind, self.status = Signal(4, name="kind_now"), Signal(3, name="status_now")
        self.left, self.more = Signal(4, name="left"), Signal(5, name="more")
        self.written, self.waited = Signal(8, name="written"), Signal(8, name="waited")
        self.addressed, self.filled = Signal(name="addressed"), Signal(name="filled")

    def finish(self, m, status=None):
        """Go to the end of the request, with a status if one is given."""
        if status is not None:
            m.d.sync += self.status.eq(status)
        m.next = "DONE"


def registers(m, bridge, now):
    """Add the states that write and read a register of the machine."""
    with m.State("WRITE"):
        m.d.comb += [
            bridge.composing.eq(1),
            bridge.s_axil_awvalid.eq(~now.addressed),
            bridge.s_axil_wvalid.eq(~now.filled),
            bridge.s_axil_bready.eq(1),
        ]
        with m.If(bridge.s_axil_awready):
            m.d.sync += now.addressed.eq(1)
        with m.If(bridge.s_axil_wready):
            m.d.sync += now.filled.eq(1)
        with m.If(bridge.s_axil_bvalid):
            m.d.sync += [
                now.addressed.eq(0),
                now.filled.eq(0),
            ]
            now.finish(m)
            with m.If(bridge.s_axil_bresp[1]):
                now.finish(m, link.REFUSED)
    with m.State("READ"):
        m.d.comb += [
            bridge.composing.eq(1),
            bridge.s_axil_arvalid.eq(~now.addressed),
            bridge.s_axil_rready.eq(1),
        ]
        with m.If(bridge.s_axil_arready):
            m.d.sync += now.addressed.eq(1)
        with m.If(bridge.s_axil_rvalid):
            m.d.sync += [
                now.addressed.eq(0),
                now.word[:32].eq(bridge.s_axil_rdata),
                now.left.eq(link.VALUE_BYTES),
            ]
            with m.If(bridge.s_axil_rresp[1]):
                m.d.sync += now.status.eq(link.REFUSED)
            m.next = "EMIT"


def words(m, bridge, now, step):
    """Add the states that hand words to the machine, take words from it and emit their bytes; ``step`` reads a byte more."""
    with m.State("STREAM"):
        m.d.comb += bridge.s_axis_tvalid.eq(1)
        with m.If(bridge.s_axis_tready):
            m.d.sync += [
                now.more.eq(now.more - 1),
                now.left.eq(link.WORD_BYTES),
            ]
            with m.If(now.more == 1):
                m.d.sync += bridge.loaded.eq(bridge.loaded | (now.kind == LAST))
                now.finish(m)
            with m.Else():
                m.d.comb += step.eq(1)
                m.next = "GATHER"
    with m.State("TAKE"):
        m.d.comb += [
            bridge.composing.eq(1),
            bridge.m_axis_tready.eq(1),
        ]
        m.d.sync += [
            now.waited.eq(now.waited + 1),
            now.left.eq(link.WORD_BYTES),
        ]
        with m.If(bridge.m_axis_tvalid):
            m.d.sync += [
                now.word.eq(bridge.m_axis_tdata),
                now.more.eq(now.more - 1),
                now.waited.eq(0),
            ]
            with m.If(bridge.m_axis_tlast):
                m.d.sync += [
                    now.status.eq(link.ENDED),
                    now.more.eq(0),
                ]
            m.next = "EMIT"
        with m.Elif(now.waited == link.TAKE_PATIENCE - 1):
            now.finish(m)
    with m.State("EMIT"):
        m.d.comb += [
            bridge.composing.eq(1),
            bridge.write.eq(1),
        ]
        m.d.sync += [
            now.word.eq(now.word >> 8),
            now.written.eq(now.written + 1),
            now.left.eq(now.left - 1),
        ]
        with m.If(now.left == 1):
            now.finish(m)
            with m.If((now.kind == TAKE) & (now.more != 0)):
                m.next = "TAKE"


def text(m, bridge, now, letter):
    """Add the states that copy the text from the place asked for to its end, or as far as a reply reaches."""
    at = now.word[48:]
    with m.State("LOOK"):
        m.d.comb += bridge.composing.eq(1)
        m.next = "READ_LETTER"
        with m.If((at >= len(bridge.about)) | (now.written == link.PAYLOAD)):
            now.finish(m)
    with m.State("READ_LETTER"):
        m.d.comb += bridge.composing.eq(1)
        m.next = "COPY"
    with m.State("COPY"):
        m.d.comb += [
            bridge.composing.eq(1),
            bridge.write.eq(1),
            bridge.write_data.eq(letter),
        ]
        m.d.sync += [
            at.eq(at + 1),
            now.written.eq(now.written + 1),
        ]
        m.next = "LOOK"

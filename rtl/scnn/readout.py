"""Read-out: blocks of all PEs sent to the result stream, each its count and its words."""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from rtl.scnn.bus import Widths
from spec.framing import WORD_BITS
from spec.scnn.shape import ScnnSpec


class Readout(wiring.Component):
    """Asks PE after PE for block after block, a request at a time.

    Parameters
    ----------
    answer : int
        Cycles from a request to its answer.

    Members
    -------
    run : ``In(1)``, first, count : ``In``
        High from the command to ``done``; blocks of every PE.
    pe, addr : ``Out``, table, word : ``In``
        A request, and what block table and activation memory hold there, ``answer`` cycles later.
    o_valid, o_last, o_data : ``Out``, o_ready : ``In``
    done : ``Out(1)``
    """

    def __init__(self, spec: ScnnSpec, answer: int):
        self._spec, self._w, self._answer = spec, Widths(spec), answer
        w = self._w
        super().__init__({
            "run": In(1), "first": In(w.block), "count": In(w.block + 1), "pe": Out(8), "addr": Out(16),
            "table": In(w.word + w.count), "word": In(w.act_word), "o_valid": Out(1), "o_last": Out(1),
            "o_data": Out(WORD_BITS),
            "o_ready": In(1), "done": Out(1)})

    def elaborate(self, platform):
        m = Module()
        w, lanes = self._w, self._spec.i
        words = -(-w.act_word // WORD_BITS)
        block, blocks, left = Signal(w.block), Signal(w.block + 1), Signal(w.count)
        place, part, wait = Signal(w.word), Signal(range(max(2, words))), Signal(range(self._answer + 1))
        final = Signal()                                    # the last block of the last PE
        ends, none = Signal(), Signal()                     # this word is the last one of its block; the block is empty
        m.d.sync += [                                       # their operands are stable for cycles before they are used
            final.eq((self.pe == self._spec.pes - 1) & (blocks == 1)),
            ends.eq(left <= lanes),
        ]
        padded = Signal(words * WORD_BITS)
        m.d.comb += padded.eq(self.word)
        with m.FSM():
            with m.State("IDLE"):
                m.d.sync += [
                    self.pe.eq(0),
                    block.eq(self.first),
                    blocks.eq(self.count),
                ]
                with m.If(self.run & ~self.done):
                    m.next = "ASK"
                m.d.sync += self.done.eq(0)
            with m.State("ASK"):
                m.d.sync += [
                    wait.eq(self._answer),
                    self.addr.eq(block),
                ]
                m.next = "TABLE"
            with m.State("TABLE"):
                m.d.sync += wait.eq(wait - 1)
                with m.If(wait == 0):
                    m.d.sync += [
                        place.eq(self.table[:w.word]),
                        left.eq(self.table[w.word:]),
                        none.eq(self.table[w.word:] == 0),
                    ]
                    m.next = "COUNT"
            with m.State("COUNT"):
                m.d.comb += [
                    self.o_valid.eq(1),
                    self.o_data.eq(left),
                    self.o_last.eq(final & none),
                ]
                m.d.sync += [
                    self.addr.eq(place),
                    wait.eq(self._answer),
                    part.eq(0),
                ]
                with m.If(self.o_ready):
                    m.next = "WORD"
                    with m.If(none):
                        self._following(m, block, blocks, final)
            with m.State("WORD"):
                m.d.sync += wait.eq(wait - 1)
                with m.If(wait == 0):
                    m.next = "SEND"
            with m.State("SEND"):
                last_part = part == words - 1
                m.d.comb += [
                    self.o_valid.eq(1),
                    self.o_data.eq(padded.word_select(part, WORD_BITS)),
                    self.o_last.eq(final & ends & last_part),
                ]
                with m.If(self.o_ready):
                    m.d.sync += part.eq(Mux(last_part, 0, part + 1))
                    with m.If(last_part):
                        m.d.sync += [
                            left.eq(left - lanes),
                            self.addr.eq(self.addr + 1),
                            wait.eq(self._answer),
                        ]
                        m.next = "WORD"
                        with m.If(ends):
                            self._following(m, block, blocks, final)
        return m

    def _following(self, m, block, blocks, final):
        """Go on with the next block, of this PE or of the next one."""
        m.d.sync += [
            block.eq(block + 1),
            blocks.eq(blocks - 1),
        ]
        m.next = "ASK"
        with m.If(blocks == 1):
            m.d.sync += [
                self.pe.eq(self.pe + 1),
                block.eq(self.first),
                blocks.eq(self.count),
            ]
        with m.If(final):
            m.d.sync += self.done.eq(1)
            m.next = "IDLE"

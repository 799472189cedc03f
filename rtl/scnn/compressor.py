"""Compressor: outputs written as blocks of entries, run of zeros above value, I entries per word."""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from rtl.parts import delayed
from rtl.scnn.bus import Widths
from spec.scnn.program import DRAIN_STEP
from spec.scnn.shape import ACT_ENTRY_BITS, MAX_RUN, RUN_BITS, VALUE_BITS, ScnnSpec

SPAN = MAX_RUN + 1      # zeros that a placeholder stands for


class Compressor(wiring.Component):
    """Takes one output, or up to 16 zeros of a gap, per cycle, and writes canonical blocks.

    A placeholder is written as soon as 16 zeros have come. Zeros after the last value must not be encoded, so the word of the
    last value is kept as it was then, and written again at the end of the block. Words and table entries are on their ports
    two and three cycles after the output that completes them.

    Members
    -------
    restart, word, limit : ``In``
        A layer begins, its first block at ``word``; the words below ``limit`` may be written.
    i_value, i_valid, i_gap, i_none, i_end, i_block : ``In``, gap : ``In``
        An output, or a gap of so many zeros, or a block without outputs; the block ends with this output, and has this index.
    we, waddr, wdata : ``Out``
        Write port of the activation memory.
    table_we, table_addr, table_data : ``Out``
        Write port of the block table.
    overflow : ``Out(1)``
        A value would have gone beyond the limit; its block and all others until the next run are written as empty.
    revive : ``In(1)``
        A run begins.
    """

    def __init__(self, spec: ScnnSpec):
        self._spec, self._w = spec, Widths(spec)
        w = self._w
        super().__init__({
            "restart": In(1), "word": In(w.word + 1), "limit": In(w.word + 1), "revive": In(1),
            "i_value": In(VALUE_BITS), "i_valid": In(1), "i_gap": In(1), "i_none": In(1), "i_end": In(1),
            "i_block": In(w.block),
            "gap": In(DRAIN_STEP["gap"][1]), "we": Out(1), "waddr": Out(w.word), "wdata": Out(w.act_word),
            "table_we": Out(1), "table_addr": Out(w.block), "table_data": Out(w.word + w.count), "overflow": Out(1)})

    def elaborate(self, platform):
        m = Module()
        w, lanes = self._w, self._spec.i
        zeros, total = Signal(RUN_BITS), Signal(RUN_BITS + 2)
        full, emit = Signal(), Signal()
        given = self.i_valid & self.i_value.any()
        nonzero, came, over, value, more, block = (delayed(m, what, name, cycles=1) for what, name in (
            (given, "nonzero"), (self.i_valid | self.i_gap, "came"), ((self.i_valid | self.i_none) & self.i_end, "over"),
            (Mux(self.i_valid, self.i_value, 0), "value"), (Mux(self.i_gap, self.gap, self.i_valid & ~given), "more"),
            (self.i_block, "block")))
        m.d.comb += [
            total.eq(zeros + more),
            emit.eq(nonzero | (total >= SPAN)),
        ]
        with m.If(nonzero):
            m.d.sync += zeros.eq(0)
        with m.Elif(came):
            m.d.sync += zeros.eq(total)                     # less 16 of a placeholder
        entry = Cat(value, Mux(nonzero, zeros, MAX_RUN))
        lane, words = Signal(range(max(2, lanes))), Signal(w.word + 1)
        before, word = Signal(w.act_word - ACT_ENTRY_BITS), Signal(w.act_word)      # before the last entry the word is not full
        count = Signal(w.count)
        m.d.comb += word.eq(before)
        with m.Switch(lane):
            for k in range(lanes):
                with m.Case(k):
                    m.d.comb += word[k * ACT_ENTRY_BITS:(k + 1) * ACT_ENTRY_BITS].eq(entry)
        m.d.comb += full.eq(emit & (lane == lanes - 1))
        with m.If(emit):
            m.d.sync += [
                lane.eq(Mux(full, 0, lane + 1)),
                before.eq(Mux(full, 0, word)),
                count.eq(count + 1),
            ]
        with m.If(full):                                    # which is late, so that it ends in an enable
            m.d.sync += words.eq(words + 1)
        self._end(m, nonzero=nonzero, full=full, word=word, words=words, count=count, end=over, block=block,
                  anew=[
                      lane.eq(0),
                      before.eq(0),
                      count.eq(0),
                      zeros.eq(0),
                  ])
        return m

    def _end(self, m, *, nonzero, full, word, words, count, end, block, anew):
        """Write full words; at the end of a block the word of its last value, if that is not full, and the table's entry."""
        w = self._w
        first, dead, mend, lost = Signal(w.word + 1), Signal(), Signal(), Signal()
        kept, kept_at, kept_count, kept_open = (Signal(w.act_word - ACT_ENTRY_BITS), Signal(w.word + 1), Signal(w.count),
                                                Signal())
        now_at, now_count, now_open, some = Signal(w.word + 1), Signal(w.count), Signal(), Signal()
        beyond, following = Signal(), Signal(w.word + 1)
        m.d.comb += [
            now_at.eq(Mux(nonzero, words, kept_at)),
            now_count.eq(Mux(nonzero, count + 1, kept_count)),
            now_open.eq(Mux(nonzero, ~full, kept_open)),
            beyond.eq(words >= self.limit),
            following.eq(Mux(nonzero | some, now_at + 1, first)),
            self.overflow.eq(0),
        ]
        with m.If(nonzero):
            m.d.sync += [
                kept.eq(word),
                kept_at.eq(words),
                kept_count.eq(count + 1),
                kept_open.eq(~full),
                some.eq(1),
            ]
            m.d.comb += self.overflow.eq(beyond & ~dead)
        m.d.comb += lost.eq(dead | self.overflow)
        m.d.sync += dead.eq(lost)
        m.d.sync += [
            self.we.eq(full & ~beyond & ~dead),
            self.waddr.eq(words),
            self.wdata.eq(word),
            mend.eq(end & now_open),
            self.table_we.eq(end),
            self.table_addr.eq(block),
            self.table_data.eq(Cat(first[:w.word], Mux(lost, 0, now_count))),
        ]
        with m.If(mend):                                    # no entry of the next block fills a word so early
            m.d.sync += [
                self.we.eq(~dead),
                self.waddr.eq(kept_at),
                self.wdata.eq(kept),
            ]
        with m.If(end):
            m.d.sync += [
                *anew,
                kept_count.eq(0),
                some.eq(0),
                kept_open.eq(0),
                first.eq(following),
                words.eq(following),
            ]
        with m.If(self.restart):
            m.d.sync += [
                *anew,
                kept_count.eq(0),
                some.eq(0),
                kept_open.eq(0),
                first.eq(self.word),
                words.eq(self.word),
            ]
        with m.If(self.revive):
            m.d.sync += dead.eq(0)

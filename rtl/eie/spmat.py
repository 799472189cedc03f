"""Sparse-matrix read: fragments become matrix words, and words become one useful entry per cycle."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from rtl.eie.bus import Op, Widths
from rtl.eie.fetch import Stage, fetch
from rtl.emit import Library
from rtl.parts import clock, delayed


class MatrixRead(wiring.Component):
    """Stages F to S3: walk a fragment word by word through the matrix memory and mark the entries to work on.

    One word per cycle. With ``skip_padding``, a word of padding alone ends in S2, where it waits for S3 no longer than a
    cycle; its entries are counted into ``lead`` of the next word.

    Members
    -------
    command : ``In(Widths.command)``
        WORD writes a lane of the memory, BIAS reads one.
    i : ``In(stream.Signature(Widths.queued))``
        Fragments, from the activation queue.
    o : ``Out(stream.Signature(Widths.marked))``
        Words with their marks.
    bias : ``Out(32)``
        The lane that a BIAS command read, three cycles after the command; 0 in any other cycle.
    hold : ``In(1)``
        Take no fragment.
    idle : ``Out(1)``
        F, S1, S2 and S3 are empty.
    """

    def __init__(self, spec, library: Library):
        self._spec, self._library, self._w = spec, library, Widths(spec)
        w = self._w
        super().__init__({"command": In(w.command), "i": In(stream.Signature(w.queued)), "o": Out(stream.Signature(w.marked)),
                          "bias": Out(32), "hold": In(1), "idle": Out(1)})

    def elaborate(self, platform):
        m = Module()
        self._s1_ready = Signal()
        self._s2_ready = Signal()
        self._read_bias = delayed(m, self.command.op == Op.BIAS, "bias", cycles=2)
        self._fetch = fetch(m, self._spec, self, self._s1_ready)
        self._memory(m, self._fetch.s1)
        self._mark(m)
        self._bias(m)
        m.d.comb += self.idle.eq(~(self._fetch.valid | self._fetch.s1.valid | self._s2.valid | self.o.valid))
        return m

    def _memory(self, m, s1):
        """Stage S1 is the array read, stage S2 the output register."""
        spec, w = self._spec, self._w
        self._s2 = Stage(spec, w, "s2")
        inside = Cat((k >= s1.first) & (k <= s1.last) for k in range(spec.word_entries))
        self._window = Signal(spec.word_entries)
        self._word = Signal(spec.word_bits)
        load = Signal()
        m.d.comb += load.eq(s1.valid & self._s2_ready)
        with m.If(self._s2_ready):
            m.d.sync += [
                self._s2.valid.eq(s1.valid),
                self._s2.act.eq(s1.act),
                self._s2.first.eq(s1.first),
                self._s2.last.eq(s1.last),
                self._s2.tail.eq(s1.tail),
                self._s2.empty.eq(s1.empty),
                self._window.eq(Mux(s1.empty, 0, inside)),
            ]
        m.d.comb += self._s1_ready.eq(~s1.valid | self._s2_ready)
        write = (self.command.op == Op.WORD).replicate(w.lanes)
        if w.lanes > 1:
            write = write & (1 << self.command.addr[:w.lane])
        lane = Cat(self.command.data, self._flags())
        stored = Signal(len(lane) * w.lanes)
        self._library.cell(
            m, "memory", "nz_ram", p_WIDTH=len(stored), p_DEPTH=spec.words, p_LANES=w.lanes, p_ADDR_BITS=w.word,
            i_clk=clock(), i_we=write[:w.lanes], i_waddr=self.command.addr[w.lane:][:w.word], i_wdata=lane.replicate(w.lanes),
            i_re=self._fetch.issue | delayed(m, self.command.op == Op.BIAS, "bias_read", cycles=1), i_raddr=self._fetch.word,
            i_oe=load | self._read_bias, o_rdata=stored)
        lanes = [stored.word_select(k, len(lane)) for k in range(w.lanes)]
        m.d.comb += self._word.eq(Cat(part[:32] for part in lanes))
        codes = [self._word[k * spec.entry_bits:][:spec.codebook_bits] for k in range(spec.word_entries)]
        if not w.padding:
            self._real = Const(-1, spec.word_entries)
        elif w.flags:
            self._real = Cat(part[32:] for part in lanes)
        else:
            self._real = Cat(code.any() for code in codes)

    def _flags(self):
        """Return one bit per entry of a lane that is written: its code is not 0. Block RAM has these bits to spare."""
        spec = self._spec
        return Cat(self.command.data[k * spec.entry_bits:][:spec.codebook_bits].any() for k in range(self._w.flags))

    def _mark(self, m):
        """Stage S2 finds the mask, and padding that disappears; stage S3 keeps the marked word."""
        spec, w, s2 = self._spec, self._w, self._s2
        mask = Signal(spec.word_entries)
        marked = self.o.p
        vanishes = Signal()
        gone = Signal()
        leave = Signal()
        s3_ready = Signal()
        head = Signal(init=1)
        lead = Signal(w.skip)
        m.d.comb += [
            mask.eq(self._window & self._real),
            vanishes.eq(~mask.any() & ~s2.empty & int(w.padding)),
            s3_ready.eq(~self.o.valid | self.o.ready),
            self._s2_ready.eq(~s2.valid | s3_ready | gone),
            leave.eq(s2.valid & self._s2_ready),
        ]
        m.d.sync += gone.eq(s2.valid & vanishes & ~self._s2_ready)
        with m.If(s3_ready):
            m.d.sync += [
                self.o.valid.eq(s2.valid & ~vanishes),
                marked.word.eq(self._word),
                marked.mask.eq(mask),
                marked["from"].eq(s2.first),
                marked.lead.eq(lead),
                marked.head.eq(head),
                marked.act.eq(s2.act),
            ]
        with m.If(leave & ~vanishes):
            m.d.sync += [
                head.eq(s2.tail),
                lead.eq(0),
            ]
        with m.Elif(leave):
            m.d.sync += lead.eq(lead + s2.last - s2.first + 1)

    def _bias(self, m):
        """Take one lane of the output register, three cycles after the command, and 0 in any other cycle."""
        w = self._w
        lane = delayed(m, self.command.addr[:w.lane], "lane", cycles=3, reset_less=True) if w.lanes > 1 else Const(0, 1)
        valid = delayed(m, self._read_bias, "bias_lane", cycles=1)
        m.d.comb += self.bias.eq(Mux(valid, self._word.word_select(lane, 32), 0))

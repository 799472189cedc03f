"""Supply: activation blocks read from the PE's memory, their runs turned into offsets."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from rtl.emit import Submodules
from rtl.parts import clock, delayed
from rtl.scnn.bus import MAX_SLOTS, Widths, slot_count, vector_layout
from spec.scnn.packet import BLOCK
from spec.scnn.shape import ACT_ENTRY_BITS, MAX_RUN, VALUE_BITS, ScnnSpec

AHEAD = 5               # blocks that may be looked up and not yet begun
QUEUE_BITS = 3
COUNT_BITS = BLOCK["count"][1]


class Supply(wiring.Component):
    """Reads the blocks looked up, a word a cycle, and sends them as vectors.

    What is looked up in cycle l can be read in l + 3; what is read in cycle s is on the output in s + 3.

    Members
    -------
    restart : ``In(1)``, slot_log2 : ``In(4)``, released : ``In(1)``
        Of the activation buffer: a layer begins; a slot is free again from the next cycle on.
    i_valid, i_base, i_first, i_last : ``In``, room : ``Out(1)``
        A lookup, only while there is room.
    table : ``In``
        Entry of the block table, two cycles after the lookup.
    memory_addr : ``Out``, memory : ``In``
        Activation memory, read in two cycles.
    o_valid, o_vector, o_last, o_empty : ``Out``
    bad_run : ``Out(1)``
        An entry of value 0 has another run than the longest.
    """

    def __init__(self, spec: ScnnSpec, library: Submodules):
        self._spec, self._library, self._w = spec, library, Widths(spec)
        w = self._w
        super().__init__({
            "restart": In(1), "slot_log2": In(4), "released": In(1), "i_valid": In(1), "i_base": In(w.address),
            "i_first": In(1), "i_last": In(1), "room": Out(1), "table": In(w.word + COUNT_BITS), "memory_addr": Out(w.word),
            "memory": In(w.act_word), "o_valid": Out(1), "o_vector": Out(vector_layout(spec, spec.i)), "o_last": Out(1),
            "o_empty": Out(1), "bad_run": Out(1)})

    def elaborate(self, platform):
        m = Module()
        some, part, begin = self._queue(m)
        read = self._read(m, some, part, begin)
        self._decode(m, read)
        return m

    def _queue(self, m):
        """Keep what was looked up until its first word is read; the table's answer comes two cycles behind the lookup."""
        bits = self._w.word + COUNT_BITS + self._w.address + 3
        write, read, waiting = Signal(QUEUE_BITS), Signal(QUEUE_BITS), Signal(QUEUE_BITS)
        begin = Signal()
        come = delayed(m, self.i_valid, "asked", cycles=2)
        with_it = delayed(m, Cat(self.i_base, self.i_first, self.i_last), "with", cycles=2, reset_less=True)
        part = Signal(bits)
        self._library.cell(m, "queue", "nz_regfile", p_WIDTH=bits, p_DEPTH=1 << QUEUE_BITS, p_ADDR_BITS=QUEUE_BITS,
                           i_clk=clock(), i_we=come, i_waddr=write,
                           i_wdata=Cat(self.table, with_it, _within(self.table[self._w.word:], self._spec.i)),
                           i_raddr=read, o_rdata=part)
        with m.If(come):
            m.d.sync += write.eq(write + 1)
        with m.If(begin):
            m.d.sync += read.eq(read + 1)
        m.d.sync += waiting.eq(waiting + self.i_valid - begin)
        m.d.comb += self.room.eq(waiting < AHEAD)
        return write != read, part, begin

    def _read(self, m, some, part, begin):
        """Read a word a cycle: the first one of the oldest part, or the next one of the part at hand."""
        w, lanes = self._w, self._spec.i
        word, count = part[:w.word], part[w.word:w.word + COUNT_BITS]
        base, first, last, short = part[w.word + COUNT_BITS:-3], part[-3], part[-2], part[-1]
        busy, next_word, left, last_part, rest_short = Signal(), Signal(w.word), Signal(COUNT_BITS), Signal(), Signal()
        free, slots = Signal(range(MAX_SLOTS + 1)), Signal(range(MAX_SLOTS + 1))
        now = Signal(COUNT_BITS)
        done, go = Signal(), Signal()
        m.d.comb += [
            slots.eq(slot_count(self._spec.act_words, self.slot_log2)), begin.eq(~busy & some & (~first | free.any())),
            go.eq(begin | busy), now.eq(Mux(busy, left, count)), done.eq(Mux(busy, rest_short, short)),
            self.memory_addr.eq(Mux(busy, next_word, word))]
        with m.If(go):
            m.d.sync += [busy.eq(~done), next_word.eq(self.memory_addr + 1), left.eq(now - lanes),
                         rest_short.eq(_within(now, 2 * lanes))]
        with m.If(begin):
            m.d.sync += last_part.eq(last)
        m.d.sync += free.eq(free + self.released - (begin & first))
        with m.If(self.restart):
            m.d.sync += free.eq(slots)
        few = Signal(range(lanes + 1))
        m.d.comb += few.eq(Mux(done, now[:lanes.bit_length()], lanes))
        what = Cat(begin, go & done & Mux(begin, last, last_part), ~now.any(), few, base)
        return delayed(m, go, "read", cycles=2), delayed(m, what, "what", cycles=2, reset_less=True)

    def _decode(self, m, read):
        """Turn runs into offsets; the offset of a block's first entry counts from its base - 1."""
        go, what = read
        address, lanes = self._w.address, self._spec.i
        begin, end, empty, few, base = what[0], what[1], what[2], what[3:-address], what[-address:]
        before = Signal(address)
        offset = Mux(begin, base - 1, before)
        wrong = []
        m.d.sync += [self.o_valid.eq(go), self.o_last.eq(end), self.o_empty.eq(empty)]
        ahead = Const(0, 1)
        for k in range(lanes):
            entry = self.memory[k * ACT_ENTRY_BITS:(k + 1) * ACT_ENTRY_BITS]
            value, run = entry[:VALUE_BITS], entry[VALUE_BITS:]
            total = Signal(8, name=f"ahead{k}")
            m.d.comb += total.eq(ahead + run + 1)
            ahead = total
            lane, here = self.o_vector[k], k < few
            m.d.sync += [lane.value.eq(value), lane.offset.eq(offset + total), lane.live.eq(here & value.any()),
                         lane.tail.eq(~here)]
            wrong.append(go & here & ~value.any() & (run != MAX_RUN))
        with m.If(go):
            m.d.sync += before.eq(offset + ahead)
        m.d.sync += self.bad_run.eq(Cat(wrong).any())


def _within(count, limit):
    """Whether a count is at most a limit, a power of two, without a carry chain."""
    bits = limit.bit_length() - 1
    return ~count[bits:].any() | (count[bits:] == 1) & ~count[:bits].any()

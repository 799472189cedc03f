"""Supply: activation blocks read from the PE's memory, their runs turned into offsets."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from rtl.emit import Submodules
from rtl.parts import clock, delayed, stepped
from rtl.scnn.bus import Widths, bus_layout, slot_count, vector_layout
from rtl.scnn.decode import add_decode
from rtl.scnn.tree import AHEAD_BITS, EVENTS, echo
from spec.scnn.shape import MAX_SLOTS, ScnnSpec

AHEAD = 5               # blocks that may be looked up and not yet begun
QUEUE_BITS = 3
EARLY_BITS = 5
"""Of the ends that come before their parts are passed, one per cycle: at most 20. A PE that its gate held must fetch AHEAD + 1
records, 6 cycles each, which its neighbour has; the neighbour goes on when it hears from it, and then both at one pace."""


class Supply(wiring.Component):
    """Reads the parts looked up that are its own, a word per cycle, and sends them as vectors; waits while others send theirs.

    What is looked up in cycle l can be read in l + 3; what is read in cycle s is on the output in s + 4, and if it is for the
    whole block of PEs, on the outputs of all of them ``spec.across`` cycles later.

    Members
    -------
    restart : ``In(1)``, slot_log2 : ``In(4)``, released : ``In(1)``
        Of the activation buffer: a layer begins; a slot is free again from the next cycle on.
    level : ``In``
        Of the layer.
    i_valid, i_base, i_first, i_last, i_mine, i_local : ``In``, room : ``Out(1)``
        A lookup, only while there is room: offset, whether the part is its block's first and last, whether this PE sends it,
        and whether to itself alone.
    table : ``In``
        Entry of the block table, two cycles after the lookup.
    memory_addr : ``Out``, memory : ``In``
        Activation memory, read in two cycles.
    o_valid, o_vector, o_last, o_empty : ``Out``
        To the activation buffer.
    o_bus, i_bus, o_did, i_did
        Transfers and events to and from the tree of the block.
    pending : ``Out(1)``
        Something that was looked up in a cycle before this one has not begun.
    bad_run : ``Out(1)``
        An entry of value 0 has another run than the longest.
    """

    def __init__(self, spec: ScnnSpec, library: Submodules):
        self.spec, self._library, self._w = spec, library, Widths(spec)
        w = self._w
        super().__init__({
            "restart": In(1), "slot_log2": In(4), "released": In(1), "level": In(3), "i_valid": In(1), "i_base": In(w.address),
            "i_first": In(1), "i_last": In(1), "i_mine": In(1), "i_local": In(1), "o_bus": Out(bus_layout(spec)),
            "i_bus": In(bus_layout(spec)), "o_did": Out(len(EVENTS)), "i_did": In(len(EVENTS)), "room": Out(1),
            "table": In(w.word + w.count), "memory_addr": Out(w.word),
            "memory": In(w.act_word), "o_valid": Out(1), "o_vector": Out(vector_layout(spec, spec.i)), "o_last": Out(1),
            "o_empty": Out(1), "pending": Out(1), "bad_run": Out(1)})

    def elaborate(self, platform):
        m = Module()
        some, part, begin = self._queue(m)
        read = self._read(m, some, part, begin)
        add_decode(m, self, *read)
        return m

    def _queue(self, m):
        """Keep what was looked up until its first word is read; the table's answer comes two cycles after the lookup.

        The oldest part stands in a register, which is filled from after it, or with what comes if nothing waits there.
        """
        bits = self._w.word + self._w.count + self._w.address + 5
        write, read, waiting = (Signal(QUEUE_BITS, name=name) for name in ("write", "read", "waiting"))
        begin, free, more, some, full = Signal(), Signal(), Signal(), Signal(name="some"), Signal()
        come = delayed(m, self.i_valid, "asked", cycles=2)
        with_it = delayed(m, Cat(self.i_base, self.i_first, self.i_last, self.i_mine, self.i_local), "with", cycles=2,
                          reset_less=True)
        new, stored, part = Signal(bits), Signal(bits), Signal(bits, name="part", reset_less=True)
        m.d.comb += [
            new.eq(Cat(self.table, with_it, _within(self.table[self._w.word:], self.spec.i))),
            free.eq(~some | begin),
            more.eq((write ^ read).any()),
        ]
        self._library.cell(m, "queue", "nz_regfile", p_WIDTH=bits, p_DEPTH=1 << QUEUE_BITS, p_ADDR_BITS=QUEUE_BITS,
                           i_clk=clock(), i_we=come, i_waddr=write, i_wdata=new, i_raddr=read, o_rdata=stored)
        with m.If(come & (more | ~free)):
            m.d.sync += write.eq(stepped(write))
        with m.If(free):
            m.d.sync += [
                some.eq(more | come),
                part.eq(Mux(more, stored, new)),
            ]
            with m.If(more):
                m.d.sync += read.eq(stepped(read))
        with m.If(self.i_valid ^ begin):
            m.d.sync += [
                waiting.eq(stepped(waiting, down=begin)),
                full.eq(~begin & (waiting == AHEAD - 1)),
            ]
        m.d.comb += [
            self.room.eq(~full),
            self.pending.eq(waiting.any()),
        ]
        return some, part, begin

    def _read(self, m, some, part, begin):
        """Read a word per cycle: the first one of the oldest part, or the next one of the part at hand.

        ``begin`` takes the oldest part from the queue: one of this PE with its first read, another's when it has come.
        """
        w, lanes = self._w, self.spec.i
        word, count = part[:w.word], part[w.word:w.word + w.count]
        base, first, last, mine, local, short = part[w.word + w.count:-5], *(part[k] for k in range(-5, 0))
        busy, next_word, left, last_part, alone = Signal(), Signal(w.word), Signal(w.count), Signal(), Signal()
        now, done, go, rest_short = Signal(w.count), Signal(), Signal(), Signal()
        own, came = self._turns(m, begin & first, local)
        m.d.comb += [
            begin.eq(~busy & some & Mux(mine, own & (~first | self._free), came)),
            go.eq(begin & mine | busy),
            now.eq(Mux(busy, left, count)),
            done.eq(Mux(busy, rest_short, short)),
            self.memory_addr.eq(Mux(busy, next_word, word)),
            self._begun.eq(begin & mine),
            self._passed.eq(begin & ~mine),
        ]
        with m.If(go):
            m.d.sync += [
                busy.eq(~done),
                next_word.eq(self.memory_addr + 1),
                left.eq(now - lanes),
                rest_short.eq(_within(now, 2 * lanes)),
            ]
        with m.If(begin):
            m.d.sync += [
                last_part.eq(last),
                alone.eq(local),
            ]
        here = Mux(busy, alone, local)
        m.d.comb += [
            self._local.eq(here),
            self._over.eq(go & done),
        ]
        few = Signal(range(lanes + 1))
        m.d.comb += few.eq(Mux(done, now[:lanes.bit_length()], lanes))
        what = Cat(begin & mine, go & done & Mux(busy, last_part, last), ~now.any(), here, done, few, base)
        return delayed(m, go, "read", cycles=2), delayed(m, what, "what", cycles=2, reset_less=True)

    def _turns(self, m, pair, local):
        """Say whether the oldest part, if it is this PE's, has its turn, and whether a part of another PE has come.

        Parts go over a bus one after the other: one for the whole block waits until the PEs have received those that each
        sent itself, one for this PE alone until all that it sent to the block are here.
        """
        slots, flat = Signal(range(MAX_SLOTS + 1)), Signal()
        self._free, self._begun, self._passed, self._local, self._over = (
            Signal(name=name) for name in ("free", "begun", "passed", "local", "over"))
        come, ends = Signal(), Signal()
        again = self.restart, slots
        late = 4 + self.spec.far
        gone = delayed(m, self._over & ~self._local, "sent", cycles=late)
        back = echo(m, gone, self.level, len(self.spec.block_sides), self.spec.hop) if self.spec.pes > 1 else Const(0, 1)
        free_own = _some(m, "free_own", more=self.released, less=pair, bits=len(slots), again=again)
        free_all = _some(m, "free_all", more=Mux(flat, self.released, self.i_did[0]), less=pair, bits=len(slots), again=again,
                         below=self.spec.pes > 1)       # a local pair may take a slot that others have not released yet
        most = late + self.spec.hop * (len(self.spec.block_sides) - 1)      # on their way, one sent per cycle
        sent = _some_late(m, "sent", more=self._over & ~self._local, less=back, bits=most.bit_length())
        alone = _some_late(m, "alone", more=self._begun & local & ~flat, less=self.i_did[1])
        waiting = _some(m, "waiting", more=come, less=self._passed, bits=EARLY_BITS)
        m.d.comb += [
            slots.eq(slot_count(self.spec.act_words, self.slot_log2)),
            flat.eq(self.level == 0),
            self._free.eq(Mux(local, free_own, free_all)),
            ends.eq(self.i_bus.valid & self.i_bus.ends),
            come.eq(ends & ~back),
        ]
        ended = delayed(m, self._over & self._local & ~flat, "ended", cycles=4)
        m.d.comb += self.o_did.eq(Cat(self.released, ended))
        return Mux(local, ~sent, ~alone), waiting | come


def _some(m, name, *, more, less, bits=AHEAD_BITS, again=None, below=False):
    """Count up with ``more`` and down with ``less``; return a register that is 1 while the count is above 0.

    ``again`` are a condition and the count, above 0, with which to begin anew. With ``below`` the count may be below 0.
    """
    count, some = Signal(bits + below, name=name), Signal(name=f"some_{name}")
    after = more | count[1:bits].any()
    with m.If(more ^ less):
        m.d.sync += [
            count.eq(stepped(count, down=less)),
            some.eq(after & ~count[-1] if below else after),
        ]
    if again is not None:
        with m.If(again[0]):
            m.d.sync += [
                count.eq(again[1]),
                some.eq(1),
            ]
    return some


def _some_late(m, name, *, more, less, bits=AHEAD_BITS):
    """Do as `_some` does, for a ``more`` that is late in its cycle: the count follows a cycle later, the register at once."""
    count, some, open_ = Signal(bits, name=name), Signal(name=f"some_{name}"), Signal(name=f"open_{name}")
    m.d.sync += [
        open_.eq(more),                                     # not counted yet
        some.eq(more | Mux(less, count[1:].any() | (count[0] & open_), count.any() | open_)),
    ]
    with m.If(open_ ^ less):
        m.d.sync += count.eq(stepped(count, down=less))
    return some


def _within(count, limit):
    """Whether a count is at most a limit, a power of two, without a carry chain."""
    bits = limit.bit_length() - 1
    return ~count[bits:].any() | (count[bits:] == 1) & ~count[:bits].any()

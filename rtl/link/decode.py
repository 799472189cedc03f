"""Bytes of a line cut into frames; a frame that is whole, in order and finds room becomes a request, any other is dropped."""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import enum, wiring
from amaranth.lib.crc.catalog import CRC32_ISO_HDLC
from amaranth.lib.wiring import In, Out
from amaranth.utils import exact_log2

from spec import link

LEAST = link.REQUEST_HEADER + link.CRC_BYTES
MOST = LEAST + link.PAYLOAD
SLOT_BITS = exact_log2(link.SLOT)


class State(enum.Enum, shape=2):
    """What the next byte is: nothing until a flag; a byte of a frame; the byte after an escape."""

    HUNT = 0
    FRAME = 1
    ESCAPED = 2


class Decoder(wiring.Component):
    """Takes a byte a cycle and keeps the requests in a ring of slots, oldest first, until they are done.

    A frame's bytes go to the free slot as they come; the flag after it decides. A frame is a request if its CRC is right and
    it is either ``OPEN`` or, in a session, of the sequence expected while a slot besides remains free. The byte after its kind
    in the slot is then the place where its payload ends. ``OPEN`` empties the ring and begins a session. For every other frame
    of a byte or more ``again`` asks for a reply. Nothing that a line may carry makes it stop: a flag begins anew.

    Parameters
    ----------
    slots : int
        Of `spec.link.SLOT` bytes, a power of two, 2 at least.

    Members
    -------
    data, valid : In(8), In(1)
        A byte of the line, taken at once.
    write, write_addr, write_data : Out
        A byte to store, at an address of the ring.
    pending : Out(1)
        There is a request, in the slot ``head``.
    pop : In(1)
        The oldest request is done.
    flush : Out(1)
        For one cycle: an ``OPEN`` came, all that is under way is void.
    again : Out(1)
        For one cycle: a frame was dropped.
    attempt, done, expected : Out
        Of the next reply: try of the last good frame, sequence of the last request done, sequence expected.
    """

    def __init__(self, slots: int):
        if slots < 2 or slots & slots - 1:
            raise ValueError(f"slots must be a power of two from 2 up, not {slots}")
        self.slots = slots
        places = exact_log2(slots)
        super().__init__({
            "data": In(8), "valid": In(1),
            "write": Out(1), "write_addr": Out(SLOT_BITS + places), "write_data": Out(8),
            "pending": Out(1), "head": Out(places), "pop": In(1), "flush": Out(1), "again": Out(1),
            "attempt": Out(link.TRY_BITS), "done": Out(8), "expected": Out(8)})

    def elaborate(self, platform):
        m = Module()
        m.submodules.check = crc = CRC32_ISO_HDLC(data_width=8).create()
        state, count = Signal(State, name="state"), Signal(8, name="count")
        first, sequence, opened = Signal(8, name="first"), Signal(8, name="sequence"), Signal(name="opened")
        fill, waiting = Signal.like(self.head, name="fill"), Signal.like(self.head, name="waiting")
        plain, flag, taken = Signal(8, name="plain"), Signal(name="flag"), Signal(name="taken")
        good, accept, number = Signal(name="good"), Signal(name="accept"), Signal(8)
        # what the flag asks of the bytes before it, known when they are counted
        enough, opens, size_of_open = Signal(name="enough"), Signal(name="opens"), Signal(name="size_of_open")
        m.d.comb += [
            flag.eq(self.valid & (self.data == link.FLAG)),
            plain.eq(Mux(state == State.ESCAPED, self.data ^ link.FLIP, self.data)),
            crc.start.eq(flag),
            crc.valid.eq(taken),
            crc.data.eq(plain),
            waiting.eq(fill - self.head),
            self.pending.eq(waiting != 0),
            self.done.eq(self.expected - 1 - waiting),
            good.eq(flag & (state == State.FRAME) & enough & crc.match_detected),
            self.flush.eq(good & opens & size_of_open),
            accept.eq(self.flush | good & opened & ~opens & (sequence == self.expected) & (waiting != self.slots - 1)),
            self.again.eq(flag & (state != State.HUNT) & (count != 0) & ~accept),
            number.eq(Mux(flag, 1, count)),
            self.write_addr[:SLOT_BITS].eq(number),
            self.write_addr[SLOT_BITS:].eq(fill),
            self.write_data.eq(Mux(flag, count - link.CRC_BYTES, plain)),
            self.write.eq(taken | accept),
        ]
        with m.If(flag):
            m.d.sync += [
                state.eq(State.FRAME),
                count.eq(0),
                enough.eq(0),
                size_of_open.eq(0),
            ]
        with m.Elif(self.valid & (state != State.HUNT)):
            with m.If((state == State.FRAME) & (self.data == link.ESCAPE)):
                m.d.sync += state.eq(State.ESCAPED)
            with m.Elif(count == MOST):
                m.d.sync += state.eq(State.HUNT)
            with m.Else():
                m.d.comb += taken.eq(1)
                m.d.sync += [
                    state.eq(State.FRAME),
                    count.eq(count + 1),
                    enough.eq(count >= LEAST - 1),
                    size_of_open.eq(count == LEAST + link.SIZES[link.OPEN] - 1),
                ]
                with m.If(count == 0):
                    m.d.sync += [
                        first.eq(plain),
                        opens.eq(plain[:link.KIND_BITS] == link.OPEN),
                    ]
                with m.If(count == 1):
                    m.d.sync += sequence.eq(plain)
        with m.If(good):
            m.d.sync += self.attempt.eq(first[link.KIND_BITS:])
        with m.If(self.pop):
            m.d.sync += self.head.eq(self.head + 1)
        with m.If(accept):
            m.d.sync += [
                fill.eq(fill + 1),
                self.expected.eq(sequence + 1),
            ]
        with m.If(self.flush):
            m.d.sync += [
                self.head.eq(fill),
                opened.eq(1),
            ]
        return m

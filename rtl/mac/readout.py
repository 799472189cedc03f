"""Results on their way to the host."""
from amaranth import Module, Mux, Signal
from amaranth.lib import data, enum, stream, wiring
from amaranth.lib.wiring import In, Out

from rtl.mac.array import READ_STAGES
from rtl.mac.feed import OUTPUTS
from spec.framing import WORD_BITS
from spec.mac import SLOTS, MacSpec


class _State(enum.Enum, shape=2):
    FREE = 0
    CLAIMED = 1
    SEND = 2


class Readout(wiring.Component):
    """Sends D of a run when the last of it is there: of each slot in turn the block of every tile, a word at a time.

    Between two slots it waits `READ_STAGES` cycles for the memory. From ``claim`` on until the last word is taken it is not
    ``free``, and no other run may write D.

    Parameters
    ----------
    spec : MacSpec

    Members
    -------
    free : ``Out(1)``; claim : ``In(1)``; blocks : ``In(range(SLOTS + 1))``
        A run begins to write D, of so many slots.
    written : ``In(1)``
        The last block of D is being written.
    slot : ``Out(range(SLOTS))``; seen : ``In(...)``
        Address and data of D, as `Array` has them.
    o : ``Out(stream.Signature(...))``
        As many results as fit a word, ``last`` with the last of all.
    """

    def __init__(self, spec: MacSpec):
        self.spec, self.lanes = spec, WORD_BITS // spec.acc_bits
        values = data.ArrayLayout(spec.acc_bits, self.lanes)
        super().__init__({"free": Out(1), "claim": In(1), "blocks": In(range(SLOTS + 1)), "written": In(1),
                          "slot": Out(range(SLOTS)), "seen": In(data.ArrayLayout(OUTPUTS * spec.acc_bits, spec.tiles)),
                          "o": Out(stream.Signature(data.StructLayout({"values": values, "last": 1})))})

    def elaborate(self, platform):
        m = Module()
        words = OUTPUTS * self.spec.acc_bits // WORD_BITS * self.spec.tiles
        state, last_slot = Signal(_State, name="state"), Signal.like(self.slot, name="last_slot")
        word, wait = Signal(range(max(2, words))), Signal(range(READ_STAGES + 1))
        final, whole, ends = Signal(), Signal(), Signal(name="ends")
        m.d.comb += [
            self.free.eq(state == _State.FREE),
            whole.eq(word == words - 1),
            final.eq(whole & ends),
            self.o.valid.eq((state == _State.SEND) & (wait == 0)),
            self.o.p.last.eq(final),
            self.o.p["values"].as_value().eq(self.seen.as_value().word_select(word, WORD_BITS)),
        ]
        m.d.sync += ends.eq(self.slot == last_slot)             # in time: a slot begins with a wait
        with m.Switch(state):
            with m.Case(_State.FREE):
                with m.If(self.claim):
                    m.d.sync += [
                        state.eq(_State.CLAIMED),
                        last_slot.eq(self.blocks - 1),
                    ]
            with m.Case(_State.CLAIMED):
                m.d.sync += [
                    self.slot.eq(0),
                    word.eq(0),
                    wait.eq(READ_STAGES),
                ]
                with m.If(self.written):
                    m.d.sync += state.eq(_State.SEND)
            with m.Case(_State.SEND):
                with m.If(wait != 0):
                    m.d.sync += wait.eq(wait - 1)
                with m.Elif(self.o.ready):
                    m.d.sync += word.eq(Mux(whole, 0, word + 1))
                    with m.If(whole):
                        m.d.sync += [
                            self.slot.eq(self.slot + 1),
                            wait.eq(READ_STAGES),
                        ]
                    with m.If(final):
                        m.d.sync += state.eq(_State.FREE)
        return m

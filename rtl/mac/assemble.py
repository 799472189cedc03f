"""Beats of a packet become whole blocks for the buffers and accumulators, and runs."""
from amaranth import Cat, Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from rtl.bus.loader import BEAT
from rtl.mac.bus import COMMAND
from spec.framing import WORD_BITS
from spec.mac import A_ROWS, PACKETS, SLOTS, MacSpec, a_words, acc_words, b_words


class Assemble(wiring.Component):
    """Collects the words of a block and writes it, on the cycle after its last word; hands on runs.

    Where a row or slot has a block for every tile, the first block of a packet goes to tile 0, the next ones to the next
    tiles, and after the last to the next row. Blocks of A and rows of B go one after another, around their buffers; a packet
    of C begins at slot ``address``. Words of A and B wait for room, those of C while ``busy``; a block for a slot that does
    not exist is dropped and reported on ``range`` for a cycle.

    Parameters
    ----------
    spec : MacSpec

    Members
    -------
    i : ``In(stream.Signature(BEAT))``
    run : ``Out(stream.Signature(COMMAND))``
    room_a, room_b, busy : ``In(1)``
    take_a, take_b : ``Out(1)``
        The last word of a block of A, of a row of B.
    range : ``Out(1)``
    we_a : ``Out(1)``; we_b, we_c : ``Out(spec.tiles)``
        One bit per tile.
    row : ``Out(range(SLOTS or rows))``
    block : ``Out(...)``
        The block; one of A or B at its top.
    """

    def __init__(self, spec: MacSpec):
        self.spec = spec
        self.words = max(a_words(spec), b_words(spec), acc_words(spec))
        super().__init__({"i": In(stream.Signature(BEAT)), "run": Out(stream.Signature(COMMAND)), "room_a": In(1),
                          "room_b": In(1), "busy": In(1), "take_a": Out(1), "take_b": Out(1), "range": Out(1), "we_a": Out(1),
                          "we_b": Out(spec.tiles), "we_c": Out(spec.tiles), "row": Out(range(max(A_ROWS, SLOTS, spec.rows))),
                          "block": Out(self.words * WORD_BITS)})

    def elaborate(self, platform):
        m = Module()
        spec, beat = self.spec, self.i.p
        kind = beat.type[:max(PACKETS.values()).bit_length()]           # the loader lets no other types pass
        is_a, is_b, is_c, is_run = (kind == PACKETS[name] for name in ("a", "b", "c", "run"))
        place, word, tile = (Signal(range(bits), name=name) for name, bits in (
            ("place", self.words), ("word", self.words), ("tile", max(2, spec.tiles))))
        slot, here = (Signal(range(SLOTS + 1), name=name) for name in ("next_slot", "here"))      # SLOTS: there is no such
        beyond = beat.address[SLOTS.bit_length() - 1:].any()
        next_a, next_b = Signal(range(A_ROWS), name="next_a"), Signal(range(spec.rows), name="next_b")
        at = Signal.like(tile, name="at")
        block, last, row_end = Signal(name="taken"), Signal(name="last"), Signal(name="row_end")
        m.d.comb += [
            self.i.ready.eq(Mux(is_run, self.run.ready, Mux(is_a, self.room_a, Mux(is_b, self.room_b, ~self.busy)))),
            self.run.valid.eq(self.i.valid & is_run),
            self.run.payload.eq(beat.data),
            block.eq(self.i.valid & self.i.ready & ~is_run),
            word.eq(Mux(beat.index == 0, 0, place)),
            at.eq(Mux(beat.index == 0, 0, tile)),
            here.eq(Mux(beat.index == 0, Mux(beyond, SLOTS, beat.address), slot)),
            last.eq(word == Mux(is_c, acc_words(spec), Mux(is_a, a_words(spec), b_words(spec))) - 1),
            row_end.eq(is_a | (at == spec.tiles - 1)),
            self.take_a.eq(block & last & is_a),
            self.take_b.eq(block & last & is_b & row_end),
        ]
        m.d.sync += [
            self.we_a.eq(self.take_a),
            self.we_b.eq(0),
            self.we_c.eq(0),
            self.range.eq(0),
            next_a.eq(next_a + self.take_a),
            next_b.eq(next_b + self.take_b),
        ]
        with m.If(block):
            m.d.sync += [
                self.block.eq(Cat(self.block, beat.data)[WORD_BITS:]),
                place.eq(Mux(last, 0, word + 1)),
                slot.eq(here + (last & row_end & ~here[-1])),
                tile.eq(Mux(last, Mux(row_end, 0, at + 1), at)),
            ]
            with m.If(last):
                hot = Cat(at == number for number in range(spec.tiles))
                m.d.sync += [
                    self.row.eq(Mux(is_a, next_a, Mux(is_b, next_b, here))),
                    self.range.eq(is_c & here[-1]),
                    self.we_b.eq(Mux(is_b, hot, 0)),
                    self.we_c.eq(Mux(is_c & ~here[-1], hot, 0)),
                ]
        return m

"""Beats of a packet become whole blocks for the buffers and accumulators."""
from amaranth import Cat, Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from rtl.bus.loader import BEAT
from spec.framing import WORD_BITS
from spec.mac import MacSpec
from spec.mac.register import PACKETS, ROWS, SLOTS, acc_words, operand_words


class Assemble(wiring.Component):
    """Collects the words of a block and writes it, on the cycle after its last word.

    A packet's first block goes to row ``address``, tile 0; where a row has a block for every tile the next go
    to the next tile, and to the next row after the last. Blocks of C wait while ``busy``; a block for a row
    that does not exist is dropped and reported on ``range`` for a cycle.

    Members
    -------
    i : ``In(stream.Signature(BEAT))``
    busy : ``In(1)``
    range : ``Out(1)``
    we_a : ``Out(1)``, we_b, we_c : ``Out(spec.tiles)``
        One bit a tile.
    row : ``Out(range(ROWS))``
    block : ``Out(...)``
        The block; one of A or B at its top.
    """

    def __init__(self, spec: MacSpec):
        self.spec = spec
        self.words = max(operand_words(spec), acc_words(spec))
        super().__init__({"i": In(stream.Signature(BEAT)), "busy": In(1), "range": Out(1), "we_a": Out(1),
                          "we_b": Out(spec.tiles), "we_c": Out(spec.tiles), "row": Out(range(ROWS)),
                          "block": Out(self.words * WORD_BITS)})

    def elaborate(self, platform):
        m = Module()
        spec, beat = self.spec, self.i.p
        is_a, is_c = beat.type == PACKETS["a"], beat.type == PACKETS["c"]
        place, word, row, tile = (Signal(bits, name=name) for name, bits in (
            ("place", range(self.words)), ("word", range(self.words)), ("next_row", len(beat.address)),
            ("tile", range(max(2, spec.tiles)))))
        last, here, fits = Signal(name="last"), Signal.like(row, name="here"), Signal(name="fits")
        at = Signal.like(tile, name="at")
        m.d.comb += [
            self.i.ready.eq(~(self.busy & is_c)),
            word.eq(Mux(beat.index == 0, 0, place)),
            here.eq(Mux(beat.index == 0, beat.address, row)),
            at.eq(Mux(beat.index == 0, 0, tile)),
            last.eq(word == Mux(is_c, acc_words(spec), operand_words(spec)) - 1),
            fits.eq(here < Mux(is_c, SLOTS, ROWS)),
        ]
        m.d.sync += [
            self.we_a.eq(0),
            self.we_b.eq(0),
            self.we_c.eq(0),
            self.range.eq(0),
        ]
        with m.If(self.i.valid & self.i.ready):
            m.d.sync += [
                self.block.eq(Cat(self.block, beat.data)[WORD_BITS:]),
                place.eq(Mux(last, 0, word + 1)),
                row.eq(here),
                tile.eq(at),
            ]
            with m.If(last):
                hot = Cat(at == number for number in range(spec.tiles))
                m.d.sync += [
                    self.row.eq(here),
                    self.range.eq(~fits),
                    self.we_a.eq(is_a & fits),
                    self.we_b.eq(Mux(fits & (beat.type == PACKETS["b"]), hot, 0)),
                    self.we_c.eq(Mux(fits & is_c, hot, 0)),
                ]
                with m.If(is_a | (at == spec.tiles - 1)):
                    m.d.sync += [
                        row.eq(here + 1),
                        tile.eq(0),
                    ]
                with m.Else():
                    m.d.sync += tile.eq(at + 1)
        return m

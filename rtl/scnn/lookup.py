"""Lookup: which activation block comes next, from the records of the supply program."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from rtl.emit import Submodules
from rtl.parts import clock, delayed
from rtl.scnn.bus import DRAINED_BITS, Widths, fields
from rtl.scnn.gate import add_gate
from rtl.scnn.supply_program import LAYER, PART, SEGMENT, Registers, arriving, read_supply
from spec.framing import WORD_BITS
from spec.scnn.program import SUPPLY_LAYER, SUPPLY_SEGMENT
from spec.scnn.shape import ScnnSpec

SHOWN = ("passes", "pairs", "set", "level", "weight_slot_log2", "act_slot_log2", "gather", "product_shift")


class Lookup(wiring.Component):
    """Visits the records of a layer in the order of the passes and looks up one block per cycle.

    The first lookup is seven cycles after ``start``. A lookup for which a part's record is fetched comes five cycles after the
    one before, or six if a segment's record comes first.

    Members
    -------
    start, start_addr : ``In``
        A layer begins.
    program_addr : ``Out``, program : ``In``
        The supply program, read in two cycles.
    passes, pairs, set, level, weight_slot_log2, act_slot_log2, gather, product_shift : ``Out``, loaded : ``Out(1)``
        Fields of the layer, valid while ``loaded``.
    fresh : ``Out(1)``
        ``loaded`` has just become 1.
    drained : ``In``, pass_drained : ``In(1)``
        Passes drained since the reset; another one is drained in this cycle.
    room : ``In(1)``
        Another block may be looked up.
    busy : ``Out(1)``
        From the cycle after ``start`` on, up to the layer's last lookup.
    place : ``In``
        Of the PE in its block at the layer's level.
    o_valid, o_block, o_base, o_first, o_last, o_mine, o_local : ``Out``
        A lookup: the block, the offset added, whether the part is a block's first and its last, whether this PE sends it, and
        whether each PE sends itself its own.
    gated : ``Out(1)``
        The next lookup waits for a pass to be drained.
    """

    def __init__(self, spec: ScnnSpec, library: Submodules):
        self.spec, self._library, self._w = spec, library, Widths(spec)
        w = self._w
        shown = {name: Out(width) for name, width in w.of_record(SUPPLY_LAYER).items() if name in SHOWN}
        super().__init__(shown | {
            "start": In(1), "start_addr": In(w.program), "program_addr": Out(w.program), "program": In(WORD_BITS),
            "loaded": Out(1), "fresh": Out(1), "drained": In(DRAINED_BITS), "pass_drained": In(1),
            "room": In(1), "busy": Out(1), "o_valid": Out(1),
            "o_block": Out(w.block),
            "o_base": Out(w.address), "o_first": Out(1), "o_last": Out(1), "place": In(w.set),
            "o_mine": Out(1), "o_local": Out(1), "gated": Out(1)})

    def elaborate(self, platform):
        m = Module()
        registers = Registers(self._w)
        self._layer, self._segment, self._part = registers.layer, registers.segment, registers.part
        m.d.comb += [getattr(self, name).eq(self._layer[name]) for name in SHOWN]
        last = {name: Signal(name=f"last_{name}") for name in ("part", "pair", "segment", "pass")}
        single = Signal()                                   # the segment's pairs have one part: its record serves them all
        came = read_supply(m, self, registers, last, single)
        pair = self._visit(m, last, single, came)
        self._block(m, pair, came)
        waits = add_gate(m, self, self._part, last, came, along=self._along, passed=self._pass, divides=self._divides,
                         divided=self._divided)
        m.d.comb += [self.o_valid.eq(self.busy & self._have & self.room & ~waits),
                     self.gated.eq(self.busy & self._have & waits)]
        return m

    def _visit(self, m, last, single, came):
        """Go from lookup to lookup: to the next part, pair, segment or pass; return the number of the pair in its segment.

        All but the pair's number stand still for four cycles after a lookup, so that their flags may come from registers.
        """
        segment, layer = self._segment, self._layer
        part, number, passed = (Signal(len(field), name=name) for field, name in (
            (segment["parts"], "part_number"), (layer["segments"], "segment_number"), (layer["passes"], "passed")))
        bits = self._w.block                                # each pair of a segment has a block of its own
        pair, left = Signal(bits, name="pair_number"), Signal(bits + 1, name="pairs_left")
        self._pass, self._have = passed, Signal(name="have")
        self._divides, self._divided = Signal(name="divides"), Signal(name="divided")
        first = Signal()                                    # of the parts of its pair
        m.d.sync += [
            last["part"].eq(part + 1 == segment["parts"]),
            first.eq(part == 0),
            single.eq(segment["parts"] == 1),
            last["segment"].eq(number + 1 == layer["segments"]),
            last["pass"].eq(passed + 1 == layer["passes"]),
            last["pair"].eq(left == 1),
        ]
        m.d.comb += [
            self.o_first.eq(first),
            self.o_last.eq(last["part"]),
        ]
        with m.If(came[SEGMENT]):
            m.d.sync += left.eq(fields(self.program, SUPPLY_SEGMENT)["pairs"])
        with m.If(delayed(m, came[PART], "record", cycles=2) & ~self._divides | self._divided):
            m.d.sync += self._have.eq(1)
        with m.If(self.o_valid):
            m.d.sync += self._have.eq(last["part"] & ~last["pair"] & single)
            with m.If(~last["part"]):
                m.d.sync += part.eq(part + 1)
            with m.Elif(~last["pair"]):
                m.d.sync += [
                    part.eq(0),
                    pair.eq(pair + 1),
                    left.eq(left - 1),
                    last["pair"].eq(left == 2),
                ]
            with m.Else():
                m.d.sync += [
                    part.eq(0),
                    pair.eq(0),
                    number.eq(Mux(last["segment"], 0, number + 1)),
                ]
                with m.If(last["segment"]):
                    m.d.sync += [
                        passed.eq(passed + 1),
                        self.busy.eq(~last["pass"]),
                    ]
        m.d.sync += self.fresh.eq(came[LAYER])
        with m.If(came[LAYER]):
            m.d.sync += self.loaded.eq(1)
        alone = self._part["local"] | (layer["level"] == 0)
        m.d.sync += [
            self.o_local.eq(alone),
            self.o_mine.eq(alone | (self._part["source"] == self.place)),
        ]
        with m.If(self.start):
            m.d.sync += [value.eq(0) for value in (part, pair, number, passed, self._have, self.loaded)]
            m.d.sync += self.busy.eq(1)
        return pair

    def _block(self, m, pair, came):
        """Compute the index of the block looked up: the part's first one, ``advance`` more per pass, one more per pair."""
        bits = self._w.block
        part, advance, number = self._part, arriving(self)["advance"][:bits], self._pass[:bits]
        along, first = Signal(len(advance) + len(number) + 2), Signal(bits)
        m.d.comb += self.o_base.eq(part["base"])
        m.d.sync += first.eq(part["first"] + pair)
        self._library.cell(m, "along", "nz_mult", p_A_BITS=len(advance) + 1, p_B_BITS=len(number) + 1, i_clk=clock(), i_ce=1,
                           i_a=Cat(advance, Const(0, 1)), i_b=Cat(number, Const(0, 1)), o_p=along)
        self._along = along[:bits]                 # in the second cycle after the record's
        with m.If(delayed(m, came[PART], "indexed", cycles=2)):
            m.d.sync += self.o_block.eq(first + self._along)
        with m.Elif(self.o_valid):
            m.d.sync += self.o_block.eq(self.o_block + 1)   # if the record serves the next pair too

"""Lookup: which activation block comes next, from the records of the supply program."""

from amaranth.hdl import Cat, Module, Mux, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from rtl.parts import delayed
from rtl.scnn.bus import ADDRESS_FIELD_BITS, DRAINED_BITS, PAIR_BITS, PASS_BITS, Widths, fields
from spec.framing import WORD_BITS
from spec.scnn.program import SUPPLY_LAYER, SUPPLY_PART, SUPPLY_SEGMENT
from spec.scnn.shape import ScnnSpec

LAYER, SEGMENT, PART, BASE, NOTHING = range(5)      # words of a fetch in their order
SHOWN = ("passes", "pairs", "set", "level", "weight_slot_log2", "act_slot_log2", "gather", "product_shift")


class Lookup(wiring.Component):
    """Visits the records of a layer in the order of the passes and looks up one block per cycle.

    The first lookup is seven cycles after ``start``. A lookup for which a part's record is fetched comes five cycles behind the
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
    place : ``In``
        Of the PE in its block at the layer's level.
    o_valid, o_block, o_base, o_first, o_last, o_mine, o_local : ``Out``
        A lookup: the block, the offset added, whether the part is a block's first and its last, whether this PE sends it, and
        whether each PE sends itself its own.
    gated : ``Out(1)``
        The next lookup waits for a pass to be drained.
    """

    def __init__(self, spec: ScnnSpec):
        self._spec, self._w = spec, Widths(spec)
        w = self._w
        shown = {name: Out(SUPPLY_LAYER[name][1]) for name in SHOWN}
        super().__init__(shown | {
            "start": In(1), "start_addr": In(ADDRESS_FIELD_BITS), "program_addr": Out(w.program), "program": In(WORD_BITS),
            "loaded": Out(1), "fresh": Out(1), "drained": In(DRAINED_BITS), "pass_drained": In(1),
            "room": In(1), "o_valid": Out(1),
            "o_block": Out(w.block),
            "o_base": Out(w.address), "o_first": Out(1), "o_last": Out(1), "place": In(8),
            "o_mine": Out(1), "o_local": Out(1), "gated": Out(1)})

    def elaborate(self, platform):
        m = Module()
        self._layer, self._segment, self._part = (
            {name: Signal(width, name=f"{kind}_{name}") for name, (_, width) in table.items()}
            for kind, table in (("layer", SUPPLY_LAYER), ("segment", SUPPLY_SEGMENT), ("part", SUPPLY_PART)))
        m.d.comb += [getattr(self, name).eq(self._layer[name]) for name in SHOWN]
        last = {name: Signal(name=f"last_{name}") for name in ("part", "pair", "segment", "pass")}
        single = Signal()                                   # the segment's pairs have one part: its record serves them all
        came = self._fetch(m, last, single)
        pair = self._visit(m, last, single, came)
        self._block(m, pair, came)
        waits = self._gate(m, last, came)
        m.d.comb += [self.o_valid.eq(self._busy & self._have & self.room & ~waits),
                     self.gated.eq(self._busy & self._have & waits)]
        return m

    def _fetch(self, m, last, single):
        """Read the words from a layer's head, a segment or a part on to the last one of a part; each arrives two cycles later.

        Where the next record begins is known before the lookup, so it is addressed all the time between two fetches.
        """
        w = self._w
        step, now = Signal(range(NOTHING + 1), init=NOTHING), Signal(range(NOTHING + 1))
        addr, heads, first_segment = (Signal(w.program, name=name) for name in ("addr", "heads", "first_segment"))
        place, between = Signal(w.program), Signal(init=1)
        m.d.comb += [
            now.eq(step),
            place.eq(addr),
            self.program_addr.eq(place),
        ]
        with m.If(self.start):
            m.d.comb += [
                now.eq(LAYER),
                place.eq(self.start_addr[:w.program]),
            ]
        with m.Elif(between):
            with m.If(self.o_valid & ~(last["part"] & ~last["pair"] & single)):
                m.d.comb += now.eq(Mux(last["part"] & last["pair"], SEGMENT, PART))
            with m.If(last["part"]):
                with m.If(~last["pair"]):
                    m.d.comb += place.eq(heads)
                with m.Elif(last["segment"]):
                    m.d.comb += place.eq(first_segment)
        with m.If(now != NOTHING):
            m.d.sync += [
                addr.eq(place + 1),
                step.eq(Mux(now == BASE, NOTHING, now + 1)),
                between.eq(now == BASE),
            ]
        with m.If(now == LAYER):
            m.d.sync += first_segment.eq(place + 1)
        with m.If(now == SEGMENT):
            m.d.sync += heads.eq(place + 1)
        arrives = [delayed(m, now == word, f"arrives{word}", cycles=2) for word in range(NOTHING)]
        self._came_part = fields(Cat(self.program, self.program), SUPPLY_PART)
        low = self._came_part
        for word, registers, values in ((LAYER, self._layer, fields(self.program, SUPPLY_LAYER)),
                                        (SEGMENT, self._segment, fields(self.program, SUPPLY_SEGMENT)),
                                        (PART, self._part, {name: low[name] for name in SUPPLY_PART if name != "base"}),
                                        (BASE, self._part, {"base": low["base"]})):
            with m.If(arrives[word]):
                m.d.sync += [registers[name].eq(value) for name, value in values.items()]
        return arrives

    def _visit(self, m, last, single, came):
        """Go from lookup to lookup: to the next part, pair, segment or pass; return the number of the pair in its segment.

        All but the pair's number stand still for four cycles behind a lookup, so that their flags may come from registers.
        """
        segment, layer = self._segment, self._layer
        part, number, passed = Signal(8, name="part_number"), Signal(8, name="segment_number"), Signal(PASS_BITS)
        pair, left = Signal(PAIR_BITS, name="pair_number"), Signal(PAIR_BITS, name="pairs_left")
        self._pass, self._busy, self._have = passed, Signal(name="busy"), Signal(name="have")
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
                        self._busy.eq(~last["pass"]),
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
            m.d.sync += self._busy.eq(1)
        return pair

    def _block(self, m, pair, came):
        """Compute the index of the block looked up: the part's first one, ``advance`` more per pass, one more per pair."""
        part, along = self._part, Signal(self._w.block)
        m.d.comb += self.o_base.eq(part["base"])
        m.d.sync += along.eq(part["advance"] * self._pass)
        self._along = along
        with m.If(delayed(m, came[PART], "indexed", cycles=2)):
            m.d.sync += self.o_block.eq(part["first"] + along + pair)
        with m.Elif(self.o_valid):
            m.d.sync += self.o_block.eq(self.o_block + 1)   # if the record serves the next pair too

    def _gate(self, m, last, came):
        """Whether the pass needed is not drained: first one of the layer - back + (pairs before) / gate.

        ``ahead`` is how many passes beyond the needed one are drained; it follows both, and is computed anew with a record.
        """
        part = self._part
        first, whole, rest = Signal(DRAINED_BITS), Signal(DRAINED_BITS), Signal(9)
        needed, ahead = Signal(DRAINED_BITS), Signal(signed(DRAINED_BITS))
        base, waits, turn, more = Signal(DRAINED_BITS), Signal(), Signal(), Signal()
        with m.If(self.start):
            m.d.sync += first.eq(first + self._layer["passes"])
        m.d.comb += more.eq(self.o_valid & last["part"] & turn)
        m.d.sync += turn.eq(rest + 1 == part["gate"])
        with m.If(self.o_valid & last["part"]):
            m.d.sync += [
                rest.eq(Mux(turn, 0, rest + 1)),
                turn.eq(Mux(turn, part["gate"] == 1, rest + 2 == part["gate"])),
            ]
            with m.If(turn):
                m.d.sync += whole.eq(whole + 1)
        with m.If(self.start | self.o_valid & last["part"] & last["pair"]):
            m.d.sync += [
                rest.eq(0),
                whole.eq(0),
            ]
        m.d.sync += [
            base.eq(first + whole),
            needed.eq(base - self._came_part["back"]),
        ]
        with m.If(delayed(m, came[PART], "needed", cycles=1)):
            m.d.sync += ahead.eq(self.drained - needed + self.pass_drained)
        with m.Else():
            m.d.sync += ahead.eq(ahead + self.pass_drained - more)
        self._divide(m, came, whole, rest)
        with m.If(self._counted[2]):
            m.d.sync += needed.eq(base - part["back"])
        with m.If(self._counted[3]):
            m.d.sync += ahead.eq(self.drained - needed + self.pass_drained)
        none = Signal()
        m.d.comb += none.eq(Mux(self.pass_drained, Mux(more, ahead <= 0, ahead < 0), Mux(more, ahead <= 1, ahead <= 0)))
        m.d.sync += waits.eq(part["gate"].any() & none & self.o_mine)
        return waits

    def _divide(self, m, came, whole, rest):
        """Divide what the passes before have read by the gate, at the head of a segment, one bit per cycle.

        ``_counted`` is 1 in the cycle of the last bit and in the four behind it; with the last of them the lookup may go on.
        """
        part, bits = self._part, self._w.block
        fresh, left, dividend = Signal(), Signal(range(bits + 1)), Signal(bits)
        trial = Signal(len(rest) + 1)
        with m.If(came[SEGMENT]):
            m.d.sync += fresh.eq(1)
        record = delayed(m, came[PART], "divisor", cycles=2)
        m.d.comb += [self._divides.eq(fresh & part["gate"].any() & part["advance"].any() & self._pass.any()),
                     trial.eq(Cat(dividend[-1], rest))]
        with m.If(record):
            m.d.sync += fresh.eq(0)
        with m.If(record & self._divides):
            m.d.sync += [
                left.eq(bits),
                dividend.eq(self._along),
                whole.eq(0),
                rest.eq(0),
            ]
        with m.If(left.any()):
            m.d.sync += [
                left.eq(left - 1),
                dividend.eq(dividend << 1),
                whole.eq(Cat(trial >= part["gate"], whole)),
                rest.eq(Mux(trial >= part["gate"], trial - part["gate"], trial)),
            ]
        self._counted = [left == 1]
        for k in range(4):
            self._counted.append(delayed(m, self._counted[-1], f"counted{k}", cycles=1))
        m.d.comb += self._divided.eq(self._counted[4])

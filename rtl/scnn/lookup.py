"""Lookup: which activation block comes next, from the records of the supply program."""

from amaranth.hdl import Cat, Module, Mux, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from rtl.parts import delayed
from rtl.scnn.bus import ADDRESS_FIELD_BITS, PAIR_BITS, PASS_BITS, Widths, fields
from spec.framing import WORD_BITS
from spec.scnn.program import SUPPLY_LAYER, SUPPLY_PART, SUPPLY_SEGMENT
from spec.scnn.shape import ScnnSpec

DRAINED_BITS = 16       # of the number of a pass since the reset
LAYER, SEGMENT, PART, BASE, NOTHING = range(5)      # words of a fetch in their order
SHOWN = ("passes", "pairs", "weight_slot_log2", "act_slot_log2", "gather", "product_shift")
FETCH = 4               # cycles that a lookup is late for another record


class Lookup(wiring.Component):
    """Visits the records of a layer in the order of the passes and looks up one block a cycle.

    The first lookup is six cycles after ``start``; one that needs another record comes five cycles after the one before.

    Members
    -------
    start, start_addr : ``In``
        A layer begins.
    program_addr : ``Out``, program : ``In``
        The supply program, read in two cycles.
    passes, pairs, weight_slot_log2, act_slot_log2, gather, product_shift : ``Out``, loaded : ``Out(1)``
        Fields of the layer, valid while ``loaded``.
    fresh : ``Out(1)``
        ``loaded`` has just become 1.
    drained : ``In``
        Passes drained since the reset.
    room : ``In(1)``
        Another block may be looked up.
    o_valid, o_block, o_base, o_first, o_last : ``Out``
        A lookup: the block, the offset added, whether the part is a block's first and its last.
    gated : ``Out(1)``
        The next lookup waits for a pass to be drained.
    """

    def __init__(self, spec: ScnnSpec):
        self._spec, self._w = spec, Widths(spec)
        w = self._w
        shown = {name: Out(SUPPLY_LAYER[name][1]) for name in SHOWN}
        super().__init__(shown | {
            "start": In(1), "start_addr": In(ADDRESS_FIELD_BITS), "program_addr": Out(w.program), "program": In(WORD_BITS),
            "loaded": Out(1), "fresh": Out(1), "drained": In(DRAINED_BITS), "room": In(1), "o_valid": Out(1),
            "o_block": Out(w.block),
            "o_base": Out(w.address), "o_first": Out(1), "o_last": Out(1), "gated": Out(1)})

    def elaborate(self, platform):
        m = Module()
        self._layer, self._segment, self._part = (
            {name: Signal(width, name=f"{kind}_{name}") for name, (_, width) in table.items()}
            for kind, table in (("layer", SUPPLY_LAYER), ("segment", SUPPLY_SEGMENT), ("part", SUPPLY_PART)))
        m.d.comb += [getattr(self, name).eq(self._layer[name]) for name in SHOWN]
        come = Signal(range(NOTHING + 1), init=NOTHING)
        place = Signal(self._w.program)
        came = self._fetch(m, come, place)
        self._visit(m, come, place, came)
        return m

    def _fetch(self, m, come, place):
        """Read from the word ``come`` at ``place`` to the last one of a part; each arrives two cycles later."""
        step, addr = Signal(range(NOTHING + 1), init=NOTHING), Signal(self._w.program)
        now, here = Signal(range(NOTHING + 1)), Signal(self._w.program)
        m.d.comb += [now.eq(Mux(come != NOTHING, come, step)), here.eq(Mux(come != NOTHING, place, addr)),
                     self.program_addr.eq(here)]
        m.d.sync += [addr.eq(here + 1), step.eq(Mux(now == NOTHING, NOTHING, now + 1))]
        arrives = [delayed(m, now == word, f"arrives{word}", cycles=2) for word in range(NOTHING)]
        low = fields(Cat(self.program, self.program), SUPPLY_PART)
        for word, registers, values in ((LAYER, self._layer, fields(self.program, SUPPLY_LAYER)),
                                        (SEGMENT, self._segment, fields(self.program, SUPPLY_SEGMENT)),
                                        (PART, self._part, {name: low[name] for name in SUPPLY_PART if name != "base"}),
                                        (BASE, self._part, {"base": low["base"]})):
            with m.If(arrives[word]):
                m.d.sync += [registers[name].eq(value) for name, value in values.items()]
        return arrives

    def _visit(self, m, come, place, came):
        """Look up; then go to the next part, pair, segment or pass, and fetch its record if it is another one."""
        segment, part, layer = self._segment, self._part, self._layer
        numbers = {"part": (Signal(8, name="part_number"), segment["parts"]),
                   "pair": (Signal(PAIR_BITS, name="pair_number"), segment["pairs"]),
                   "segment": (Signal(8, name="segment_number"), layer["segments"]),
                   "pass": (Signal(PASS_BITS, name="pass_number"), layer["passes"])}
        last = {name: Signal(name=f"last_{name}") for name in numbers}
        m.d.comb += [last[name].eq(number + 1 == count) for name, (number, count) in numbers.items()]
        layer_at, segment_at, part_at = (Signal(self._w.program, name=name) for name in ("layer_at", "segment_at", "part_at"))
        busy, have, again = Signal(), Signal(), Signal()
        along = Signal(self._w.block)                       # advance x pass
        m.d.comb += [again.eq((segment["parts"] == 1) & (~last["pair"] | (layer["segments"] == 1))),
                     self.o_block.eq(part["first"] + along + numbers["pair"][0]), self.o_base.eq(part["base"]),
                     self.o_first.eq(numbers["part"][0] == 0), self.o_last.eq(last["part"]), come.eq(NOTHING)]
        with m.If(self.o_valid):
            with m.If(~last["part"]):
                m.d.sync += [numbers["part"][0].eq(numbers["part"][0] + 1), part_at.eq(part_at + 2)]
                m.d.comb += [come.eq(PART), place.eq(part_at + 2)]
            with m.Else():
                m.d.sync += numbers["part"][0].eq(0)
                with m.If(~last["pair"]):
                    m.d.sync += [numbers["pair"][0].eq(numbers["pair"][0] + 1), part_at.eq(segment_at + 1)]
                    m.d.comb += [come.eq(Mux(again, NOTHING, PART)), place.eq(segment_at + 1)]
                with m.Else():
                    m.d.sync += numbers["pair"][0].eq(0)
                    with m.If(~last["segment"]):
                        m.d.sync += [numbers["segment"][0].eq(numbers["segment"][0] + 1), segment_at.eq(part_at + 2),
                                     part_at.eq(part_at + 3)]
                        m.d.comb += [come.eq(SEGMENT), place.eq(part_at + 2)]
                    with m.Else():
                        m.d.sync += [numbers["segment"][0].eq(0), numbers["pass"][0].eq(numbers["pass"][0] + 1),
                                     segment_at.eq(layer_at + 1), part_at.eq(layer_at + 2), busy.eq(~last["pass"])]
                        m.d.comb += [come.eq(Mux(again, NOTHING, SEGMENT)), place.eq(layer_at + 1)]
                        with m.If(again):
                            m.d.sync += along.eq(along + part["advance"])
            m.d.sync += have.eq(again)
        with m.If(delayed(m, came[PART], "record", cycles=1)):
            m.d.sync += along.eq(part["advance"] * numbers["pass"][0])
        started = delayed(m, self.start, "started", cycles=1)
        with m.If(delayed(m, started | self.o_valid & ~again, "fetched", cycles=FETCH)):
            m.d.sync += have.eq(1)
        m.d.sync += self.fresh.eq(came[LAYER])
        with m.If(came[LAYER]):
            m.d.sync += self.loaded.eq(1)
        waits = self._gate(m, last)
        m.d.comb += [self.o_valid.eq(busy & have & self.room & ~waits), self.gated.eq(busy & have & waits)]
        with m.If(self.start):
            at = self.start_addr[:self._w.program]
            m.d.comb += [come.eq(LAYER), place.eq(at)]
            m.d.sync += [number.eq(0) for number, _ in numbers.values()]
            m.d.sync += [layer_at.eq(at), segment_at.eq(at + 1), part_at.eq(at + 2), busy.eq(1), have.eq(0), self.loaded.eq(0)]

    def _gate(self, m, last):
        """Whether the pass needed is not drained: first one of the layer - back + (pairs before) / gate."""
        part = self._part
        first, whole, rest = Signal(DRAINED_BITS), Signal(DRAINED_BITS), Signal(9)
        ahead = Signal(signed(DRAINED_BITS))
        waits = Signal()
        with m.If(self.start):
            m.d.sync += first.eq(first + self._layer["passes"])
        with m.If(self.o_valid & last["part"]):
            m.d.sync += rest.eq(rest + 1)
            with m.If(rest + 1 == part["gate"]):
                m.d.sync += [rest.eq(0), whole.eq(whole + 1)]
            with m.If(last["pair"]):
                m.d.sync += [rest.eq(0), whole.eq(0)]
        with m.If(self.start):
            m.d.sync += [rest.eq(0), whole.eq(0)]
        m.d.comb += [ahead.eq(self.drained - (first - part["back"] + whole)),
                     waits.eq(part["gate"].any() & (ahead <= 0))]
        return waits

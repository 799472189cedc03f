"""What a weight lane takes from its stream, cycle by cycle, and where that belongs."""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from rtl.emit import Submodules
from rtl.scnn.bus import ADDRESS_FIELD_BITS, Widths
from rtl.scnn.credit import add_credit, visit_sets
from rtl.scnn.items import TOLD, item_widths
from rtl.scnn.lane_program import Position, Registers, follow_program
from spec.framing import WORD_BITS
from spec.scnn.program import LANE_SEGMENT
from spec.scnn.shape import ScnnSpec

FIRST = 5               # cycles from the start of a layer to the last register of its records


class Take(wiring.Component):
    """Follows the layer's records: biases of a pass, then its blocks, set by set; takes what a cycle may take.

    Lane v serves the weight sets v, v + V, ... of V lanes; in a layer of v sets or fewer it does nothing.

    Members
    -------
    start, start_addr, we, load_addr, load_data : ``In``
        A layer begins; the host writes the program.
    items, count : ``In``, take, go : ``Out``
        The oldest items of the stream, how many there are; how many leave, and whether they leave in this cycle.
    released : ``In``, sets : ``In`` array
        One bit per PE, as it arrives; the set that each PE is in.
    o_valid, o_set, o_items, o_few, o_head, o_last, o_empty, o_bias, o_bias_addr, o_tap, o_offset : ``Out``
        A cycle after a take: the set that it is for, the oldest items without their last bits, how many are entries, whether
        they begin and end a block, whether it has none, whether it is a bias; tap base and offset of the block.
    stride, kp_log2, codebook : ``Out``
        Of the layer; the codebook on machines with coded weights.
    entries, waits, count_mismatch : ``Out``
        Entries taken in this cycle; a take waits for the stream alone; a block has more vectors than its slot.
    """

    def __init__(self, spec: ScnnSpec, library: Submodules, lane: int = 0):
        self.spec, self.library, self.lane, self._w = spec, library, lane, Widths(spec)
        w, wide = self._w, item_widths(spec)
        self._items_bits = max(spec.f, spec.bias_items) * spec.entry_bits
        few = range(spec.f + 1)
        super().__init__({
            "start": In(1), "start_addr": In(ADDRESS_FIELD_BITS), "we": In(1), "load_addr": In(16), "load_data": In(WORD_BITS),
            **{name: (Out if name in TOLD else In)(shape) for name, shape in wide.items()},
            "released": In(spec.pes), "sets": In(w.set).array(spec.pes), "o_set": Out(w.set), "o_valid": Out(1),
            "o_items": Out(self._items_bits), "o_few": Out(few), "o_head": Out(1),
            "o_last": Out(1), "o_empty": Out(1), "o_bias": Out(1), "o_bias_addr": Out(w.channel + 2),
            "o_tap": Out(LANE_SEGMENT["tap"][1]), "o_offset": Out(w.address), "stride": Out(w.address), "kp_log2": Out(4),
            "entries": Out(few), "waits": Out(1), "count_mismatch": Out(1)}
            | ({"codebook": Out(4)} if spec.weight_code_bits else {}))

    def elaborate(self, platform):
        m = Module()
        registers = Registers()
        self._layer, self._segment, self._next = registers.layer, registers.segment, registers.following
        m.d.comb += [
            self.stride.eq(self._layer["stride"]),
            self.kp_log2.eq(self._layer["kp_log2"]),
        ]
        if self.spec.weight_code_bits:
            m.d.comb += self.codebook.eq(self._layer["codebook"])
        self._have = Signal()                               # the segment at hand is valid
        self._leave = Signal()                              # it ends in this cycle
        program = follow_program(m, self, registers, have=self._have, leave=self._leave)
        self._begun, self._only = program.begun, program.only
        self._block = Signal()                              # a block is begun in this cycle
        self._move = Signal()                               # the next set's turn
        self._visit = visit_sets(m, self, self._layer, begin=self._begun[2], move=self._move)
        credit = add_credit(m, self, self._layer, self._visit, begin=self._begun[2], block=self._block)
        self._go(m, credit)
        return m

    def _go(self, m, credit):
        """Take a bias, the head of a block with its first entries, or further entries of it."""
        spec, layer = self.spec, self._layer
        lanes, at = spec.f, Position(self._w.address)
        few, go = Signal(range(lanes + 1)), self.go
        may, end, over, enough, none = (Signal(name=name) for name in ("may", "end", "over", "enough", "none"))
        items = [self.items[k * spec.item_bits:(k + 1) * spec.item_bits] for k in range(lanes)]
        ends = [item[-1] for item in items]
        whole = [ends[k] & ~Cat(ends[:k]).any() & (self.count > k) for k in range(lanes - 1)]
        m.d.comb += few.eq(lanes)
        for k in reversed(range(lanes)):
            with m.If(ends[k]):
                m.d.comb += few.eq(k + 1)
        m.d.comb += [
            none.eq(~at.inside & ends[0] & ~items[0][:-1].any()),
            self.take.eq(Mux(at.biases, spec.bias_items, few)),
            may.eq(at.busy & self._have & (credit | at.inside | at.biases)),
            enough.eq(Mux(at.biases, self.count >= spec.bias_items, Cat(whole).any() | (self.count >= lanes))),
            go.eq(may & enough),
            end.eq(go & ~at.biases & Cat(ends).any()),
            over.eq(end & self._visit.last),
            self._block.eq(go & ~at.biases & ~at.inside),
            self.waits.eq(may & ~go),
            self.entries.eq(Mux(go & ~at.biases & ~none, few, 0)),
            self.count_mismatch.eq(go & ~at.biases & (at.number >> layer["slot_log2"]).any()),
        ]
        self._count(m, at, go=go, end=end, over=over)
        self._outputs(m, at, go=go, few=Mux(none, 0, few), end=end, none=none)

    def _count(self, m, at, *, go, end, over):
        """Follow the lane through its layer, with what it takes in this cycle."""
        layer, segment = self._layer, self._segment
        with m.If(self.start):                              # passes of all layers count, those without a set of this lane too
            m.d.sync += at.passed.eq(at.passed + layer["passes"][:2])
        last_segment_pair, last_pair = self._last_pairs(m, at, over)
        with m.If(go & at.biases):
            m.d.sync += at.channel.eq(at.channel + 1)
            with m.If(at.channel + 1 == layer["kc"]):
                m.d.sync += [
                    at.biases.eq(~self._visit.last),
                    at.channel.eq(0),
                ]
                m.d.comb += self._move.eq(1)
        with m.If(go & ~at.biases):
            m.d.sync += [
                at.inside.eq(~end),
                at.number.eq(Mux(end, 0, at.number + 1)),
            ]
        with m.If(end):
            m.d.comb += self._move.eq(1)
        with m.If(over):
            m.d.sync += [
                at.pair.eq(at.pair + 1),
                at.done.eq(at.done + 1),
                at.offset.eq(at.offset + segment["step"]),
            ]
            with m.If(last_segment_pair):
                m.d.sync += [
                    at.pair.eq(0),
                    at.offset.eq(0),
                ]
            with m.If(last_pair):
                m.d.sync += [
                    at.done.eq(0),
                    at.pass_.eq(at.pass_ + 1),
                    at.biases.eq(layer["bias"]),
                ]
                with m.If(at.pass_ + 1 == layer["passes"]):
                    m.d.sync += [
                        at.busy.eq(0),
                        at.biases.eq(0),
                    ]
        with m.If(self._begun[2]):
            m.d.sync += [
                at.busy.eq(layer["sets"] > self.lane),
                at.biases.eq(layer["bias"]),
                at.pass_.eq(0),
                at.pair.eq(0),
                at.done.eq(0),
                at.offset.eq(0),
                at.inside.eq(0),
                at.channel.eq(0),
                at.number.eq(0),
            ]

    def _last_pairs(self, m, at, over):
        """Return whether the pair at hand is the last of its segment, and of its pass, from registers."""
        layer, segment, new = self._layer, self._segment, self._next["pairs"] == 1
        last_segment_pair, last_pair = (Signal() for _ in range(2))
        m.d.comb += self._leave.eq(over & last_segment_pair)
        m.d.sync += [
            last_pair.eq(at.done + 1 == layer["pairs"]),
            last_segment_pair.eq(at.pair + 1 == segment["pairs"]),
        ]
        with m.If(over):
            m.d.sync += [last_pair.eq(Mux(last_pair, layer["pairs"] == 1, at.done + 2 == layer["pairs"])),
                         last_segment_pair.eq(Mux(last_segment_pair, Mux(self._only, segment["pairs"] == 1, new),
                                                  at.pair + 2 == segment["pairs"]))]
        with m.Elif(~self._have):
            m.d.sync += last_segment_pair.eq(new)
        with m.If(self._begun[3]):
            m.d.sync += last_segment_pair.eq(segment["pairs"] == 1)
        return last_segment_pair, last_pair

    def _outputs(self, m, at, *, go, few, end, none):
        """Say in the next cycle what is taken in this one."""
        bits = self.spec.item_bits
        entries = Cat(self.items[first:first + bits - 1] for first in range(0, len(self.items), bits))
        m.d.sync += [
            self.o_valid.eq(go),
            self.o_set.eq(self._visit.place),
            self.o_items.eq(entries),
            self.o_few.eq(few),
            self.o_head.eq(~at.inside),
            self.o_last.eq(end),
            self.o_empty.eq(none),
            self.o_bias.eq(at.biases),
            self.o_bias_addr.eq(Cat(at.channel[:self._w.channel], (at.passed + at.pass_[:2])[:2])),
            self.o_tap.eq(self._segment["tap"]),
            self.o_offset.eq(at.offset),
        ]

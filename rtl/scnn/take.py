"""What a weight lane takes from its stream, cycle by cycle, and where that belongs."""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from rtl.emit import Submodules
from rtl.parts import clock, delayed, leave_open
from rtl.scnn.bus import ADDRESS_FIELD_BITS, PAIR_BITS, PASS_BITS, Widths, fields, slot_count
from rtl.scnn.items import item_widths
from spec.framing import WORD_BITS
from spec.scnn.program import LANE_LAYER, LANE_SEGMENT
from spec.scnn.shape import MAX_SLOTS, ScnnSpec

FIRST = 5               # cycles from the start of a layer to the last register of its records


class Take(wiring.Component):
    """Follows the layer's records: biases of a pass, then its blocks, set by set; takes what a cycle may take.

    Lane v serves the weight sets v, v + V, ... of V lanes; in a layer of v sets or fewer it does nothing.

    Members
    -------
    start, start_addr, we, load_addr, load_data : ``In``
        A layer begins; the host writes the program.
    items, count : ``In``, take : ``Out``
        The oldest items of the stream, how many there are, how many leave.
    released : ``In``, sets : ``In`` array
        One bit per PE, as it arrives; the set that each PE is in.
    o_valid, o_set, o_items, o_few, o_head, o_last, o_empty, o_bias, o_bias_addr, o_tap, o_offset : ``Out``
        A cycle after a take: the set that it is for, the oldest items without their last bits, how many are entries, whether
        they begin and end a block, whether it has none, whether it is a bias; tap base and offset of the block.
    stride, kp_log2 : ``Out`` (and ``codebook``)
        Of the layer.
    entries, waits, count_mismatch : ``Out``
        Entries taken in this cycle; a take waits for the stream alone; a block has more vectors than its slot.
    """

    def __init__(self, spec: ScnnSpec, library: Submodules, lane: int = 0):
        self._spec, self._library, self._w, self._lane = spec, library, Widths(spec), lane
        w, wide = self._w, item_widths(spec)
        self._items_bits = max(spec.f, spec.bias_items) * spec.entry_bits
        few = range(spec.f + 1)
        super().__init__({
            "start": In(1), "start_addr": In(ADDRESS_FIELD_BITS), "we": In(1), "load_addr": In(16), "load_data": In(WORD_BITS),
            **{name: (Out if name == "take" else In)(shape) for name, shape in wide.items()},
            "released": In(spec.pes), "sets": In(w.set).array(spec.pes), "o_set": Out(w.set), "o_valid": Out(1),
            "o_items": Out(self._items_bits), "o_few": Out(few), "o_head": Out(1),
            "o_last": Out(1), "o_empty": Out(1), "o_bias": Out(1), "o_bias_addr": Out(w.channel + 2),
            "o_tap": Out(LANE_SEGMENT["tap"][1]), "o_offset": Out(w.address), "stride": Out(w.address), "kp_log2": Out(4),
            "entries": Out(few), "waits": Out(1), "count_mismatch": Out(1)}
            | ({"codebook": Out(4)} if spec.weight_code_bits else {}))

    def elaborate(self, platform):
        m = Module()
        w = self._w
        self._layer, self._segment, self._next = (
            {name: Signal(width, name=f"{kind}_{name}") for name, (_, width) in table.items()}
            for kind, table in (("layer", LANE_LAYER), ("segment", LANE_SEGMENT), ("next", LANE_SEGMENT)))
        m.d.comb += [
            self.stride.eq(self._layer["stride"]),
            self.kp_log2.eq(self._layer["kp_log2"]),
        ]
        if self._spec.weight_code_bits:
            m.d.comb += self.codebook.eq(self._layer["codebook"])
        self._have = Signal()                               # the segment at hand is valid
        self._leave = Signal()                              # it ends in this cycle
        self._program(m, w)
        credit = self._credit(m)
        self._go(m, credit)
        return m

    def _program(self, m, w):
        """Read the layer's records in a row; then keep the segment behind the one at hand ready."""
        word, addr, place = Signal(WORD_BITS), Signal(w.program), Signal(w.program)
        self._library.cell(m, "program", "nz_ram", p_WIDTH=WORD_BITS, p_DEPTH=self._spec.program, p_LANES=1,
                           p_ADDR_BITS=w.program, i_clk=clock(), i_we=self.we, i_waddr=self.load_addr[:w.program],
                           i_wdata=self.load_data, i_re=1, i_oe=1, i_raddr=place, o_rdata=word)
        first, number = Signal(w.program), Signal(8)
        ready, asked, fetch, self._only = Signal(), Signal(), Signal(), Signal()
        only = self._only
        step = Signal(2)
        m.d.comb += [
            place.eq(Mux(self.start, self.start_addr, addr)),
            only.eq(self._layer["segments"] == 1),
            fetch.eq(self._have & ~ready & ~asked & ~only & (step == 0) & ~self.start),
        ]
        with m.If(self.start):
            m.d.sync += [
                step.eq(1),
                addr.eq(self.start_addr + 1),
                first.eq(self.start_addr + 2),
                self._have.eq(0),
                ready.eq(0),
                asked.eq(0),
                number.eq(0),
            ]
        with m.If(step != 0):
            m.d.sync += [
                step.eq(step + 1),
                addr.eq(addr + (step != 3)),
            ]
        begun = [delayed(m, self.start, "begun", cycles=2)]
        for k in range(3):
            begun.append(delayed(m, begun[-1], f"begun{k}", cycles=1))
        for part, arrives in enumerate(begun[:2]):
            record = fields(Cat(word, word), LANE_LAYER)
            with m.If(arrives):
                m.d.sync += [register.eq(record[name]) for name, register in self._layer.items()
                             if LANE_LAYER[name][0] // WORD_BITS == part]
        segment = fields(word, LANE_SEGMENT)
        with m.If(fetch):
            last = number + 1 == self._layer["segments"]
            m.d.sync += [
                asked.eq(1),
                number.eq(Mux(last, 0, number + 1)),
                addr.eq(Mux(last, first + 1, addr + 1)),
            ]
            m.d.comb += place.eq(Mux(last, first, addr))
        with m.If(self._leave & ~only):
            m.d.sync += [
                *(register.eq(self._next[name]) for name, register in self._segment.items()),
                self._have.eq(ready),
                ready.eq(0),
            ]
        with m.Elif(ready & ~self._have):
            m.d.sync += [
                *(register.eq(self._next[name]) for name, register in self._segment.items()),
                self._have.eq(1),
                ready.eq(0),
            ]
        # a segment that comes in the cycle in which another leaves waits for one cycle more
        with m.If(delayed(m, fetch, "came", cycles=2)):
            m.d.sync += [
                *(register.eq(segment[name]) for name, register in self._next.items()),
                ready.eq(1),
                asked.eq(0),
            ]
        with m.If(begun[2]):
            m.d.sync += [register.eq(segment[name]) for name, register in self._segment.items()]
        with m.If(begun[3]):
            m.d.sync += self._have.eq(1)
        self._begun = begun

    def _credit(self, m):
        """Whether every PE of the set that gets the next block has a free slot, as of two cycles after its release arrived.

        The sets of a lane get block n before any of them gets block n + 1, so that a PE's count of free slots does not depend
        on its set. Before the first release of a layer arrives the sets of the PEs may not be known; all count alike then.
        """
        spec, step = self._spec, self._spec.weight_lanes
        slots, known, asked = Signal(range(MAX_SLOTS + 1)), Signal(), Signal(self._w.set)
        m.d.comb += slots.eq(slot_count(spec.weight_words, self._layer["slot_log2"]))
        self._block = Signal()                              # a block is begun in this cycle
        self._visit(m, step)
        turn = self._block & self._last_place
        if spec.pes == 1:
            leave_open(self.sets[0])
        before = delayed(m, turn, "turn", cycles=1)         # of which the free slots do not know yet
        now, later, then = [], [], []
        for pe in range(spec.pes):
            free = Signal.like(slots, name=f"free{pe}")
            m.d.sync += free.eq(free + self.released[pe] - before)
            with m.If(self._begun[2]):
                m.d.sync += free.eq(slots)
            own, following = ((known & (self.sets[pe] != place)) if spec.pes > 1 else 0 for place in (asked, self._next_place))
            one, two, three = free.any(), free[1:].any(), free[2:].any() | free[:2].all()
            now.append(own | Mux(before, two, one))
            later.append(following | Mux(before, two, one))
            then.append(following | Mux(before, three, two))
        with m.If(self._block):
            m.d.sync += asked.eq(self._next_place)
        with m.If(self.released.any()):
            m.d.sync += known.eq(1)
        with m.If(self._begun[2]):
            m.d.sync += [
                known.eq(0),
                asked.eq(self._lane),
            ]
        enough = Signal()
        m.d.sync += enough.eq(~self._begun[2] & Mux(turn, Cat(then).all(), Mux(self._block, Cat(later).all(), Cat(now).all())))
        return enough

    def _visit(self, m, step):
        """Follow the sets of the lane; whether one is the last, and which one is next, is known with it, from registers."""
        self._place, self._last_place, self._next_place = Signal(self._w.set), Signal(), Signal(self._w.set)
        self._move = Signal()                               # the next set's turn

        def entered(place):
            last = place + step >= self._layer["sets"]
            return [
                self._last_place.eq(last),
                self._next_place.eq(Mux(last, self._lane, place + step)),
            ]

        with m.If(self._move):
            m.d.sync += [self._place.eq(self._next_place), *entered(self._next_place)]
        with m.If(self._begun[2]):
            m.d.sync += [self._place.eq(self._lane), *entered(self._lane)]

    def _go(self, m, credit):
        """Take a bias, the head of a block with its first entries, or further entries of it."""
        spec, layer, segment = self._spec, self._layer, self._segment
        lanes = spec.f
        busy, biases, channel = Signal(), Signal(), Signal(9)
        inside, number = Signal(), Signal(16)               # in a block; takes of it before this one
        pair, pass_, passed = Signal(PAIR_BITS), Signal(PASS_BITS), Signal(2)
        done, offset = Signal(PAIR_BITS), Signal(self._w.address)
        few, need = Signal(range(lanes + 1)), Signal.like(self.take)
        may, go, end, over, enough, none = (Signal(name=name) for name in ("may", "go", "end", "over", "enough", "none"))
        items = [self.items[k * spec.item_bits:(k + 1) * spec.item_bits] for k in range(lanes)]
        ends = [item[-1] for item in items]
        whole = [ends[k] & ~Cat(ends[:k]).any() & (self.count > k) for k in range(lanes - 1)]
        m.d.comb += few.eq(lanes)
        for k in reversed(range(lanes)):
            with m.If(ends[k]):
                m.d.comb += few.eq(k + 1)
        m.d.comb += [
            none.eq(~inside & ends[0] & ~items[0][:-1].any()),
            need.eq(Mux(biases, spec.bias_items, few)),
            may.eq(busy & self._have & (credit | inside | biases)),
            enough.eq(Mux(biases, self.count >= spec.bias_items, Cat(whole).any() | (self.count >= lanes))),
            go.eq(may & enough),
            end.eq(go & ~biases & Cat(ends).any()),
            over.eq(end & self._last_place),
            self.take.eq(Mux(go, need, 0)),
            self._block.eq(go & ~biases & ~inside),
            self.waits.eq(may & ~go),
            self.entries.eq(Mux(go & ~biases & ~none, few, 0)),
            self.count_mismatch.eq(go & ~biases & (number >> layer["slot_log2"]).any()),
        ]
        with m.If(self.start):                              # passes of all layers count, those without a set of this lane too
            m.d.sync += passed.eq(passed + layer["passes"][:2])
        last_segment_pair, last_pair, new = Signal(), Signal(), self._next["pairs"] == 1
        m.d.comb += self._leave.eq(over & last_segment_pair)
        m.d.sync += [
            last_pair.eq(done + 1 == layer["pairs"]),
            last_segment_pair.eq(pair + 1 == segment["pairs"]),
        ]
        with m.If(over):
            m.d.sync += [last_pair.eq(Mux(last_pair, layer["pairs"] == 1, done + 2 == layer["pairs"])),
                         last_segment_pair.eq(Mux(last_segment_pair, Mux(self._only, segment["pairs"] == 1, new),
                                                  pair + 2 == segment["pairs"]))]
        with m.Elif(~self._have):
            m.d.sync += last_segment_pair.eq(new)
        with m.If(self._begun[3]):
            m.d.sync += last_segment_pair.eq(segment["pairs"] == 1)
        with m.If(go & biases):
            m.d.sync += channel.eq(channel + 1)
            with m.If(channel + 1 == layer["kc"]):
                m.d.sync += [
                    biases.eq(~self._last_place),
                    channel.eq(0),
                ]
                m.d.comb += self._move.eq(1)
        with m.If(go & ~biases):
            m.d.sync += [
                inside.eq(~end),
                number.eq(Mux(end, 0, number + 1)),
            ]
        with m.If(end):
            m.d.comb += self._move.eq(1)
        with m.If(over):
            m.d.sync += [
                pair.eq(pair + 1),
                done.eq(done + 1),
                offset.eq(offset + segment["step"]),
            ]
            with m.If(last_segment_pair):
                m.d.sync += [
                    pair.eq(0),
                    offset.eq(0),
                ]
            with m.If(last_pair):
                m.d.sync += [
                    done.eq(0),
                    pass_.eq(pass_ + 1),
                    biases.eq(layer["bias"]),
                ]
                with m.If(pass_ + 1 == layer["passes"]):
                    m.d.sync += [
                        busy.eq(0),
                        biases.eq(0),
                    ]
        with m.If(self._begun[2]):
            m.d.sync += [
                busy.eq(layer["sets"] > self._lane),
                biases.eq(layer["bias"]),
                pass_.eq(0),
                pair.eq(0),
                done.eq(0),
                offset.eq(0),
                inside.eq(0),
                channel.eq(0),
                number.eq(0),
            ]
        self._outputs(m, go=go, few=Mux(none, 0, few), end=end, biases=biases, inside=inside, none=none, channel=channel,
                      ring=passed + pass_[:2], offset=offset)

    def _outputs(self, m, *, go, few, end, biases, inside, none, channel, ring, offset):
        bits = self._spec.item_bits
        entries = Cat(self.items[at:at + bits - 1] for at in range(0, len(self.items), bits))
        m.d.sync += [
            self.o_valid.eq(go),
            self.o_set.eq(self._place),
            self.o_items.eq(entries),
            self.o_few.eq(few),
            self.o_head.eq(~inside),
            self.o_last.eq(end),
            self.o_empty.eq(none),
            self.o_bias.eq(biases),
            self.o_bias_addr.eq(Cat(channel[:self._w.channel], ring[:2])),
            self.o_tap.eq(self._segment["tap"]),
            self.o_offset.eq(offset),
        ]

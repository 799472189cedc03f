"""Leading non-zero detection: a tree that turns rows of distributed activations into a stream of non-zeros."""

from functools import reduce
from operator import or_

from amaranth.hdl import Array, Cat, Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from rtl.eie.bus import Op, Widths
from rtl.eie.picker import lowest
from rtl.eie.token import add_buffer, token_layout
from rtl.emit import Library


class LnzdLeaf(wiring.Component):
    """Scan the activations of up to four PEs row by row and give their non-zeros in ascending order, a token per cycle.

    The command SCAN starts at slot 0; its data is the number of slots in the low bits and, in bit 31, whether zeros count as
    non-zeros (read-out of results). The first token is on the output four cycles after the command.

    Members
    -------
    command : ``In({"op": Op, "data": 32})``
    act, nonzero : ``In``
        Activations of the PEs, an array, and whether each is not 0.
    scan : ``Out(Widths.scan)``
        Goes to all PEs.
    o : ``Out(stream.Signature(token_layout(spec, 2)))``
    """

    def __init__(self, spec, library: Library, count: int):
        self._spec, self._library, self._count, self._w = spec, library, count, Widths(spec)
        self._layout = token_layout(spec, 2)
        super().__init__({
            "command": In(data.StructLayout({"op": Op, "data": 32})), "act": In(spec.act_bits).array(count),
            "nonzero": In(1).array(count), "scan": Out(self._w.scan), "o": Out(stream.Signature(self._layout))})

    def elaborate(self, platform):
        m = Module()
        every = Signal()
        first_valid = Signal()
        row_valid = Signal()
        done = Signal(self._count)
        left = Signal(self._w.rows)
        load = Signal()
        read = Signal()
        slot = Signal(self._w.slot)
        taken = Signal()
        buffer = add_buffer(m, "buffer", self._library, self._layout.size)
        candidates = Signal(self._count)
        nonzero = Cat(self.nonzero)
        place = Signal(2)
        rest = Signal(self._count)
        token = data.View(self._layout, buffer.i.p)
        m.d.comb += [
            candidates.eq((nonzero | every.replicate(self._count)) & ~done),
            place.eq(lowest(candidates)),
            rest.eq(Cat(candidates[k] & candidates[:k].any() for k in range(self._count))),
            token.act.eq(Array(self.act)[place]),
            token.pe.eq(place),
            token.last.eq(~rest.any()),
            token.empty.eq(~candidates.any()),
            buffer.i.valid.eq(row_valid),
            taken.eq(row_valid & buffer.i.ready),
            load.eq(~row_valid | (taken & token.last)),
            read.eq(~first_valid | load),
            self.scan.load.eq(load),
            self.scan.read.eq(read),
            self.scan.addr.eq(slot),
        ]
        wiring.connect(m, buffer.o, wiring.flipped(self.o))
        with m.If(taken):
            m.d.sync += done.eq(Mux(token.last, 0, candidates ^ rest | done))
        with m.If(load):
            m.d.sync += row_valid.eq(first_valid)
        with m.If(read):
            m.d.sync += first_valid.eq(left != 0)
            with m.If(left != 0):
                m.d.sync += [
                    left.eq(left - 1),
                    slot.eq(slot + 1),
                ]
        with m.If(self.command.op == Op.SCAN):
            m.d.sync += [
                left.eq(self.command.data[:self._w.rows]),
                every.eq(self.command.data[31]),
                slot.eq(0),
            ]
        return m


class LnzdNode(wiring.Component):
    """Merge the rows of up to four children into one stream in ascending order, a token per cycle, three cycles after it came.

    What comes from a child goes into a buffer first, so that the choice and what it takes stand close together wherever the
    children are; the token chosen follows a cycle after the choice.
    A row is served when the tokens of all its children are there, so that ``last`` is known; a child that was passed may
    already show the next row. Children without a non-zero in the row are passed with its first token. Only a row that is
    empty in all children becomes an ``empty`` token.

    Members
    -------
    i : ``In(stream.Signature(token_layout(spec, child_bits)))``
        An array, one of each child.
    o : ``Out(stream.Signature(token_layout(spec, child_bits + 2)))``
        Tokens with two more bits of PE number.
    """

    def __init__(self, spec, library: Library, count: int, child_bits: int):
        self._library, self._count = library, count
        self._child, self._layout = token_layout(spec, child_bits), token_layout(spec, child_bits + 2)
        super().__init__({"i": In(stream.Signature(self._child)).array(count), "o": Out(stream.Signature(self._layout))})

    def elaborate(self, platform):
        m = Module()
        children = [self._receive(m, k) for k in range(self._count)]
        heads = [data.View(self._child, child.o.p) for child in children]
        valid = Cat(child.o.valid for child in children)
        passed = Signal(self._count)
        served = Signal()
        wanted = Signal(self._count)
        above = Signal(self._count)
        picked = Signal(self._count)
        taken = Signal()
        last = Signal()
        ended = Cat(head.last for head in heads) | passed       # a child without a non-zero shows ``last`` too
        room = self._choose(m, heads, served, picked, last)
        m.d.comb += [
            wanted.eq(~Cat(head.empty for head in heads) & ~passed),
            above.eq(Cat(wanted[k] & wanted[:k].any() for k in range(self._count))),
            picked.eq(wanted & ~above),
            last.eq(ended.all() & ~above.any()),
            served.eq((valid | passed).all()),
            taken.eq(served & room),
        ]
        for k, child in enumerate(children):
            m.d.comb += child.o.ready.eq(taken & (picked[k] | (heads[k].empty & ~passed[k])))
        with m.If(taken):
            m.d.sync += passed.eq(Mux(last, 0, passed | ended & ~above))
        return m

    def _choose(self, m, heads, served, picked, last):
        """Hold what was decided beside all heads, choose in the next cycle; return whether there is room for a decision."""
        buffer = add_buffer(m, "buffer", self._library, self._layout.size)
        room = Signal()
        held = Signal()
        ends = Signal()
        mine = Signal(self._count)
        kept = [data.View(self._child, Signal(self._child.size, name=f"head{k}", reset_less=True)) for k in range(self._count)]
        token = data.View(self._layout, buffer.i.p)
        place = Cat(mine[1::2].any(), mine[2:].any())           # number of the one bit that is set
        act, pe = (reduce(or_, (getattr(head, name) & bit.replicate(len(getattr(head, name)))
                                for head, bit in zip(kept, mine, strict=True))) for name in ("act", "pe"))
        m.d.comb += [
            room.eq(~held | buffer.i.ready),
            buffer.i.valid.eq(held),
            token.act.eq(act),
            token.pe.eq(Cat(pe, place)),
            token.empty.eq(~mine.any()),
            token.last.eq(ends),
        ]
        wiring.connect(m, buffer.o, wiring.flipped(self.o))
        with m.If(room):
            m.d.sync += [
                held.eq(served),
                mine.eq(picked),
                ends.eq(last),
            ]
            m.d.sync += [copy.eq(head) for copy, head in zip(kept, heads, strict=True)]
        return room

    def _receive(self, m, k):
        """Add the buffer that child ``k`` writes, and return it."""
        buffer = add_buffer(m, f"from{k}", self._library, self._child.size)
        wiring.connect(m, wiring.flipped(self.i[k]), buffer.i)
        return buffer

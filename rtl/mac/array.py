"""Tiles side by side: A's block goes to all of them, each has its own blocks of B, and C stays in the tile."""
from amaranth import Cat, ClockSignal, Const, Module, Mux, Signal, Value
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from rtl.emit import Library
from rtl.mac.feed import CODE_BITS, OUTPUTS, state_bits
from rtl.mac.pipe import Pipe
from rtl.mac.plan import Plan
from rtl.mac.sequence import ISSUE
from rtl.mac.tile import Tile
from rtl.parts import copies, leave_open
from spec.mac.lfsr import LFSR_BITS, seed_of
from spec.mac.lns import LNS_ZERO
from spec.mac.register import ROWS, SLOTS, acc_words, operand_words

READ_STAGES = 2
"""Cycles from a buffer's address to its data."""


class Array(wiring.Component):
    """Operand buffers, ``tiles`` tiles, and a block memory of accumulators in each.

    An operation reads its rows, its operands reach the tiles `READ_STAGES` cycles later, and its result is in
    the accumulator ``accumulate_latency`` cycles after it was issued, so that the same slot may be issued again then.

    Parameters
    ----------
    plan : Plan
    cuts : dict
        As `Pipe` takes them.
    library : Library

    Members
    -------
    valid : ``In(1)``; issue : ``In(ISSUE)``; fmt : ``In(CODE_BITS)``
    we_a, we_b, we_c, row, block : ``In``
        Writes, as `Assemble` makes them; none to an accumulator while operations are under way.
    blocks, start : ``In``
        Slots that a run takes in turn; a run begins.
    look : ``In(1)``; look_slot : ``In(range(SLOTS))``
        Reads accumulators between runs.
    seen : ``Out(ArrayLayout(block of D, tiles))``
        What is in them, `READ_STAGES` cycles later.
    """

    def __init__(self, plan: Plan, cuts: dict[str, int], library: Library):
        self.plan, self.cuts, self.library = plan, cuts, library
        self.spec = spec = plan.spec
        self.tile = Tile(plan, cuts, library)
        self.accumulate_latency = READ_STAGES + self.tile.latency + 1
        words = max(operand_words(spec), acc_words(spec))
        super().__init__({
            "valid": In(1), "issue": In(ISSUE), "fmt": In(CODE_BITS), "we_a": In(1), "we_b": In(spec.tiles),
            "we_c": In(spec.tiles), "row": In(range(ROWS)), "block": In(words * 64),
            "blocks": In(SLOTS.bit_length()), "start": In(1), "look": In(1), "look_slot": In(range(SLOTS)),
            "seen": Out(data.ArrayLayout(OUTPUTS * spec.acc_bits, spec.tiles))})

    def elaborate(self, platform):
        m = Module()
        spec = self.spec
        width = operand_words(spec) * 64
        operand, bits = self.block[len(self.block) - width:], state_bits(spec)
        given = self.block[len(self.block) - OUTPUTS * spec.acc_bits:]
        empty = Const(LNS_ZERO if spec.arith == "lns" else 0, spec.acc_bits).replicate(bits // spec.acc_bits)
        block = Cat(Cat(given.word_select(n, spec.acc_bits), empty)[:bits] for n in range(OUTPUTS))
        a = self._memory(m, "a_buffer", width, ROWS, self.we_a, self.row, operand, self.issue.a_row)
        p = Pipe(m, {})
        valid, fresh = p.put(self.valid, "valid", reset=True), p.put(self.issue.fresh, "fresh")
        p.wait("read", READ_STAGES)
        slot = Signal(range(SLOTS))                             # of the next result: results come in order
        tiles = copies(self.tile, lambda: Tile(self.plan, self.cuts, self.library))
        for number in range(spec.tiles):
            tile = self.library.place(m, f"tile{number}", tiles, module="mac_tile")
            leave_open(tile.i_ready)                            # `Sequence` issues every ``fold`` cycles
            b = self._memory(m, f"b_buffer{number}", width, ROWS, self.we_b[number], self.row, operand,
                             self.issue.b_row)
            acc = self._memory(m, f"accumulator{number}", OUTPUTS * bits, SLOTS,
                               Mux(tile.o_valid, 1, self.we_c[number]),
                               Mux(tile.o_valid, slot, self.row[:len(slot)]),
                               Mux(tile.o_valid, Value.cast(tile.o_d), block),
                               Mux(self.look, self.look_slot, self.issue.slot))
            m.d.comb += [
                tile.i_valid.eq(p[valid]),
                Value.cast(tile.i_op.a).eq(a),
                Value.cast(tile.i_op.b).eq(b),
                Value.cast(tile.i_op.c).eq(Mux(p[fresh], empty.replicate(OUTPUTS), acc)),
                tile.i_op.fmt.eq(self.fmt),
                self.seen[number].eq(Cat(
                    acc.word_select(n, bits)[:spec.acc_bits] for n in range(OUTPUTS))),
            ]
            if spec.stochastic:
                m.d.comb += Value.cast(tile.seeds).eq(Cat(
                    Const(seed_of(spec.seed, OUTPUTS * number + lane), LFSR_BITS) for lane in range(OUTPUTS)))
            if not number:
                with m.If(tile.o_valid):
                    m.d.sync += slot.eq(Mux(slot == self.blocks - 1, 0, slot + 1))
        with m.If(self.start):
            m.d.sync += slot.eq(0)
        return m

    def _memory(self, m, name: str, width: int, depth: int, we, waddr, wdata, raddr):
        """Place a block memory of one write and one read port; return what it reads."""
        out, address = Signal(width, name=name), (depth - 1).bit_length()
        self.library.cell(
            m, name, "nz_ram", p_WIDTH=width, p_DEPTH=depth, p_LANES=1, p_ADDR_BITS=address, i_clk=ClockSignal(),
            i_we=we, i_waddr=waddr[:address], i_wdata=wdata, i_re=Const(1), i_raddr=raddr[:address], i_oe=Const(1),
            o_rdata=out)
        return out

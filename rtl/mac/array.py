"""Tiles side by side: A's block goes to all of them, each has its own blocks of B, and C stays in the tile."""
from amaranth import Cat, ClockSignal, Const, Module, Mux, Signal, Value
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from rtl.emit import Library
from rtl.mac.bus import issue_layout
from rtl.mac.datapath import Datapath
from rtl.mac.feed import OUTPUTS, state_bits
from rtl.mac.pipe import Pipe
from rtl.mac.tile import Tile
from rtl.parts import copies, leave_open
from spec.mac import A_ROWS, SLOTS, a_words, acc_words, b_words
from spec.mac.lfsr import LFSR_BITS, seed_of
from spec.mac.lns import LNS_ZERO

READ_STAGES = 2
"""Cycles from a buffer's address to its data."""


class Array(wiring.Component):
    """Operand buffers, ``tiles`` tiles, and in each a block memory of accumulators and one of results.

    An operation reads its rows, its operands reach the tiles `READ_STAGES` cycles later, and its result is in
    the accumulator ``accumulate_latency`` cycles after it was issued, so that the same slot may be issued again then.
    Results that are D go into the second memory too, where they stay while accumulators are written anew.

    Parameters
    ----------
    datapath : Datapath
    cuts : dict
        As `Pipe` takes them.
    library : Library

    Members
    -------
    valid : ``In(1)``; issue : ``In(issue_layout(spec))``
    retire, last : ``Out(1)``
        A result is written in this cycle; it is the last of D.
    we_a, we_b, we_c, row, block : ``In``
        Writes, as `Assemble` makes them; none to an accumulator while operations are under way.
    look_slot : ``In(range(SLOTS))``; seen : ``Out(ArrayLayout(block of D, tiles))``
        Reads D: what is in a slot, `READ_STAGES` cycles later.
    """

    def __init__(self, datapath: Datapath, cuts: dict[str, int], library: Library):
        self.datapath, self.cuts, self.library = datapath, cuts, library
        self.spec = spec = datapath.spec
        self.tile = Tile(datapath, cuts, library)
        self.accumulate_latency = READ_STAGES + self.tile.latency + 1
        words = max(a_words(spec), b_words(spec), acc_words(spec))
        super().__init__({
            "valid": In(1), "issue": In(issue_layout(spec)), "retire": Out(1), "last": Out(1), "we_a": In(1),
            "we_b": In(spec.tiles), "we_c": In(spec.tiles), "row": In(range(max(A_ROWS, SLOTS, spec.rows))),
            "block": In(words * 64), "look_slot": In(range(SLOTS)),
            "seen": Out(data.ArrayLayout(OUTPUTS * spec.acc_bits, spec.tiles))})

    def elaborate(self, platform):
        m = Module()
        spec, issue = self.spec, self.issue
        bits = state_bits(spec)
        given_a, given_b = (self.block[len(self.block) - 64 * words(spec):] for words in (a_words, b_words))
        given = self.block[len(self.block) - OUTPUTS * spec.acc_bits:]
        empty = Const(LNS_ZERO if spec.arith == "lns" else 0, spec.acc_bits).replicate(bits // spec.acc_bits)
        block = Cat(Cat(given.word_select(n, spec.acc_bits), empty)[:bits] for n in range(OUTPUTS))
        a = self._memory(m, "a_buffer", len(given_a), A_ROWS, self.we_a, self.row, given_a, issue.a_row)
        p = Pipe(m, {})
        valid = p.put(self.valid, "valid", reset=True)
        fresh, fmt, slot = (p.put(issue[name], name) for name in ("fresh", "fmt", "slot"))
        read, last = (p.put(self.valid & issue[name], name, reset=True) for name in ("read", "last"))
        p.wait("read", READ_STAGES)
        early = p.fork()
        p.wait("tile", self.tile.latency)
        tiles = copies(self.tile, lambda: Tile(self.datapath, self.cuts, self.library))
        for number in range(spec.tiles):
            tile = self.library.instantiate(m, f"tile{number}", tiles, module="mac_tile")
            leave_open(tile.i_ready)                            # `Sequence` issues every ``fold`` cycles
            b = self._memory(m, f"b_buffer{number}", len(given_b), spec.rows, self.we_b[number], self.row, given_b, issue.b_row)
            result = Value.cast(tile.o_d)
            acc = self._memory(m, f"accumulator{number}", OUTPUTS * bits, SLOTS, tile.o_valid | self.we_c[number],
                               Mux(tile.o_valid, p[slot], self.row), Mux(tile.o_valid, result, block), issue.slot)
            d = Cat(result.word_select(n, bits)[:spec.acc_bits] for n in range(OUTPUTS))
            m.d.comb += [
                tile.i_valid.eq(early[valid]),
                Cat(Value.cast(tile.i_op.a), Value.cast(tile.i_op.meta)).eq(a),
                Value.cast(tile.i_op.b).eq(b),
                Value.cast(tile.i_op.c).eq(Mux(early[fresh], empty.replicate(OUTPUTS), acc)),
                tile.i_op.fmt.eq(early[fmt]),
                self.seen[number].eq(self._memory(
                    m, f"result{number}", OUTPUTS * spec.acc_bits, SLOTS, p[read], p[slot], d, self.look_slot)),
            ]
            if spec.stochastic:
                m.d.comb += Value.cast(tile.seeds).eq(Cat(
                    Const(seed_of(spec.seed, OUTPUTS * number + lane), LFSR_BITS) for lane in range(OUTPUTS)))
            if not number:
                m.d.comb += self.retire.eq(tile.o_valid)
        m.d.comb += self.last.eq(p[last])
        return m

    def _memory(self, m, name: str, width: int, depth: int, we, waddr, wdata, raddr):
        """Place a block memory of one write and one read port; return what it reads."""
        out, address = Signal(width, name=name), (depth - 1).bit_length()
        self.library.cell(
            m, name, "nz_ram", p_WIDTH=width, p_DEPTH=depth, p_LANES=1, p_ADDR_BITS=address, i_clk=ClockSignal(),
            i_we=we, i_waddr=waddr[:address], i_wdata=wdata, i_re=Const(1), i_raddr=raddr[:address], i_oe=Const(1),
            o_rdata=out)
        return out

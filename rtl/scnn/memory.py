"""The memories of a PE, their writes by the host, and lookup and supply that read them."""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from rtl.emit import Submodules
from rtl.parts import clock
from rtl.scnn.bus import LOADS, Widths
from rtl.scnn.tree import own_place
from spec.framing import WORD_BITS
from spec.scnn.shape import ScnnSpec


class Program(wiring.Component):
    """A program memory of 64-bit words.

    Members
    -------
    we, waddr, wdata : ``In``
        A write in this cycle.
    raddr : ``In``, rdata : ``Out``
        The word at this address, two cycles later.
    """

    def __init__(self, spec: ScnnSpec, library: Submodules):
        self._spec, self._library = spec, library
        bits = Widths(spec).program
        super().__init__({"we": In(1), "waddr": In(bits), "wdata": In(WORD_BITS), "raddr": In(bits), "rdata": Out(WORD_BITS)})

    def elaborate(self, platform):
        m = Module()
        self._library.cell(m, "memory", "nz_ram", p_WIDTH=WORD_BITS, p_DEPTH=self._spec.program, p_LANES=1,
                           p_ADDR_BITS=len(self.raddr), i_clk=clock(), i_we=self.we, i_waddr=self.waddr, i_wdata=self.wdata,
                           i_re=1, i_oe=1, i_raddr=self.raddr, o_rdata=self.rdata)
        return m


def load_program(m, pe, program: Program, name: str, unit) -> None:
    """Join the program ``name`` to the host's writes and to the unit that follows it."""
    place = LOADS.index(name)
    m.d.comb += [
        program.we.eq(pe.load_valid & pe.load.kind[place]),
        program.waddr.eq(pe.load.addr[:len(program.waddr)]),
        program.wdata.eq(pe.load.data[:WORD_BITS]),
        program.raddr.eq(unit.program_addr),
        unit.program.eq(program.rdata),
    ]


def release_layer(m, pe, issue, lookup, supply) -> None:
    """Tell that a layer is released: its last pair is issued, and its lookups are over.

    Other PEs send what this one has yet to look up, so that the issue may end first; the next layer must not begin then.
    """
    over, early = Signal(name="lookups_over"), Signal(name="released_early")
    released = issue.layer_released | early
    m.d.comb += pe.layer_released.eq(released & over)
    m.d.sync += [
        over.eq(~lookup.busy & ~supply.pending),
        early.eq(released & ~over),
    ]


def join_supply(m, pe, *, lookup, supply, acts, drain, compressor, issue) -> None:
    """Add the supply program, the block table and the activation memory, and join lookup and supply to them and to the tree."""
    spec, w, library = pe.spec, Widths(pe.spec), pe.library
    m.submodules.ram_supply = nested = Program(spec, library)
    load_program(m, pe, nested, "supply", lookup)
    table, memory = pe.load_valid & pe.load.kind[2], pe.load_valid & pe.load.kind[3]
    data_ = pe.load.data
    library.cell(
        m, "table", "nz_ram", p_WIDTH=w.word + w.count, p_DEPTH=spec.blocks, p_LANES=1, p_ADDR_BITS=w.block,
        i_clk=clock(), i_we=table | compressor.table_we,
        i_waddr=Mux(table, pe.load.addr[:w.block], compressor.table_addr),
        i_wdata=Mux(table, Cat(data_[:w.word], data_[32:32 + w.count]), compressor.table_data), i_re=1, i_oe=1,
        i_raddr=Mux(pe.reading, pe.read_addr[:w.block], lookup.o_block), o_rdata=pe.o_table)
    library.cell(
        m, "memory", "nz_ram", p_WIDTH=w.act_word, p_DEPTH=spec.memory_words, p_LANES=1, p_ADDR_BITS=w.word,
        i_clk=clock(), i_we=memory | compressor.we, i_waddr=Mux(memory, pe.load.addr[:w.word], compressor.waddr),
        i_wdata=Mux(memory, data_[:w.act_word], compressor.wdata), i_re=1, i_oe=1,
        i_raddr=Mux(pe.reading, pe.read_addr[:w.word], supply.memory_addr), o_rdata=pe.o_word)
    m.d.comb += [
        lookup.start.eq(pe.command.start),
        lookup.start_addr.eq(pe.command.supply),
        lookup.drained.eq(drain.drained),
        lookup.pass_drained.eq(drain.pass_drained),
        lookup.room.eq(supply.room),
        supply.i_valid.eq(lookup.o_valid),
        supply.i_base.eq(lookup.o_base),
        lookup.place.eq(own_place(pe.places, lookup.level, len(spec.block_sides))),
        supply.level.eq(lookup.level),
        pe.level.eq(lookup.level),
        supply.i_mine.eq(lookup.o_mine),
        supply.i_local.eq(lookup.o_local),
        supply.i_bus.eq(pe.i_bus),
        pe.o_bus.eq(supply.o_bus),
        supply.i_did.eq(pe.i_did),
        pe.o_did.eq(supply.o_did),
        supply.i_first.eq(lookup.o_first),
        supply.i_last.eq(lookup.o_last),
        supply.restart.eq(lookup.fresh),
        supply.slot_log2.eq(lookup.act_slot_log2),
        supply.released.eq(issue.act_release),
        supply.table.eq(pe.o_table),
        supply.memory.eq(pe.o_word),
        acts.i_valid.eq(supply.o_valid),
        acts.i_vector.eq(supply.o_vector),
        acts.i_last.eq(supply.o_last),
        acts.i_empty.eq(supply.o_empty),
        pe.bad_run.eq(supply.bad_run),
    ]

"""Control: layers started one after another, the counted cycles, and the read-out of blocks."""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from rtl.emit import Submodules
from rtl.parts import clock
from rtl.scnn.bus import ADDRESS_FIELD_BITS, fields
from spec.framing import WORD_BITS
from spec.scnn.program import LAYER
from spec.scnn.shape import ScnnSpec

TABLE_READ = 3          # cycles from an address to the register of a layer table's word


class Control(wiring.Component):
    """Runs layers of the layer table without the host.

    Members
    -------
    start, read, first, count, ok : ``In``
        Commands of the host; layers to run; no stream error stands.
    we, load_addr, load_data : ``In``
        Writes to the layer table.
    swept : ``In(1)``
        The accumulators have been cleared since the reset.
    released, finished : ``In(1)``
        All PEs have released the last pair of a layer; drained the last pass of the run.
    o_start, lanes, supply, drain, run_first, run_final : ``Out``
        A layer begins in this cycle, with these records.
    counting : ``Out(1)``
        From the first to the last cycle of a run.
    loading, busy, done, refused, clear, reading : ``Out(1)``
    layer : ``Out``
        Number of the layer at hand.
    read_done : ``In(1)``
    """

    def __init__(self, spec: ScnnSpec, library: Submodules):
        self._spec, self._library = spec, library
        self._bits = max(1, (spec.layers - 1).bit_length())
        super().__init__({
            "start": In(1), "read": In(1), "first": In(self._bits), "count": In(self._bits + 1), "ok": In(1), "we": In(1),
            "load_addr": In(16), "load_data": In(WORD_BITS), "swept": In(1), "released": In(1), "finished": In(1),
            "o_start": Out(1), "lanes": Out(ADDRESS_FIELD_BITS), "supply": Out(ADDRESS_FIELD_BITS),
            "drain": Out(ADDRESS_FIELD_BITS), "run_first": Out(1), "run_final": Out(1), "counting": Out(1), "loading": Out(1),
            "busy": Out(1), "done": Out(1), "refused": Out(1), "clear": Out(1), "reading": Out(1), "read_done": In(1),
            "layer": Out(8)})

    def elaborate(self, platform):
        m = Module()
        number, left, loaded, wait = Signal(self._bits), Signal(self._bits + 1), Signal(), Signal(range(8))
        word = Signal(WORD_BITS)
        depth = 1 << self._bits
        self._library.cell(m, "layers", "nz_ram", p_WIDTH=WORD_BITS, p_DEPTH=depth, p_LANES=1, p_ADDR_BITS=self._bits,
                           i_clk=clock(), i_we=self.we, i_waddr=self.load_addr[:self._bits], i_wdata=self.load_data, i_re=1,
                           i_oe=1, i_raddr=number, o_rdata=word)
        m.d.sync += [
            self.o_start.eq(0),
            self.done.eq(0),
            self.refused.eq(0),
            self.clear.eq(0),
        ]
        with m.If(self.we):
            m.d.sync += loaded.eq(1)
        whole = self.first == 0 if self._spec.weight_memory else 1      # the weights kept are those from the first layer on
        legal = loaded & self.ok & whole & self.count.any() & (self.first + self.count <= self._spec.layers)
        with m.FSM() as fsm:
            with m.State("RESET"):
                with m.If(self.swept):
                    m.next = "IDLE"
            with m.State("IDLE"):
                m.d.comb += self.loading.eq(1)
                m.d.sync += [
                    number.eq(self.first),
                    left.eq(self.count),
                    wait.eq(TABLE_READ),
                    self.run_first.eq(1),
                ]
                with m.If(self.start | self.read):
                    with m.If(~Mux(self.start, legal, loaded & self.ok)):
                        m.d.sync += self.refused.eq(1)
                    with m.Elif(self.start):
                        m.d.sync += self.clear.eq(1)
                        m.next = "FETCH"
                    with m.Else():
                        m.next = "READ"
            with m.State("FETCH"):
                m.d.sync += wait.eq(wait - 1)
                with m.If(wait == 0):
                    self._start(m, word, left)
                    m.next = "RUN"
            with m.State("RUN"):
                with m.If(self.o_start):
                    m.d.sync += [
                        self.counting.eq(1),
                        self.run_first.eq(0),
                        self.layer.eq(number),
                        number.eq(number + 1),
                        left.eq(left - 1),
                    ]
                with m.If(self.released & (left != 0)):
                    m.next = "NEXT"
                with m.If(self.finished):
                    m.next = "END"
            with m.State("END"):
                m.d.sync += [
                    self.counting.eq(0),
                    self.done.eq(1),
                ]
                m.next = "IDLE"
            with m.State("NEXT"):
                self._start(m, word, left)
                m.next = "RUN"
            with m.State("READ"):
                m.d.comb += self.reading.eq(1)
                with m.If(self.read_done):
                    m.d.sync += self.done.eq(1)
                    m.next = "IDLE"
            m.d.comb += self.busy.eq(~fsm.ongoing("IDLE"))
        return m

    def _start(self, m, word, left):
        m.d.sync += self.o_start.eq(1)
        m.d.sync += [getattr(self, name).eq(value) for name, value in fields(word, LAYER).items()]
        m.d.sync += self.run_final.eq(left == 1)

"""Weight store: the whole weight stream of a network kept in the machine and given anew to each run."""

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from rtl.emit import Submodules
from rtl.parts import clock
from spec.framing import WORD_BITS
from spec.scnn.shape import ScnnSpec


class WeightStore(wiring.Component):
    """``spec.weight_memory`` transfers of the weight stream in block RAM, in the place of a stream from outside.

    After ``restart`` it gives transfer 0, 1, ...: the first is there 3 cycles later, the others one per cycle. ::

        at -> [array] -> [output register] -> s_weight
               read       valid

    Members
    -------
    we : ``In(1)``, waddr : ``In``, wdata : ``In(64)``
        A word of the host: word w is part ``w % parts`` of transfer ``w // parts``, lowest bits first.
    restart : ``In(1)``
        Begin again with transfer 0.
    o_valid, o_data : ``Out``, o_ready : ``In(1)``
        The transfer at hand.
    """

    def __init__(self, spec: ScnnSpec, library: Submodules):
        self._spec, self._library = spec, library
        super().__init__({
            "we": In(1), "waddr": In(spec.stored_words.bit_length()), "wdata": In(WORD_BITS), "restart": In(1),
            "o_valid": Out(1), "o_data": Out(spec.weight_port_bits), "o_ready": In(1)})

    def elaborate(self, platform):
        m = Module()
        depth, parts = self._spec.weight_memory, self._spec.weight_port_bits // WORD_BITS
        bits, low = max(1, (depth - 1).bit_length()), (parts - 1).bit_length()
        at, read, load, step = Signal(bits), Signal(), Signal(), Signal()
        m.d.comb += [
            load.eq(~self.o_valid | self.o_ready),
            step.eq(~read | load),
        ]
        with m.If(step):
            m.d.sync += [
                at.eq(at + 1),
                read.eq(1),
            ]
        with m.If(load):
            m.d.sync += self.o_valid.eq(read)
        with m.If(self.restart):
            m.d.sync += [
                at.eq(0),
                read.eq(0),
                self.o_valid.eq(0),
            ]
        words = [Signal(WORD_BITS, name=f"part{part}") for part in range(parts)]
        for part, word in enumerate(words):
            mine = self.we & (self.waddr[:low] == part) if low else self.we
            self._library.cell(m, f"weights{part}", "nz_ram", p_WIDTH=WORD_BITS, p_DEPTH=depth, p_LANES=1, p_ADDR_BITS=bits,
                               i_clk=clock(), i_we=mine, i_waddr=self.waddr[low:][:bits], i_wdata=self.wdata, i_re=step,
                               i_oe=load, i_raddr=at, o_rdata=word)
        m.d.comb += self.o_data.eq(Cat(words))
        return m

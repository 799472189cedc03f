"""Loading mode: packets from the host become commands to the PEs and entries of the central memories."""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from rtl.bus.loader import BEAT
from rtl.eie.bus import Op, Widths
from rtl.emit import Library
from rtl.parts import clock
from spec.eie import LAYER_FIELDS, PACKET_PE_SHIFT, PACKETS, ceil_log2

STREAM_BITS = 64


class Loader(wiring.Component):
    """Take beats while ``enable`` and turn each into the commands it holds, one a cycle.

    Codebooks and layer descriptors stay here; the control unit reads them. What lies beyond a memory is not written, and
    reported if a packet addresses it (the unused tail of a packet's last word is no error).

    Members
    -------
    i : ``In(stream.Signature(BEAT))``, enable : ``In(1)``
    op, pe, everyone, addr, data : ``Out``
        The command, NOP if there is none.
    code_addr : ``In``, code : ``Out``
        Read port of the codebooks, answered in the same cycle.
    layer_addr : ``In``, layer : ``Out(128)``
        Read port of the descriptors, answered in the same cycle, at the bit positions of ``LAYER_FIELDS``.
    layers_loaded : ``Out(layers)``, act_loaded : ``Out(1)``, touched : ``Out(1)``, range : ``Out(1)``
        Descriptors that were loaded; a vector was loaded; a codebook changes in this cycle; a packet was out of range.
    """

    def __init__(self, spec, library: Library):
        self._spec, self._library, self._w = spec, library, Widths(spec)
        self._layer_bits = max(1, ceil_log2(spec.layers))
        self._code_bits = ceil_log2(spec.codebooks) + spec.codebook_bits
        super().__init__({
            "i": In(stream.Signature(BEAT)), "enable": In(1), "op": Out(3), "pe": Out(8), "addr": Out(self._w.address),
            "data": Out(32), "code_addr": In(self._code_bits), "code": Out(spec.weight_bits),
            "layer_addr": In(self._layer_bits), "layer": Out(128), "layers_loaded": Out(spec.layers), "act_loaded": Out(1),
            "touched": Out(1), "range": Out(1)})

    def elaborate(self, platform):
        m = Module()
        beat, spec, w = self.i.p, self._spec, self._w
        part = Signal(2)
        place = Signal(32)
        pe = Signal(9)
        here = Signal(32)
        here_pe = Signal(9)
        first = Signal()
        last = Signal()
        field = {"codebook": 16, "layer": STREAM_BITS, "pointers": spec.pointer_field_bits,
                 "words": 32 if w.lanes > 1 else STREAM_BITS, "activations": 16}
        value = Signal(32)
        legal = Signal()
        active = Signal()
        m.d.comb += [first.eq((beat.index == 0) & (part == 0)), active.eq(self.i.valid & self.enable),
                     here.eq(place), here_pe.eq(pe), self.i.ready.eq(self.enable & last),
                     self.range.eq(active & (part == 0) & ~legal)]
        limits = {"codebook": spec.codebooks << spec.codebook_bits, "layer": spec.layers * 2, "pointers": spec.columns,
                  "words": spec.words * w.lanes, "activations": spec.slots}
        m.d.sync += self.op.eq(Op.NOP)
        with m.Switch(beat.type):
            for name, number in PACKETS.items():
                with m.Case(number):
                    parts = min(STREAM_BITS // field[name], 1 << spec.codebook_bits if name == "codebook" else STREAM_BITS)
                    m.d.comb += [last.eq(part == parts - 1),
                                 value.eq(beat.data.word_select(part[:ceil_log2(parts)], field[name])),
                                 legal.eq((here < limits[name]) & (here_pe < spec.pes))]
                    with m.If(first):
                        m.d.comb += self._begin(name, beat, here, here_pe)
                    with m.If(active):
                        self._store(m, name, here, here_pe, value, legal)
        with m.If(active):
            m.d.sync += [part.eq(Mux(last, 0, part + 1)), self.addr.eq(here), self.data.eq(value), self.pe.eq(here_pe)]
            self._advance(m, beat.type == PACKETS["activations"], place, pe, here, here_pe)
        self._central(m, beat, active & legal, here, value)
        return m

    def _begin(self, name, beat, here, here_pe):
        """Where a packet's first part goes."""
        spec = self._spec
        scale = {"codebook": spec.codebook_bits, "layer": 1, "words": self._w.lane}.get(name, 0)
        if name in ("pointers", "words"):
            return [here.eq(beat.address[:PACKET_PE_SHIFT] << scale), here_pe.eq(beat.address[PACKET_PE_SHIFT:])]
        return [here.eq(beat.address[:PACKET_PE_SHIFT] << scale), here_pe.eq(0)]

    def _advance(self, m, dealt, place, pe, here, here_pe):
        """Where the next part goes: activations are dealt to the PEs in turn, the rest lies in one."""
        wrap = here_pe == self._spec.pes - 1
        with m.If(dealt):
            m.d.sync += [pe.eq(Mux(wrap, 0, here_pe + 1)), place.eq(here + wrap)]
        with m.Else():
            m.d.sync += [pe.eq(here_pe), place.eq(here + 1)]

    def _store(self, m, name, here, here_pe, value, legal):
        """Send the command of one part, if it has one, and remember what was loaded."""
        op = {"pointers": Op.POINTER, "words": Op.WORD, "activations": Op.ACT}.get(name, Op.NOP)
        m.d.sync += self.op.eq(Mux(legal, op, Op.NOP))
        if name == "activations":
            m.d.sync += self.act_loaded.eq(1)
        if name == "layer":
            for number in range(self._spec.layers):
                with m.If(here == 2 * number + 1):
                    m.d.sync += self.layers_loaded[number].eq(1)
        if name == "codebook":
            m.d.comb += self.touched.eq(1)

    def _central(self, m, beat, write, here, value):
        """Keep codebooks and descriptors in small memories."""
        spec = self._spec
        self._library.cell(
            m, "codebooks", "nz_regfile", p_WIDTH=spec.weight_bits, p_DEPTH=1 << self._code_bits, p_ADDR_BITS=self._code_bits,
            i_clk=clock(), i_we=write & (beat.type == PACKETS["codebook"]), i_waddr=here[:self._code_bits],
            i_wdata=value[:spec.weight_bits], i_raddr=self.code_addr, o_rdata=self.code)
        for half in range(2):
            width = max(low + bits - 64 * half for low, bits in LAYER_FIELDS.values() if low // 64 == half)
            read = Signal(width, name=f"layer_{half}")
            self._library.cell(
                m, f"layers_{half}", "nz_regfile", p_WIDTH=width, p_DEPTH=1 << self._layer_bits, p_ADDR_BITS=self._layer_bits,
                i_clk=clock(), i_we=write & (beat.type == PACKETS["layer"]) & (here[0] == half),
                i_waddr=here[1:1 + self._layer_bits], i_wdata=beat.data[:width], i_raddr=self.layer_addr, o_rdata=read)
            m.d.comb += self.layer[64 * half:64 * half + width].eq(read)


def descriptor(layer) -> data.View:
    """Return the fields of a descriptor as a view."""
    fields = {name: data.Field(bits, low) for name, (low, bits) in LAYER_FIELDS.items()}
    return data.View(data.FlexibleLayout(128, fields), layer)



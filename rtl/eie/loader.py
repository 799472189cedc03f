"""Loading mode: packets from the host become commands to the PEs and entries of the central memories."""

from amaranth.hdl import Module, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from rtl.bus.loader import BEAT
from rtl.eie.bus import Op, Widths
from rtl.eie.unpack import Part, Unpacker
from rtl.emit import Library
from rtl.parts import clock
from spec.eie import LAYER_FIELDS, LAYER_WORDS, PACKETS, ceil_log2

DELAY = 4 + 4
"""Most cycles from a beat to the last of its commands: so long a start waits for what is still on its way."""

DESCRIPTOR = data.FlexibleLayout(128, {name: data.Field(bits, low) for name, (low, bits) in LAYER_FIELDS.items()})
"""A layer's descriptor, as the host sends it in two words."""

COMMANDS = {"pointers": Op.POINTER, "words": Op.WORD, "activations": Op.ACT}


def load_layout(spec) -> data.StructLayout:
    """Return a command of the loader: a command of the bus, and the PE that it is for."""
    return data.StructLayout(Widths(spec).command.members | {"pe": 8})


class Loader(wiring.Component):
    """Take beats while ``enable`` and turn each into the commands it holds, one per cycle, at most :data:`DELAY` cycles later.

    Codebooks and layer descriptors stay here; the control unit reads them. What lies beyond a memory is not written, however
    far, and reported if a packet addresses it (the unused tail of a packet's last word is no error).

    Members
    -------
    i : ``In(stream.Signature(BEAT))``, enable : ``In(1)``
    command : ``Out(load_layout(spec))``
        The command and the PE that it is for; NOP if there is none.
    code_addr : ``In``, code : ``Out``
        Read port of the codebooks, answered in the same cycle.
    layer_addr : ``In``, layer : ``Out(DESCRIPTOR)``
        Read port of the descriptors, answered in the same cycle.
    layers_loaded : ``Out(layers)``, act_loaded, codebook_written, range : ``Out(1)``
        Descriptors that were loaded; a vector was loaded; a codebook changes in this cycle; a packet was out of range.
    """

    def __init__(self, spec, library: Library):
        self._spec, self._library, self._w = spec, library, Widths(spec)
        self._layer_bits = max(1, ceil_log2(spec.layers))
        self._code_bits = ceil_log2(spec.codebooks) + spec.codebook_bits
        self._limits = {"codebook": spec.codebooks << spec.codebook_bits, "layer": spec.layers * LAYER_WORDS,
                        "pointers": spec.columns, "words": spec.words * self._w.lanes, "activations": spec.slots}
        self._bits = ceil_log2(max(self._limits.values()))      # of a place that is there; one more says that it is beyond
        super().__init__({
            "i": In(stream.Signature(BEAT)), "enable": In(1), "command": Out(load_layout(spec)),
            "code_addr": In(self._code_bits), "code": Out(spec.weight_bits), "layer_addr": In(self._layer_bits),
            "layer": Out(DESCRIPTOR), "layers_loaded": Out(spec.layers), "act_loaded": Out(1), "codebook_written": Out(1),
            "range": Out(1)})

    def elaborate(self, platform):
        m = Module()
        unpacker = Unpacker(self._spec, self._bits)
        unpacker.take(m, self.i, self.enable)
        part = unpacker.unpack(m)
        legal = self._check(m, part)
        self._send(m, part, legal)
        return m

    def _check(self, m, part):
        """Second stage: whether the place exists. Where that is, is registered with the part, which is ``self._later``."""
        spec = self._spec
        legal = Signal()
        self._later = Part("later", self._bits + 1)
        m.d.sync += [mine.eq(its) for mine, its in zip(self._later.all(), part.all(), strict=True)]
        with m.Switch(part.kind):
            for name, kind in PACKETS.items():
                with m.Case(kind):
                    m.d.sync += legal.eq((part.place < self._limits[name]) & (part.pe < spec.pes))
        m.d.comb += self.range.eq(self._later.valid & self._later.head & ~legal)
        return legal

    def _send(self, m, part, legal):
        """Third stage: the command to the PEs, or the write of a central memory."""
        later = self._later
        write = Signal()
        m.d.comb += [
            write.eq(later.valid & legal),
            self.codebook_written.eq(later.valid & (later.kind == PACKETS["codebook"])),
        ]
        m.d.sync += [
            self.command.op.eq(Op.NOP),
            self.command.addr.eq(later.place),
            self.command.data.eq(later.value),
            self.command.pe.eq(later.pe),
        ]
        with m.If(write):
            with m.Switch(later.kind):
                for name, op in COMMANDS.items():
                    with m.Case(PACKETS[name]):
                        m.d.sync += self.command.op.eq(op)
            with m.If(later.kind == PACKETS["activations"]):
                m.d.sync += self.act_loaded.eq(1)
            with m.If(later.kind == PACKETS["layer"]):
                for number in range(self._spec.layers):
                    with m.If(later.place[:self._layer_bits + 1] == LAYER_WORDS * number + 1):
                        m.d.sync += self.layers_loaded[number].eq(1)
        self._keep(m, later, write)

    def _keep(self, m, later, write):
        """Keep codebooks and descriptors in small memories."""
        spec = self._spec
        self._library.cell(
            m, "codebooks", "nz_regfile", p_WIDTH=spec.weight_bits, p_DEPTH=1 << self._code_bits, p_ADDR_BITS=self._code_bits,
            i_clk=clock(), i_we=write & (later.kind == PACKETS["codebook"]), i_waddr=later.place[:self._code_bits],
            i_wdata=later.value[:spec.weight_bits], i_raddr=self.code_addr, o_rdata=self.code)
        for half in range(LAYER_WORDS):
            width = max(low + bits - 64 * half for low, bits in LAYER_FIELDS.values() if low // 64 == half)
            read = Signal(width, name=f"layer_{half}")
            self._library.cell(
                m, f"layers_{half}", "nz_regfile", p_WIDTH=width, p_DEPTH=1 << self._layer_bits, p_ADDR_BITS=self._layer_bits,
                i_clk=clock(), i_we=write & (later.kind == PACKETS["layer"]) & (later.place[0] == half),
                i_waddr=later.place[1:1 + self._layer_bits], i_wdata=later.value[:width], i_raddr=self.layer_addr, o_rdata=read)
            m.d.comb += self.layer.as_value()[64 * half:64 * (half + 1)].eq(read)

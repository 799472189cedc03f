"""Loading mode: packets from the host become commands to the PEs and entries of the central memories."""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from rtl.bus.loader import BEAT
from rtl.eie.bus import Op, Widths
from rtl.emit import Library
from rtl.parts import clock
from spec.eie import LAYER_FIELDS, LAYER_WORDS, PACKET_PE_SHIFT, PACKETS, ceil_log2

STREAM_BITS = 64
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
        self._part_bits = {"codebook": 16, "layer": STREAM_BITS, "pointers": spec.pointer_field_bits,
                           "words": 32 if self._w.lanes > 1 else STREAM_BITS, "activations": 16}
        super().__init__({
            "i": In(stream.Signature(BEAT)), "enable": In(1), "command": Out(load_layout(spec)),
            "code_addr": In(self._code_bits), "code": Out(spec.weight_bits), "layer_addr": In(self._layer_bits),
            "layer": Out(DESCRIPTOR), "layers_loaded": Out(spec.layers), "act_loaded": Out(1), "codebook_written": Out(1),
            "range": Out(1)})

    def elaborate(self, platform):
        m = Module()
        self._take(m)
        part = self._unpack(m)
        legal = self._check(m, part)
        self._send(m, part, legal)
        return m

    def _parts(self, name):
        """Return how many parts a beat of a packet has."""
        fits = STREAM_BITS // self._part_bits[name]
        return min(fits, 1 << self._spec.codebook_bits) if name == "codebook" else fits

    def _take(self, m):
        """Ahead of all: hold a beat, whether it is the first of its packet, and where its packet starts."""
        self._beat = Signal(BEAT)
        self._first = Signal()
        self._valid = Signal()
        self._done = Signal()
        self._start = Signal(self._bits + 1)
        self._start_pe = Signal(9)
        self._final = Signal(2)         # number of the last part of the beat
        scale = {"codebook": self._spec.codebook_bits, "layer": 1, "words": self._w.lane}
        address = self.i.p.address
        m.d.comb += self.i.ready.eq(self.enable & (~self._valid | self._done))
        with m.If(~self._valid | self._done):
            m.d.sync += [
                self._valid.eq(self.i.valid & self.enable),
                self._beat.eq(self.i.p),
                self._start_pe.eq(0),
                self._first.eq(self.i.p.index == 0),
            ]
            with m.Switch(self.i.p.type):
                for name, kind in PACKETS.items():
                    with m.Case(kind):
                        own = name in ("pointers", "words")     # by PE
                        where = address[:PACKET_PE_SHIFT if own else None] << scale.get(name, 0)
                        m.d.sync += self._start.eq(Cat(where[:self._bits], where[self._bits:].any()))
                        m.d.sync += self._final.eq(self._parts(name) - 1)
                        if own:
                            m.d.sync += self._start_pe.eq(address[PACKET_PE_SHIFT:])

    def _unpack(self, m):
        """First stage: take a beat apart, and say where each part goes."""
        spec, beat = self._spec, self._beat
        part = Part("part", self._bits + 1)
        number = Signal(2)
        place = Signal(self._bits + 1)
        pe = Signal(9)
        here = Signal(self._bits + 1)
        here_pe = Signal(9)
        following = Signal(self._bits + 1)
        last = number == self._final
        active = self._valid
        first = self._first & (number == 0)
        m.d.comb += [
            here.eq(Mux(first, self._start, place)),
            here_pe.eq(Mux(first, self._start_pe, pe)),
            self._done.eq(last),
        ]
        m.d.sync += part.valid.eq(active)
        with m.Switch(beat.type):
            for name, kind in PACKETS.items():
                with m.Case(kind):
                    chosen = beat.data.word_select(number[:ceil_log2(self._parts(name))], self._part_bits[name])
                    m.d.sync += part.value.eq(chosen)
        dealt = beat.type == PACKETS["activations"]
        wrap = here_pe == spec.pes - 1
        after = here + (~dealt | wrap)
        m.d.comb += following.eq(Cat(after[:self._bits], after[self._bits] | here[self._bits]))
        with m.If(active):
            m.d.sync += [
                number.eq(Mux(last, 0, number + 1)),
                part.kind.eq(beat.type),
                part.head.eq(number == 0),
                part.place.eq(here),
                part.pe.eq(here_pe),
                pe.eq(Mux(dealt, Mux(wrap, 0, here_pe + 1), here_pe)),
                place.eq(following),
            ]
        return part

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


class Part:
    """Registers of a part of a beat on its way through the loader."""

    def __init__(self, name, place_bits):
        self.valid = Signal(name=f"{name}_valid")
        self.head = Signal(name=f"{name}_head")             # first of its stream word
        self.kind = Signal(8, name=f"{name}_kind")
        self.place = Signal(place_bits, name=f"{name}_place")
        self.pe = Signal(9, name=f"{name}_pe")
        self.value = Signal(STREAM_BITS, name=f"{name}_value")

    def all(self):
        """Return all of them in one order."""
        return self.valid, self.head, self.kind, self.place, self.pe, self.value

"""Loader: packets of the host written to the memories of the central unit and of the PEs."""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from rtl.bus.loader import BEAT
from rtl.scnn.bus import LOADS, Widths, load_layout
from spec.framing import WORD_BITS
from spec.scnn.packet import CODEBOOKS, PACKET_PE_SHIFT, PACKETS
from spec.scnn.shape import ScnnSpec

CENTRAL = ("layers", "lanes", "taps", "codebook", "weights")


class Loader(wiring.Component):
    """Takes a beat a cycle while it is enabled; the write is on the outputs in the next cycle.

    Members
    -------
    enable : ``In(1)``
    i : ``In(stream.Signature(BEAT))``
    we : ``Out(5)``
        Write a memory of the central unit: layers, lanes, taps, codebooks, weights.
    place : ``Out``
        With ``spec.weight_memory``: where in it, for it may be larger than the memories of a PE.
    load, pe : ``Out``, load_valid : ``Out(1)``
        A write to a memory of a PE.
    range : ``Out(1)``
        A word for a place that does not exist.
    """

    def __init__(self, spec: ScnnSpec):
        self._spec, self._w = spec, Widths(spec)
        super().__init__({"enable": In(1), "i": In(stream.Signature(BEAT)), "we": Out(len(CENTRAL)),
                          "load": Out(load_layout(spec)), "load_valid": Out(1), "pe": Out(8), "range": Out(1)}
                         | ({"place": Out(25)} if spec.weight_memory else {}))

    def elaborate(self, platform):
        m = Module()
        spec, beat, load = self._spec, self.i.p, self.load
        take, legal, whole = Signal(), Signal(), Signal(init=1)
        place, start = Signal(25), Signal(25)
        words = -(-self._w.act_word // WORD_BITS)
        m.d.comb += [
            self.i.ready.eq(self.enable),
            take.eq(self.i.valid & self.enable),
            start.eq(beat.address[:PACKET_PE_SHIFT]),
            place.eq(start + beat.index),
        ]
        packed = beat.type == PACKETS["activations"]
        word_place = self._gather(m, take & packed, beat, start, whole, words) if words > 1 else place
        depths = {"layers": spec.layers, "lanes": spec.program, "taps": spec.taps, "codebook": CODEBOOKS,
                  "supply": spec.program, "drain": spec.program, "blocks": spec.blocks, "activations": spec.memory_words,
                  "weights": spec.stored_words}
        # a place beyond every memory is told by the high bits of both operands; the rest needs no more than the low bits
        bits = max(depths.values()).bit_length()
        low, near = Signal(bits + 1), Signal()
        m.d.comb += [
            low.eq(start[:bits] + beat.index[:bits]),
            near.eq(~Cat(start[bits:], beat.index[bits:]).any()),
        ]
        with m.Switch(beat.type):
            for name, number in PACKETS.items():
                with m.Case(number):
                    if name == "codebook":
                        m.d.comb += legal.eq((start < (depths[name] if spec.weight_code_bits else 0)) & (beat.index < 4))
                    else:
                        pe = beat.address[PACKET_PE_SHIFT:] < spec.pes if name in LOADS else 1
                        gathered = words > 1 and name == "activations"
                        inside = word_place < depths[name] if gathered else near & (low < depths[name])
                        m.d.comb += legal.eq(inside & pe)
        central = Cat(beat.type == PACKETS[name] for name in CENTRAL)
        local = Cat(beat.type == PACKETS[name] for name in LOADS)
        ok = take & legal
        m.d.sync += [
            self.we.eq(central & ok.replicate(len(CENTRAL))),
            load.kind.eq(local),
            self.pe.eq(beat.address[PACKET_PE_SHIFT:]),
            self.load_valid.eq(ok & local.any() & (whole | ~packed)),
            self.range.eq(take & ~legal),
            load.addr.eq(Mux(packed, word_place, Mux(beat.type == PACKETS["codebook"],
                                                      Cat(beat.index[:2], start[:4]), place))),
        ]
        if spec.weight_memory:
            m.d.sync += self.place.eq(place)
        if words == 1:
            m.d.sync += load.data.eq(beat.data)
        return m

    def _gather(self, m, take, beat, start, whole, words):
        """Join the stream words of a word of activations; return its address."""
        part, done = Signal(range(words)), Signal(25)
        held = Signal((words - 1) * WORD_BITS)
        here, now = Signal(range(words)), Signal(25)
        new = beat.index == 0
        m.d.comb += [
            here.eq(Mux(new, 0, part)),
            now.eq(Mux(new, start, done)),
            whole.eq(here == words - 1),
        ]
        with m.If(take):
            m.d.sync += [
                part.eq(Mux(whole, 0, here + 1)),
                done.eq(now + whole),
                held.eq(Cat(held, beat.data)[WORD_BITS:]),
            ]
        m.d.sync += self.load.data.eq(Mux(take, Cat(held, beat.data)[:len(self.load.data)], beat.data))
        return now

"""Tokens of the detection tree, and the buffer that stands at every level of it."""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from rtl.emit import Library


def token_layout(spec, pe_bits: int) -> data.StructLayout:
    """One non-zero of a row and the PE it lives in; ``last`` ends the row, ``empty`` says that the row had none."""
    return data.StructLayout({"act": spec.act_bits, "pe": pe_bits, "last": 1, "empty": 1})


def add_buffer(m, name: str, library: Library, bits: int):
    """Add a buffer of tokens of ``bits`` bits to ``m`` and return it; ``last`` and ``empty`` are direct."""
    return library.instantiate(m, name, lambda: TokenBuffer(bits, direct=2), module=f"eie_tokens_{bits}")


class TokenBuffer(wiring.Component):
    """Two-entry buffer: a token per cycle, ready and valid from registers, a token out in the cycle after it went in.

    The entries stay where they were written, so that taking one moves few flip-flops and not a whole token. Its highest
    ``direct`` bits, those that decide what is taken, come straight from registers; the others through a multiplexer.

    Members
    -------
    i : ``In(stream.Signature(bits))``, o : ``Out(stream.Signature(bits))``
    """

    def __init__(self, bits: int, *, direct: int = 0):
        self._bits, self._direct = bits, direct
        super().__init__({"i": In(stream.Signature(bits)), "o": Out(stream.Signature(bits))})

    def elaborate(self, platform):
        m = Module()
        entries = [Signal(self._bits, name=f"entry{k}", reset_less=True) for k in range(2)]
        write = Signal()
        read = Signal()
        full = Signal()
        put = Signal()
        take = Signal()
        steady = self._bits - self._direct
        m.d.comb += [
            self.i.ready.eq(~full),
            put.eq(self.i.valid & ~full),
            take.eq(self.o.valid & self.o.ready),
            self.o.p[:steady].eq(Mux(read, entries[1], entries[0])[:steady]),
        ]
        for k, entry in enumerate(entries):
            with m.If(~full & (write == k)):
                m.d.sync += entry.eq(self.i.p)
        m.d.sync += [
            write.eq(write ^ put),
            read.eq(read ^ take),
        ]
        with m.If(put & ~take):
            m.d.sync += [
                full.eq(self.o.valid),
                self.o.valid.eq(1),
            ]
        with m.Elif(take & ~put):
            m.d.sync += [
                full.eq(0),
                self.o.valid.eq(full),
            ]
        if self._direct:
            head = Signal(self._direct, reset_less=True)
            second = Mux(read, entries[0], entries[1])[steady:]
            with m.If(take | ~self.o.valid):
                m.d.sync += head.eq(Mux(full, second, self.i.p[steady:]))
            m.d.comb += self.o.p[steady:].eq(head)
        return m

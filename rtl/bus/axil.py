"""Control registers on AXI4-Lite, decoded from a register map."""

from functools import reduce
from operator import or_

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from rtl.bus.port import AXIL_ADDRESS_BITS, axil_slave
from rtl.parts import leave_open
from spec.registers import WORD_BITS, WORD_BYTES, WRITABLE, Register, RegisterMap

OKAY, SLVERR = 0b00, 0b10


def layout(register: Register) -> data.StructLayout:
    """Return the fields of a register, bit 0 first."""
    return data.StructLayout({field.name: field.bits for field in register.fields})


class AxiLiteSlave(wiring.Component):
    """The registers of a map, read and written over AXI4-Lite.

    A read is answered three cycles after its address, a write two cycles after the later of its address and
    data, which may come in either order and any number of cycles apart; reads take a transfer every third
    cycle, writes every other. An answer waits until it is taken and holds back the next of its kind, nothing else. Every
    output comes from a register, but for the fields of ``pulse``, one gate later.

    What the kinds of register mean is said in `spec.registers`. ``wstrb`` chooses bytes; the two lowest bits
    of an address are ignored, and so is ``prot``.

    Parameters
    ----------
    registers : RegisterMap

    Members
    -------
    s_axil_* : AXI4-Lite slave of 32 bits
    NAME : ``Out(layout(register))`` of each rw, pulse and w1c register, ``In`` of each ro and counter
    NAME_set : ``In(layout(register))``
        Of each w1c register: a 1 sets the flag.
    """

    def __init__(self, registers: RegisterMap):
        if registers.address_bits > AXIL_ADDRESS_BITS:
            raise ValueError(f"registers of {registers.name} must fit {1 << AXIL_ADDRESS_BITS} bytes, "
                             f"not {1 << registers.address_bits}; give the map fewer")
        self.registers = registers
        ports = {}
        for register in registers.registers:
            init = {field.name: field.init for field in register.fields}
            if register.kind in WRITABLE:
                ports[register.name] = Out(layout(register), init=init)
            elif register.kind != "constant":
                ports[register.name] = In(layout(register))
            if register.kind == "w1c":
                ports[f"{register.name}_set"] = In(layout(register))
        super().__init__(axil_slave() | ports)

    def elaborate(self, platform):
        m = Module()
        leave_open(self.s_axil_awprot)
        leave_open(self.s_axil_arprot)
        written, number, value, mask = self._write_channel(m)
        for register in self.registers.registers:
            if register.kind in WRITABLE:
                hit = Signal(name=f"{register.name}_hit")
                m.d.comb += hit.eq(written & (number == register.offset // WORD_BYTES))
                self._write(m, register, hit, value[:register.bits], mask[:register.bits])
        self._read_channel(m)
        return m

    def _write_channel(self, m):
        """Join address and data; return the strobe of a write, its word address, value and bit mask."""
        address, value, strobe = (Signal.like(getattr(self, f"s_axil_{name}"), name=name)
                                  for name in ("awaddr", "wdata", "wstrb"))
        addressed, filled = Signal(name="addressed"), Signal(name="filled")
        go, legal = Signal(name="write"), Signal(name="legal")
        m.d.comb += [
            self.s_axil_awready.eq(~addressed),
            self.s_axil_wready.eq(~filled),
            go.eq(addressed & filled & (~self.s_axil_bvalid | self.s_axil_bready)),
            legal.eq(Cat(address[2:] == r.offset // WORD_BYTES
                         for r in self.registers.registers if r.kind in WRITABLE).any()),
        ]
        with m.If(self.s_axil_awvalid & self.s_axil_awready):
            m.d.sync += [
                address.eq(self.s_axil_awaddr),
                addressed.eq(1),
            ]
        with m.If(self.s_axil_wvalid & self.s_axil_wready):
            m.d.sync += [
                value.eq(self.s_axil_wdata),
                strobe.eq(self.s_axil_wstrb),
                filled.eq(1),
            ]
        with m.If(self.s_axil_bready):
            m.d.sync += self.s_axil_bvalid.eq(0)
        with m.If(go):
            m.d.sync += [
                addressed.eq(0),
                filled.eq(0),
                self.s_axil_bvalid.eq(1),
                self.s_axil_bresp.eq(Mux(legal, OKAY, SLVERR)),
            ]
        return go, address[2:], value, Cat(bit.replicate(8) for bit in strobe)

    def _write(self, m, register, hit, value, mask):
        bits = getattr(self, register.name).as_value()
        if register.kind == "pulse":
            m.d.comb += bits.eq(value & mask & hit.replicate(register.bits))
        elif register.kind == "rw":
            with m.If(hit):
                m.d.sync += bits.eq(bits & ~mask | value & mask)
        else:
            clear = value & mask & hit.replicate(register.bits)
            m.d.sync += bits.eq(bits & ~clear | getattr(self, f"{register.name}_set").as_value())

    def _read_channel(self, m):
        """Hold an address; in the next cycle decode it to one bit per word; in the third choose by those bits."""
        address = Signal.like(self.s_axil_araddr, name="araddr")
        asked, decoded, go = Signal(name="asked"), Signal(name="decoded"), Signal(name="read")
        kept = Signal(WORD_BITS)                            # the high word of the counter last read
        hits, words, high = [], [], []
        for number, low, above in self._words(kept):
            hit = Signal(name=f"read_{number}")
            m.d.sync += hit.eq(address[2:] == number)
            hits.append(hit)
            words.append(low & hit.replicate(WORD_BITS))
            if above is not None:
                high.append((hit, above))
        m.d.comb += [
            self.s_axil_arready.eq(~asked),
            go.eq(decoded & (~self.s_axil_rvalid | self.s_axil_rready)),
        ]
        m.d.sync += decoded.eq(asked & ~go)
        with m.If(self.s_axil_arvalid & self.s_axil_arready):
            m.d.sync += [
                address.eq(self.s_axil_araddr),
                asked.eq(1),
            ]
        with m.If(self.s_axil_rready):
            m.d.sync += self.s_axil_rvalid.eq(0)
        with m.If(go):
            m.d.sync += [
                asked.eq(0),
                self.s_axil_rvalid.eq(1),
                self.s_axil_rresp.eq(Mux(Cat(hits).any(), OKAY, SLVERR)),
                self.s_axil_rdata.eq(reduce(or_, words)),
            ]
            if high:
                with m.If(Cat(hit for hit, _ in high).any()):
                    m.d.sync += kept.eq(reduce(or_, (above & hit.replicate(WORD_BITS) for hit, above in high)))

    def _words(self, kept):
        """Yield the number of each readable word, its value, and for a counter's low word the bits above (else None)."""
        for register in self.registers.registers:
            number = register.offset // WORD_BYTES
            if register.kind in ("constant", "pulse"):
                yield number, Const(register.init if register.kind == "constant" else 0, WORD_BITS), None
                continue
            value = getattr(self, register.name).as_value()
            counter = register.kind == "counter"
            yield number, value[:WORD_BITS], value[WORD_BITS:] if counter else None
            if counter:
                yield number + 1, kept, None

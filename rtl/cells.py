"""The technology cells of ``rtl/tech`` as Amaranth components, for designs that Amaranth itself simulates or writes out.

Each has the ports and the cycles of the Verilog file of its name, in the domain ``sync``; ``sim/test_cells.py`` compares them.
"""

from amaranth.hdl import Module, Mux, Signal, signed, unsigned
from amaranth.lib import memory, wiring
from amaranth.lib.wiring import In, Out

FACTOR_BITS = 8

Ports = dict[str, wiring.Member]


class Multiplier(wiring.Component):
    """``nz_mult``: p is a * b, both signed, of two enabled cycles ago.

    Members
    -------
    ce : ``In(1)``, a : ``In(signed(A_BITS))``, b : ``In(signed(B_BITS))``, p : ``Out(signed(A_BITS + B_BITS))``
    """

    @staticmethod
    def ports(*, A_BITS: int, B_BITS: int) -> Ports:
        """Return the members of a cell of these parameters."""
        return {"ce": In(1), "a": In(signed(A_BITS)), "b": In(signed(B_BITS)), "p": Out(signed(A_BITS + B_BITS))}

    def __init__(self, *, A_BITS: int, B_BITS: int):
        super().__init__(self.ports(A_BITS=A_BITS, B_BITS=B_BITS))

    def elaborate(self, platform):
        m = Module()
        a_q = Signal.like(self.a, reset_less=True)
        b_q = Signal.like(self.b, reset_less=True)
        p_q = Signal.like(self.p, reset_less=True)
        m.d.comb += self.p.eq(p_q)
        with m.If(self.ce):
            m.d.sync += a_q.eq(self.a)
            m.d.sync += b_q.eq(self.b)
            m.d.sync += p_q.eq(a_q * b_q)
        return m


class MultiplierPair(wiring.Component):
    """``nz_mult_pair``: two multipliers of 8 x 8 bits under one enable.

    Members
    -------
    ce : ``In(1)``, a0, b0, a1, b1 : ``In(signed(8))``, p0, p1 : ``Out(signed(16))``
    """

    @staticmethod
    def ports() -> Ports:
        """Return the members of a cell."""
        factors = dict.fromkeys(("a0", "b0", "a1", "b1"), In(signed(FACTOR_BITS)))
        return {"ce": In(1), "p0": Out(signed(2 * FACTOR_BITS)), "p1": Out(signed(2 * FACTOR_BITS))} | factors

    def __init__(self):
        super().__init__(self.ports())

    def elaborate(self, platform):
        m = Module()
        for number in range(2):
            m.submodules[f"half{number}"] = half = Multiplier(A_BITS=FACTOR_BITS, B_BITS=FACTOR_BITS)
            m.d.comb += half.ce.eq(self.ce)
            m.d.comb += half.a.eq(getattr(self, f"a{number}"))
            m.d.comb += half.b.eq(getattr(self, f"b{number}"))
            m.d.comb += getattr(self, f"p{number}").eq(half.p)
        return m


class Ram(wiring.Component):
    """``nz_ram``: ``re`` reads the array, ``oe`` loads the output register a cycle later; a bit of ``we`` writes a lane.

    With ``REGISTERED`` 0 there is no output register, and what ``re`` read is on ``rdata`` in the cycle after. What a read of
    an address gives in the cycle in which it is written is not defined.

    Members
    -------
    we : ``In(LANES)``, waddr : ``In(ADDR_BITS)``, wdata : ``In(WIDTH)``, re, oe : ``In(1)``, raddr : ``In(ADDR_BITS)``,
    rdata : ``Out(WIDTH)``
    """

    @staticmethod
    def ports(*, WIDTH: int, DEPTH: int, LANES: int, ADDR_BITS: int, REGISTERED: int = 1) -> Ports:
        """Return the members of a cell of these parameters."""
        return {"we": In(LANES), "waddr": In(ADDR_BITS), "wdata": In(WIDTH), "re": In(1), "raddr": In(ADDR_BITS),
                "oe": In(1), "rdata": Out(WIDTH)}

    def __init__(self, *, WIDTH: int, DEPTH: int, LANES: int, ADDR_BITS: int, REGISTERED: int = 1):
        self._width, self._depth, self._lanes, self._registered = WIDTH, DEPTH, LANES, REGISTERED
        super().__init__(self.ports(WIDTH=WIDTH, DEPTH=DEPTH, LANES=LANES, ADDR_BITS=ADDR_BITS))

    def elaborate(self, platform):
        m = Module()
        m.submodules.array = array = memory.Memory(shape=unsigned(self._width), depth=self._depth, init=[])
        write = array.write_port(granularity=self._width // self._lanes)
        read = array.read_port()
        out = Signal(self._width, reset_less=True)
        m.d.comb += [
            write.en.eq(self.we),
            write.addr.eq(self.waddr),
            write.data.eq(self.wdata),
            read.en.eq(self.re),
            read.addr.eq(self.raddr),
            self.rdata.eq(out if self._registered else read.data),
        ]
        with m.If(self.oe):
            m.d.sync += out.eq(read.data)
        return m


class DualReadRam(wiring.Component):
    """``nz_ram_dual``: two reads per cycle, two cycles later; a write takes address A, and A is not read in that cycle.

    Members
    -------
    we : ``In(1)``, wdata : ``In(WIDTH)``, addr_a, addr_b : ``In(ADDR_BITS)``, rdata_a, rdata_b : ``Out(WIDTH)``
    """

    @staticmethod
    def ports(*, WIDTH: int, DEPTH: int, ADDR_BITS: int) -> Ports:
        """Return the members of a cell of these parameters."""
        return {"we": In(1), "wdata": In(WIDTH), "addr_a": In(ADDR_BITS), "addr_b": In(ADDR_BITS),
                "rdata_a": Out(WIDTH), "rdata_b": Out(WIDTH)}

    def __init__(self, *, WIDTH: int, DEPTH: int, ADDR_BITS: int):
        self._width, self._depth = WIDTH, DEPTH
        super().__init__(self.ports(WIDTH=WIDTH, DEPTH=DEPTH, ADDR_BITS=ADDR_BITS))

    def elaborate(self, platform):
        m = Module()
        m.submodules.array = array = memory.Memory(shape=unsigned(self._width), depth=self._depth, init=[])
        write = array.write_port()
        m.d.comb += [
            write.en.eq(self.we),
            write.addr.eq(self.addr_a),
            write.data.eq(self.wdata),
        ]
        for side, address, data, enable in (("a", self.addr_a, self.rdata_a, ~self.we), ("b", self.addr_b, self.rdata_b, 1)):
            port = array.read_port()
            out = Signal(self._width, reset_less=True, name=f"out_{side}")
            m.d.comb += [
                port.en.eq(enable),
                port.addr.eq(address),
                data.eq(out),
            ]
            m.d.sync += out.eq(port.data)
        return m


class RegisterFile(wiring.Component):
    """``nz_regfile``: a write takes effect in the next cycle, a read is answered in the same one.

    Members
    -------
    we : ``In(1)``, waddr : ``In(ADDR_BITS)``, wdata : ``In(WIDTH)``, raddr : ``In(ADDR_BITS)``, rdata : ``Out(WIDTH)``
    """

    @staticmethod
    def ports(*, WIDTH: int, DEPTH: int, ADDR_BITS: int) -> Ports:
        """Return the members of a cell of these parameters."""
        return {"we": In(1), "waddr": In(ADDR_BITS), "wdata": In(WIDTH), "raddr": In(ADDR_BITS), "rdata": Out(WIDTH)}

    def __init__(self, *, WIDTH: int, DEPTH: int, ADDR_BITS: int):
        self._width, self._depth = WIDTH, DEPTH
        super().__init__(self.ports(WIDTH=WIDTH, DEPTH=DEPTH, ADDR_BITS=ADDR_BITS))

    def elaborate(self, platform):
        m = Module()
        m.submodules.array = array = memory.Memory(shape=unsigned(self._width), depth=self._depth, init=[])
        write = array.write_port()
        read = array.read_port(domain="comb")
        m.d.comb += [
            write.en.eq(self.we),
            write.addr.eq(self.waddr),
            write.data.eq(self.wdata),
            read.addr.eq(self.raddr),
            self.rdata.eq(read.data),
        ]
        return m


class AddSub(wiring.Component):
    """``nz_add_sub``: s is a + b, or a - b where ``sub``, in the same cycle.

    Members
    -------
    a, b : ``In(BITS)``, sub : ``In(1)``, s : ``Out(BITS)``
    """

    clocked = False

    @staticmethod
    def ports(*, BITS: int) -> Ports:
        """Return the members of a cell of these parameters."""
        return {"a": In(BITS), "b": In(BITS), "sub": In(1), "s": Out(BITS)}

    def __init__(self, *, BITS: int):
        super().__init__(self.ports(BITS=BITS))

    def elaborate(self, platform):
        m = Module()
        m.d.comb += self.s.eq(Mux(self.sub, self.a - self.b, self.a + self.b))
        return m


class MergeAdd(wiring.Component):
    """``nz_merge_add``: s is (a | b) + (c | d) modulo ``2**BITS``, in the same cycle.

    Members
    -------
    a, b, c, d : ``In(BITS)``, s : ``Out(BITS)``
    """

    clocked = False

    @staticmethod
    def ports(*, BITS: int) -> Ports:
        """Return the members of a cell of these parameters."""
        return {"a": In(BITS), "b": In(BITS), "c": In(BITS), "d": In(BITS), "s": Out(BITS)}

    def __init__(self, *, BITS: int):
        super().__init__(self.ports(BITS=BITS))

    def elaborate(self, platform):
        m = Module()
        m.d.comb += self.s.eq((self.a | self.b) + (self.c | self.d))
        return m


class MaskedAdd(wiring.Component):
    """``nz_masked_add``: s is (a | b) + c modulo ``2**BITS`` if m, else a + c, in the same cycle.

    Members
    -------
    a, b, c : ``In(BITS)``, m : ``In(1)``, s : ``Out(BITS)``
    """

    clocked = False

    @staticmethod
    def ports(*, BITS: int) -> Ports:
        """Return the members of a cell of these parameters."""
        return {"a": In(BITS), "b": In(BITS), "c": In(BITS), "m": In(1), "s": Out(BITS)}

    def __init__(self, *, BITS: int):
        super().__init__(self.ports(BITS=BITS))

    def elaborate(self, platform):
        m = Module()
        m.d.comb += self.s.eq((self.a | self.b & self.m.replicate(len(self.b))) + self.c)
        return m


class Choose(wiring.Component):
    """``nz_choose``: one of ``2**STEPS`` words, in the same cycle; word n stands at bits ``n * WIDTH`` and above.

    Members
    -------
    words : ``In(WIDTH << STEPS)``, choice : ``In(STEPS)``, word : ``Out(WIDTH)``
    """

    clocked = False

    @staticmethod
    def ports(*, WIDTH: int, STEPS: int) -> Ports:
        """Return the members of a cell of these parameters."""
        return {"words": In(WIDTH << STEPS), "choice": In(STEPS), "word": Out(WIDTH)}

    def __init__(self, *, WIDTH: int, STEPS: int):
        super().__init__(self.ports(WIDTH=WIDTH, STEPS=STEPS))

    def elaborate(self, platform):
        m = Module()
        m.d.comb += self.word.eq(self.words.word_select(self.choice, len(self.word)))
        return m


CELLS = {"nz_add_sub": AddSub, "nz_choose": Choose, "nz_masked_add": MaskedAdd,
         "nz_merge_add": MergeAdd, "nz_mult": Multiplier, "nz_mult_pair": MultiplierPair, "nz_ram": Ram,
         "nz_ram_dual": DualReadRam, "nz_regfile": RegisterFile}
"""Each by its name; one whose class says ``clocked = False`` has no port ``clk``."""

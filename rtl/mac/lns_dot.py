"""The dot unit of the logarithmic lane: products by addition, summed one after another."""
from amaranth import Cat, Module
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from rtl.emit import Library
from rtl.mac.feed import state_bits
from rtl.mac.lns_add import LnsAdd, lns_product
from rtl.mac.pipe import Late, Pipe
from rtl.parts import copies
from spec.mac import MacSpec
from spec.mac.lns import LNS_BITS


class LnsDot(wiring.Component):
    """C plus k products, added in ascending k, pipelined through all its adders; one operation every cycle.

    With Kahan compensation every term takes four additions instead of one, and the compensation enters and
    leaves beside C and D, in their upper half.

    Parameters
    ----------
    spec : MacSpec
    cuts : dict
        As `Pipe` takes them.
    library : Library
        Takes the adder.

    Members
    -------
    a, b : ``In(ArrayLayout(LNS_BITS, spec.k))``
    c : ``In(state_bits(spec))``
    d : ``Out(state_bits(spec))``, ``latency`` cycles later
    """

    def __init__(self, spec: MacSpec, cuts: dict[str, int], library: Library):
        self.spec, self.library, self.adder, self.adders = spec, library, LnsAdd(spec, cuts), 0
        words = data.ArrayLayout(LNS_BITS, spec.k)
        super().__init__({"a": In(words), "b": In(words), "c": In(state_bits(spec)), "d": Out(state_bits(spec))})
        self.adder_copies = copies(self.adder, lambda: LnsAdd(spec, cuts))
        self._module = m = Module()
        p = Pipe(m, cuts)
        products = [lns_product(p, self.a[lane], self.b[lane]) for lane in range(spec.k)]
        s = p.put(self.c[:LNS_BITS], "c")
        e = p.put(self.c[LNS_BITS:], "kept") if spec.kahan else None
        p.cut("product")
        for product in products:
            if spec.kahan:
                y = self._sum(p, product, e, subtract=1)
                u = self._sum(p, s, y)
                v = self._sum(p, u, s, subtract=1)
                e = self._sum(p, v, y, subtract=1)
                s = u
            else:
                s = self._sum(p, s, product)
        m.d.comb += self.d.eq(Cat(p[s], p[e]) if spec.kahan else p[s])
        self.latency, self.log = p.stage, tuple(p.log)

    def _sum(self, p: Pipe, x: Late, y: Late, subtract: int = 0) -> Late:
        """Place an adder and let its cycles pass."""
        port = self.library.instantiate(p.m, f"add{self.adders}", self.adder_copies, module="mac_lns_add")
        p.m.d.comb += [
            port.x.eq(p[x]),
            port.y.eq(p[y]),
            port.subtract.eq(subtract),
        ]
        self.adders += 1
        p.wait("add", self.adder.latency)
        return Late(port.o, p.stage)

    def elaborate(self, platform):
        return self._module

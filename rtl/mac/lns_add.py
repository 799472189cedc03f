"""Addition and multiplication of logarithmic words."""
from math import log2

from amaranth import Cat, Const, Module, Mux, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from rtl.mac.pipe import Late, Pipe
from spec.mac import MacSpec
from spec.mac.lns import LNS_BITS, LNS_LIMIT, LNS_ZERO

SUM_BITS = LNS_BITS + 1
"""Bits of a sum of two logarithms, or of one and a table's entry."""


def tables(spec: MacSpec) -> tuple[list[int], list[int], list[int]]:
    """Return the tables of log2(1 + 2^-x), and of -log2(1 - 2^-x) within one octave and beyond, without their zeros.

    The first and the third are addressed by the difference less its lowest bits, in the middle of each cell;
    the second by the difference itself.
    """
    one, cells = 1 << spec.lns_frac, 1 << spec.lns_step
    middle = 0.0 if spec.lns_frac == spec.lns_step else 0.5
    plus, far = [], []
    for i in range(16 * cells):
        x = (i + middle) / cells
        plus.append(round(one * log2(1 + 2.0**-x)))
        far.append(round(-one * log2(1 - 2.0**-x)) if x >= 1 else 0)
    near = [0] + [round(-one * log2(1 - 2.0**(-d / one))) for d in range(1, one)]
    while plus[-1] == 0:
        plus.pop()
    while far[-1] == 0:
        far.pop()
    return plus, near, far


def lns_product(p: Pipe, a, b) -> Late:
    """Return a * b: signs exclusive-or, logarithms added."""
    total = Signal(signed(SUM_BITS), name="log_sum")
    p.m.d.comb += total.eq(_log(a) + _log(b))
    word = _word(a[-1] ^ b[-1], total, _is_zero(a) | _is_zero(b))
    return p.put(word, "product")


class LnsAdd(wiring.Component):
    """x + y, or x - y, of logarithmic words, pipelined: ``o`` holds it ``latency`` cycles later.

    Parameters
    ----------
    spec : MacSpec
    cuts : dict
        As `Pipe` takes them; there are places ``compare``, ``table`` and ``add``.

    Members
    -------
    x, y : ``In(LNS_BITS)``
    subtract : ``In(1)``
    o : ``Out(LNS_BITS)``
    """

    def __init__(self, spec: MacSpec, cuts: dict[str, int]):
        self.spec, self.cuts = spec, cuts
        super().__init__({"x": In(LNS_BITS), "y": In(LNS_BITS), "subtract": In(1), "o": Out(LNS_BITS)})
        self._module = Module()
        p = Pipe(self._module, cuts)
        result = self._sum(p)
        self._module.d.comb += self.o.eq(p[result])
        self.latency, self.log = p.stage, tuple(p.log)

    def elaborate(self, platform):
        return self._module

    def _sum(self, p: Pipe) -> Late:
        first, second = self.x, Cat(self.y[:-1], self.y[-1] ^ self.subtract)
        gap = Signal(signed(SUM_BITS), name="gap")
        p.m.d.comb += gap.eq(_log(first) - _log(second))
        behind = gap[-1]                                        # the second is the larger
        distance = p.put(Mux(behind, -gap, gap)[:LNS_BITS - 1], "distance")
        only = p.put(Mux(_is_zero(first), second, first), "only")
        alone = p.put(_is_zero(first) | _is_zero(second), "alone")
        unlike = p.put(first[-1] ^ second[-1], "unlike")
        larger = p.put(Mux(behind, second, first), "larger")
        p.cut("compare")
        change = p.put(_table(p, self.spec, p[distance], p[unlike]), "change")
        gone = p.put(p[unlike] & (p[distance] == 0), "gone")
        p.cut("table")
        total = Signal(signed(SUM_BITS), name="log_total")
        p.m.d.comb += total.eq(_log(p[larger]) + Mux(p[unlike], -p[change], p[change]))
        word = _word(p[larger][-1], total, p[gone])
        result = p.put(Mux(p[alone], Mux(_is_zero(p[only]), LNS_ZERO, p[only]), word)[:LNS_BITS], "sum")
        p.cut("add")
        return result


def _table(p: Pipe, spec: MacSpec, distance, unlike):
    """Return by how much the larger logarithm changes, from the tables."""
    plus, near, far = tables(spec)
    cell = distance[spec.lns_frac - spec.lns_step:]
    within = ~distance[spec.lns_frac:].any()
    found = []
    for name, address, entries in (("plus", cell, plus), ("near", distance[:spec.lns_frac], near), ("far", cell, far)):
        bits = (len(entries) - 1).bit_length()
        p.m.submodules[name] = memory = Memory(shape=max(entries).bit_length(), depth=1 << bits,
                                               init=[*entries, *[0] * ((1 << bits) - len(entries))])
        port = memory.read_port(domain="comb")
        p.m.d.comb += port.addr.eq(address[:bits])
        found.append(Mux(address[bits:].any(), 0, port.data))
    return Mux(unlike, Mux(within, found[1], found[2]), found[0])


def _log(word):
    return word[:LNS_BITS - 1].as_signed()


def _is_zero(word):
    return word[:LNS_BITS - 1] == LNS_ZERO


def _word(neg, log, zero):
    """Return a word from its parts: too large saturates, too small is zero."""
    low = log <= -LNS_LIMIT - 1
    value = Mux(log > LNS_LIMIT, Const(LNS_LIMIT, LNS_BITS - 1), log[:LNS_BITS - 1])
    return Mux(zero | low, Const(LNS_ZERO, LNS_BITS), Cat(value[:LNS_BITS - 1], neg))

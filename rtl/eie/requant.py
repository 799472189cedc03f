"""Requantisation: shift an accumulator right, round half to even, saturate, ReLU."""

from amaranth.hdl import Cat, Module, Mux, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from rtl.parts import delayed


class Requantiser(wiring.Component):
    """``saturate(round_half_even(i >> shift))`` to ``act_bits``, negative results to 0 with ``relu``; one value per cycle.

    The result is there :attr:`LATENCY` cycles after the value. ``shift`` and ``relu`` stand still while values are in
    flight. The value keeps one bit below the point and a sticky bit for what is below that; what no shift can bring back
    into range becomes an overflow bit as soon as it is known.

    Members
    -------
    i : ``In(signed(acc_bits))``
    shift, relu : ``In``
    o : ``Out(signed(act_bits))``
    """

    LATENCY = 4

    def __init__(self, spec):
        self._spec = spec
        super().__init__({"i": In(signed(spec.acc_bits)), "shift": In(spec.shift_bits), "relu": In(1),
                          "o": Out(signed(spec.act_bits))})

    def elaborate(self, platform):
        m = Module()
        act_bits, fine = self._spec.act_bits, min(2, self._spec.shift_bits)
        value = Signal(signed(self._spec.acc_bits))
        m.d.sync += value.eq(self.i)
        first = _Shift(m, "coarse", Cat(0, value).as_signed(), steps=self.shift[fine:], unit=1 << fine,
                       bits=act_bits + (1 << fine))
        second = _Shift(m, "fine", first.kept, steps=self.shift[:fine], unit=1, bits=act_bits + 1)
        kept, negative = second.kept, delayed(m, value[-1], "negative", cycles=3)
        over = second.over | delayed(m, first.over, "over", cycles=1)
        sticky = second.sticky | delayed(m, first.sticky, "sticky", cycles=1)
        rounded = Signal(signed(act_bits + 1))
        beyond = Signal()
        too_big = Signal()
        m.d.sync += [
            rounded.eq((kept >> 1) + (kept[0] & (sticky | kept[1]))),
            beyond.eq(over),
        ]
        m.d.comb += too_big.eq(beyond | (rounded[act_bits] != rounded[act_bits - 1]))
        limit = Cat((~negative).replicate(act_bits - 1), negative)
        m.d.comb += self.o.eq(Mux(self.relu & negative, 0, Mux(too_big, limit, rounded[:act_bits])))
        return m


class _Shift:
    """One registered stage: ``value >> steps * unit`` in ``bits`` bits, whether that overflowed and whether a 1 was lost."""

    def __init__(self, m, name, value, *, steps, unit, bits):
        self.kept = Signal(signed(bits), name=name)
        self.over, self.sticky = Signal(name=f"{name}_over"), Signal(name=f"{name}_sticky")
        moved = Signal(signed(len(value)), name=f"{name}_moved")
        m.d.comb += moved.eq(value >> (steps * unit) if len(steps) else value)
        m.d.sync += self.kept.eq(moved)
        unlike = value[:-1] ^ value[-1].replicate(len(value) - 1)
        with m.Switch(steps):
            for step in range(1 << len(steps)):
                lost = min(step * unit, len(value))
                with m.Case(step):
                    m.d.sync += [
                        self.sticky.eq(value[:lost].any() if step else 0),
                        self.over.eq(unlike[lost + bits - 1:].any() if lost + bits <= len(unlike) else 0),
                    ]

"""Random numbers for stochastic rounding: one shift register with feedback for each output."""
from functools import reduce
from operator import xor

from amaranth import Cat, Module, ResetSignal, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from spec.mac.lfsr import LFSR_BITS, LFSR_STEPS, LFSR_TAPS


def leap() -> list[list[int]]:
    """Return, for each bit of the state after `LFSR_STEPS` steps, the bits of the state before it that it sums."""
    state = [{bit} for bit in range(LFSR_BITS)]
    for _ in range(LFSR_STEPS):
        new = reduce(xor, (state[tap] for tap in LFSR_TAPS))
        state = [new, *state[:-1]]
    return [sorted(bits) for bits in state]


class Random(wiring.Component):
    """Random numbers of the outputs that one dot unit computes in turn.

    ``number`` belongs to the operation under way; ``step`` advances it and brings the next output's forward.
    Reset loads the seeds.

    Parameters
    ----------
    turns : int
        Outputs of the unit.

    Members
    -------
    seeds : ``In(ArrayLayout(LFSR_BITS, turns))``
    step : ``In(1)``
    number : ``Out(LFSR_BITS)``
    """

    def __init__(self, turns: int):
        self.turns = turns
        super().__init__({"seeds": In(data.ArrayLayout(LFSR_BITS, turns)), "step": In(1), "number": Out(LFSR_BITS)})

    def elaborate(self, platform):
        m = Module()
        ring = [Signal(LFSR_BITS, reset_less=True, name=f"state{turn}") for turn in range(self.turns)]
        ahead = Cat(reduce(xor, (ring[0][bit] for bit in bits)) for bits in leap())
        m.d.comb += self.number.eq(ring[0])
        with m.If(ResetSignal()):
            m.d.sync += [state.eq(self.seeds[turn]) for turn, state in enumerate(ring)]
        with m.Elif(self.step):
            m.d.sync += [now.eq(then) for now, then in zip(ring, [*ring[1:], ahead], strict=True)]
        return m

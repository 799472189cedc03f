"""Settings of a family's PLL from the board's oscillator to the clock that is wanted.

Ranges are those of the vendors' data sheets as the open tools keep them (``ecppll``, ``icepll``, ``gowin_pll``); the tests
compare our choice with theirs.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from amaranth.hdl import Instance, Signal

TOLERANCE = 0.01
"""How far from the clock asked for a PLL may be, as a share of it."""

FILTERS = ((17, 1), (26, 2), (44, 3), (66, 4), (101, 5), (134, 6))
"""Upper ends in MHz of the phase detector's ranges of an iCE40, and the setting of its filter in each."""


@dataclass(frozen=True, kw_only=True)
class Pll:
    """Settings of a PLL: clocks in Hz, its three divisors, its oscillator in Hz.

    ``reference`` divides the input, ``feedback`` multiplies, ``output`` divides the oscillator where the family has it so.
    """

    family: str
    input_hz: int
    output_hz: Fraction
    reference: int
    feedback: int
    output: int
    vco_hz: Fraction
    device: str = ""

    def instance(self, pin, clock: Signal, locked: Signal) -> Instance:
        """Return the family's cell; ``pin`` is the input clock, on an iCE40 its pad."""
        return {"ecp5": self._ecp5, "ice40": self._ice40, "gowin": self._gowin}[self.family](pin, clock, locked)

    def _ecp5(self, pin, clock, locked):
        mhz = float(self.input_hz / 1e6), float(self.output_hz / 10**6)
        return Instance(
            "EHXPLLL", a_FREQUENCY_PIN_CLKI=f"{mhz[0]:g}", a_FREQUENCY_PIN_CLKOP=f"{mhz[1]:g}", a_ICP_CURRENT="12",
            a_LPF_RESISTOR="8", p_PLLRST_ENA="DISABLED", p_INTFB_WAKE="DISABLED", p_STDBY_ENABLE="DISABLED",
            p_DPHASE_SOURCE="DISABLED", p_OUTDIVIDER_MUXA="DIVA", p_OUTDIVIDER_MUXB="DIVB", p_OUTDIVIDER_MUXC="DIVC",
            p_OUTDIVIDER_MUXD="DIVD", p_CLKI_DIV=self.reference, p_CLKOP_ENABLE="ENABLED", p_CLKOP_DIV=self.output,
            p_CLKOP_CPHASE=self.output // 2, p_CLKOP_FPHASE=0, p_FEEDBK_PATH="CLKOP", p_CLKFB_DIV=self.feedback,
            i_RST=0, i_STDBY=0, i_CLKI=pin, o_CLKOP=clock, i_CLKFB=clock, i_PHASESEL0=0, i_PHASESEL1=0, i_PHASEDIR=1,
            i_PHASESTEP=1, i_PHASELOADREG=1, i_PLLWAKESYNC=0, i_ENCLKOP=0, o_LOCK=locked)

    def _ice40(self, pin, clock, locked):
        detector = self.input_hz / self.reference / 1e6
        return Instance(
            "SB_PLL40_PAD", p_FEEDBACK_PATH="SIMPLE", p_DIVR=self.reference - 1, p_DIVF=self.feedback - 1,
            p_DIVQ=self.output.bit_length() - 1, p_FILTER_RANGE=next(value for end, value in FILTERS if detector < end),
            i_PACKAGEPIN=pin, i_RESETB=1, i_BYPASS=0, o_PLLOUTGLOBAL=clock, o_LOCK=locked)

    def _gowin(self, pin, clock, locked):
        return Instance(
            "rPLL", p_FCLKIN=f"{self.input_hz / 1e6:g}", p_IDIV_SEL=self.reference - 1, p_FBDIV_SEL=self.feedback - 1,
            p_ODIV_SEL=self.output, p_DEVICE=self.device, p_DYN_IDIV_SEL="false",
            p_DYN_FBDIV_SEL="false", p_DYN_ODIV_SEL="false", p_DYN_SDIV_SEL=2, p_PSDA_SEL="0000", p_DUTYDA_SEL="1000",
            p_DYN_DA_EN="false", p_CLKFB_SEL="internal", p_CLKOUT_BYPASS="false", p_CLKOUTP_BYPASS="false",
            p_CLKOUTD_BYPASS="false", i_CLKIN=pin, i_CLKFB=0, i_RESET=0, i_RESET_P=0, i_FBDSEL=0, i_IDSEL=0, i_ODSEL=0,
            i_PSDA=0, i_DUTYDA=0, i_FDLY=0, o_CLKOUT=clock, o_LOCK=locked)


def choose(family: str, input_hz: int, wanted_hz: float) -> Pll:
    """Return the settings nearest to a clock; of equal ones that with the oscillator nearest to the middle of its range.

    Raises
    ------
    ValueError
        If none comes within a hundredth of it, or the family has no PLL that we know.
    """
    if family not in FAMILIES:
        raise ValueError(f"family of a PLL must be one of {', '.join(FAMILIES)}, not {family!r}")
    candidates, middle = FAMILIES[family]
    best = min(candidates(input_hz), default=None,
               key=lambda pll: (abs(pll.output_hz - Fraction(wanted_hz)), pll.reference, abs(pll.vco_hz - middle)))
    if best is None or abs(best.output_hz - Fraction(wanted_hz)) > TOLERANCE * wanted_hz:
        near = "none" if best is None else f"{float(best.output_hz) / 1e6:.3f} MHz"
        raise ValueError(f"--clock must be a clock that the PLL makes of {input_hz / 1e6:g} MHz, not {wanted_hz / 1e6:g} MHz; "
                         f"the nearest is {near}")
    return best


def _ecp5(input_hz: int) -> Iterator[Pll]:
    for reference in range(1, 129):
        if not 3_125_000 <= input_hz / reference <= 400_000_000:
            continue
        for feedback in range(1, 81):
            out = Fraction(input_hz * feedback, reference)
            if not 10_000_000 <= out <= 400_000_000:
                continue
            for output in range(max(1, -(-400_000_000 // out)), min(128, int(800_000_000 / out)) + 1):
                yield Pll(family="ecp5", input_hz=input_hz, output_hz=out, reference=reference, feedback=feedback,
                          output=output, vco_hz=out * output)


def _ice40(input_hz: int) -> Iterator[Pll]:
    for reference in range(1, 17):
        if not 10_000_000 <= input_hz / reference <= 133_000_000:
            continue
        for feedback in range(1, 129):
            vco = Fraction(input_hz * feedback, reference)
            if not 533_000_000 <= vco <= 1_066_000_000:
                continue
            for power in range(1, 7):
                if 16_000_000 <= vco / 2**power <= 275_000_000:
                    yield Pll(family="ice40", input_hz=input_hz, output_hz=vco / 2**power, reference=reference,
                              feedback=feedback, output=2**power, vco_hz=vco)


def _gowin(input_hz: int) -> Iterator[Pll]:
    for reference in range(1, 65):
        if not 3_000_000 <= input_hz / reference <= 400_000_000:
            continue
        for feedback in range(1, 65):
            out = Fraction(input_hz * feedback, reference)
            for output in (2, 4, 8, 16, 32, 48, 64, 80, 96, 112, 128):
                if 3_125_000 <= out <= 500_000_000 and 500_000_000 <= out * output <= 1_200_000_000:
                    yield Pll(family="gowin", input_hz=input_hz, output_hz=out, reference=reference, feedback=feedback,
                              output=output, vco_hz=out * output)


FAMILIES = {"ecp5": (_ecp5, 600_000_000), "ice40": (_ice40, 800_000_000), "gowin": (_gowin, 800_000_000)}
"""How a family's settings are listed, and the middle of its oscillator's range."""

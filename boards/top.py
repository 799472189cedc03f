"""A board's top: pins, PLL, reset and lamps around a shell, as Verilog and the constraint file of its pins."""

import contextlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from amaranth.hdl import ClockDomain, ClockSignal, Elaboratable, Instance, Module, ResetSignal, Signal
from amaranth.lib import cdc, io

from boards import programs
from boards.catalogue import Board
from boards.pll import Pll, choose
from rtl.emit import to_verilog
from synth.harness import INSTANCE, NAME

LAMPS = ("loaded", "busy", "error", "beat")
SETTLE_BITS = 10
"""The reset lasts 2 to this power of cycles after the PLL: an iCE40's block RAM cannot be read for 10 us at first."""

MOST_OFF = 0.02
"""How far the line's rate may be off, as a share: half of what a receiver that counts from the start bit can bear."""


ALWAYS_ON = re.compile(r"TBUF (\w+) \(\n    \.I\((.*)\),\n    \.O\((.*)\),\n    \.OEN\(.*\)\n  \)")
"""A Gowin pad that can be switched off, as Amaranth makes every output; ours never are, and place and route refuses them."""


@dataclass(frozen=True, kw_only=True)
class Clocking:
    """The clock of a board's machine and line: the PLL or None where the oscillator itself serves, and cycles per bit."""

    pll: Pll | None
    clock_hz: Fraction
    divisor: int
    baud: int

    @property
    def baud_made(self) -> float:
        """Rate of the line that the divisor gives."""
        return float(self.clock_hz / self.divisor)


def clocking(board: Board, design: str = "", *, clock_hz: float = 0.0, baud: int = 0) -> Clocking:
    """Return the clock of a board with a machine and the line's divisor.

    The divisor is made from the clock that the PLL really gives; a rate out of its reach is refused.
    """
    wanted, rate = clock_hz or board.clocks.get(design, board.clock_hz), baud or board.baud
    pll = None if wanted == board.oscillator_hz else choose(board.part.family, board.oscillator_hz, wanted)
    real = pll.output_hz if pll else Fraction(board.oscillator_hz)
    divisor = round(real / rate)
    if divisor < 4 or abs(real / divisor / rate - 1) > MOST_OFF:
        near = ", ".join(f"{float(real / k):,.0f}" for k in (divisor + 1, divisor, divisor - 1) if k >= 4)
        raise ValueError(f"--baud must be within 2 % of a whole fraction of {float(real) / 1e6:g} MHz, not {rate}; "
                         f"near it are {near or f'{float(real / 4):,.0f} at most'}")
    return Clocking(pll=pll, clock_hz=real, divisor=divisor, baud=rate)


class Top(Elaboratable):
    """What Amaranth's platform makes pins of; the shell is called as a module, so that its text stays what was simulated."""

    def __init__(self, board: Board, clocks: Clocking, shell: str):
        self.board, self.clocks, self.shell = board, clocks, shell

    def elaborate(self, platform):
        m = Module()
        m.domains.sync = ClockDomain()
        m.domains.start = ClockDomain(reset_less=True)
        locked, settled = Signal(), Signal(SETTLE_BITS + 1)
        self._clock(m, platform, locked)
        m.d.comb += ClockSignal("start").eq(ClockSignal())
        steady = Signal()
        m.submodules.lock = cdc.FFSynchronizer(locked, steady, o_domain="start")
        with m.If(~steady):
            m.d.start += settled.eq(0)
        with m.Elif(~settled[-1]):
            m.d.start += settled.eq(settled + 1)
        reset = Signal(init=1)
        m.d.start += reset.eq(~settled[-1])
        m.d.comb += ResetSignal().eq(reset)
        line = platform.request("uart", 0, dir="-")
        m.submodules.rx, m.submodules.tx = rx, tx = io.Buffer("i", line.rx), io.Buffer("o", line.tx)
        lamps = {name: Signal(name=name) for name in LAMPS}
        m.submodules[INSTANCE] = Instance(
            self.shell, i_clk=ClockSignal(), i_rst=ResetSignal(), i_rx=rx.i, o_tx=tx.o,
            **{f"o_{name}": lamp for name, lamp in lamps.items()})
        places = dict.fromkeys(lamp[:2] for lamp in self.board.lamps)
        ports = {place: platform.request(*place, dir="-") for place in places}
        for (name, number, *signal), (what, lamp) in zip(self.board.lamps, lamps.items(), strict=False):
            port = getattr(ports[name, number], signal[0]) if signal else ports[name, number]
            m.submodules[f"lamp_{what}"] = pin = io.Buffer("o", port)
            m.d.comb += pin.o.eq(lamp)
        return m

    def _clock(self, m, platform, locked):
        port = platform.request(self.board.clock or platform.default_clk, dir="-")
        if self.clocks.pll is None:
            m.submodules.clock = pin = io.Buffer("i", port)
            m.d.comb += [ClockSignal().eq(pin.i), locked.eq(1)]
            return
        pll, clock = self.clocks.pll, Signal(name="machine_clock")
        if self.board.part.family == "ice40":
            source = port.io                            # the pad is the PLL's own
        else:
            m.submodules.clock = pin = io.Buffer("i", port)
            source = pin.i
        m.submodules.pll = pll.instance(source, clock, locked)
        m.d.comb += ClockSignal().eq(clock)


def prepare(board: Board, clocks: Clocking, shell: str) -> tuple[str, str]:
    """Return the Verilog of a board's top, module ``harness``, and the constraint file of its pins."""
    platform = board.make_platform()
    with _yosys():
        plan = platform.prepare(Top(board, clocks, shell), NAME)
    pins = next(text for name, text in plan.files.items() if name.endswith((".lpf", ".pcf", ".cst", ".xdc")))
    rtlil = plan.files.get(f"{NAME}.il")
    text = to_verilog(_text(rtlil)) if rtlil is not None else _text(plan.files[f"{NAME}.v"])
    return ALWAYS_ON.sub(r"OBUF \1 (\n    .I(\2),\n    .O(\3)\n  )", text), _text(pins)


@contextlib.contextmanager
def _yosys() -> Iterator[None]:
    """Let Amaranth find the Yosys of the package index, which it asks for where a vendor's tool wants Verilog."""
    before = os.environ.get("YOSYS")
    os.environ["YOSYS"] = programs.find("yosys")
    try:
        yield
    finally:
        if before is None:
            del os.environ["YOSYS"]
        else:
            os.environ["YOSYS"] = before


def _text(content: str | bytes) -> str:
    return content if isinstance(content, str) else content.decode()

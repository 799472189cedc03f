"""A machine with its host link: all of a board's top but the pins and what makes the clock."""

from amaranth.hdl import ClockSignal, Const, Instance, Module, ResetSignal, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from rtl.bus.port import front_end
from rtl.emit import Library
from rtl.link.bridge import UNUSED
from rtl.link.link import Link
from rtl.link.uart import Receiver, Sender
from rtl.parts import leave_open
from spec import link

BEAT_BITS = 25
"""The heartbeat's period is 2 to this power of cycles."""
SHOWN_BITS = 21
"""Cycles, as a power of two, for which the lamp of a short request stays on at least."""


class Shell(wiring.Component):
    """The link and the machine, one clock and one reset.

    Parameters
    ----------
    machine : str
        Module of the machine, with the ports of :func:`rtl.bus.port.front_end`.
    about, boot, slots
        As of `rtl.link.link.Link`.
    divisor : int or None
        Cycles a bit of the serial line; None for bytes as they are, for a simulation that has no time for bits.

    Members
    -------
    rx, tx : In(1), Out(1)
        The line; without one there are bytes: ``in_data``, ``in_valid`` and ``out_data``, ``out_valid``, ``out_ready``.
    loaded, busy, error, beat : Out(1)
        For lamps, 1 is on.
    """

    def __init__(self, machine: str, about: bytes, *, boot: bytes = b"", slots: int = link.SLOTS, divisor: int | None = None):
        self.machine, self.divisor = machine, divisor
        self.link = Link(about, boot, slots)
        lamps = dict.fromkeys(("loaded", "busy", "error", "beat"), Out(1))
        line = {"rx": In(1, init=1), "tx": Out(1, init=1)} if divisor else {
            "in_data": In(8), "in_valid": In(1), "out_data": Out(8), "out_valid": Out(1), "out_ready": In(1)}
        super().__init__(line | lamps)

    def elaborate(self, platform):
        m = Module()
        m.submodules.link = host = self.link
        if self.divisor:
            m.submodules.receiver = receiver = Receiver(self.divisor)
            m.submodules.sender = sender = Sender(self.divisor)
            m.d.comb += [
                receiver.rx.eq(self.rx),
                self.tx.eq(sender.tx),
                host.data.eq(receiver.data),
                host.valid.eq(receiver.valid),
            ]
            wiring.connect(m, host.o, sender.i)
        else:
            m.d.comb += [
                host.data.eq(self.in_data),
                host.valid.eq(self.in_valid),
                self.out_data.eq(host.o.payload),
                self.out_valid.eq(host.o.valid),
                host.o.ready.eq(self.out_ready),
            ]
        reset = Signal(init=1)
        m.d.sync += reset.eq(host.machine_reset)
        unused = {"s_axil_awprot": Const(0, 3), "s_axil_arprot": Const(0, 3), "m_axis_tkeep": Signal(8), "irq": Signal()}
        for name in ("m_axis_tkeep", "irq"):
            leave_open(unused[name])
        ports = {f"{'i' if member.flow == In else 'o'}_{name}": unused[name] if name in UNUSED else getattr(host, name)
                 for name, member in front_end().items()}
        m.submodules.machine = Instance(self.machine, i_clk=ClockSignal(), i_rst=reset | ResetSignal(), **ports)
        beat, shown = Signal(BEAT_BITS), Signal()
        m.d.sync += [
            beat.eq(beat + 1),
            shown.eq((shown & (beat[:SHOWN_BITS] != 0)) | host.busy),
        ]
        m.d.comb += [
            self.loaded.eq(host.loaded),
            self.busy.eq(shown),
            self.error.eq(host.error),
            self.beat.eq(beat[-1]),
        ]
        return m


def emit(shell: Shell, machine: str, *, module: str = "nz_shell") -> str:
    """Return the Verilog of a shell and of the machine whose text is given."""
    library = Library()
    library.add(shell, module=module)
    return f"{library.verilog()}\n{machine}"

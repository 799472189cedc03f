"""A virtual board with a machine: what `boards.build` would put on a real one, in a simulator."""

import contextlib
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import serial

from boards import about as texts
from boards.catalogue import Board
from boards.top import Clocking
from boards.virtual.board import VirtualBoard, build, running
from cli import command
from rtl.generated import GeneratedMachine
from rtl.link.shell import Shell, emit
from synth.part import PARTS

VIRTUAL = Board(name="virtual", title="a simulation under Verilator", platform="", part=PARTS["lfe5u-85f-6"],
                oscillator_hz=24_000_000, clock_hz=24e6, bridge="a pseudo-terminal", baud=3_000_000)
LINKS = ("serial", "fast")


def clocks() -> Clocking:
    """Return the clock of the virtual board: eight cycles per bit, as on an iCEBreaker."""
    return Clocking(pll=None, clock_hz=Fraction(VIRTUAL.oscillator_hz), divisor=VIRTUAL.oscillator_hz // VIRTUAL.baud,
                    baud=VIRTUAL.baud)


def program(machine: GeneratedMachine, *, link: str = "serial", boot: bytes = b"", image: str = "") -> Path:
    """Return the program that simulates a virtual board; arguments as of `board`."""
    if link not in LINKS:
        raise ValueError(f"--link must be {' or '.join(LINKS)}, not {link!r}")
    timing = clocks()
    said = texts.of(VIRTUAL, machine, timing, image=image)
    divisor = timing.divisor if link == "serial" else None
    shell = Shell(machine.name, said.text(), boot=boot, slots=VIRTUAL.slots, divisor=divisor)
    with command.progress(f"verilator: building a board with {machine.name}"):
        return build(emit(shell, machine.verilog), divisor=divisor)


@contextlib.contextmanager
def board(machine: GeneratedMachine, *, link: str = "serial", boot: bytes = b"", image: str = "") -> Iterator[VirtualBoard]:
    """Run a virtual board with a machine while the block lasts.

    Parameters
    ----------
    machine : GeneratedMachine
    link : str
        ``serial``: pins, bit by bit; ``fast``: bytes as they are, in the same frames.
    boot, image
        What the board loads by itself, and the SHA-256 of the image that is.
    """
    with running(program(machine, link=link, boot=boot, image=image)) as made:
        yield made


def open_line(made: VirtualBoard) -> serial.Serial:
    """Open a virtual board's terminal as a host opens a serial port."""
    return serial.Serial(made.port, VIRTUAL.baud, timeout=0.1, exclusive=True)

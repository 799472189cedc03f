"""What tests of the boards share: the toy machine behind the link, in a simulator."""

import contextlib
import json
from collections.abc import Iterator

import serial

from boards.link import Link, Port
from boards.virtual.board import VirtualBoard, build, running
from rtl.link.shell import Shell, emit
from sim.bus.toy import ToySpec, generate
from spec import link

ABOUT = json.dumps({"link": link.VERSION, "slots": link.SLOTS, "design": "toy"}).encode()


def toy(*, divisor: int | None = None, about: bytes = ABOUT, boot: bytes = b""):
    """Return the running toy machine as a context: its link is serial with a divisor, else bytes as they are."""
    machine = generate(ToySpec())
    shell = Shell(machine.name, about, boot=boot, divisor=divisor)
    return running(build(emit(shell, machine.verilog), divisor=divisor))


@contextlib.contextmanager
def line(board: VirtualBoard) -> Iterator[serial.Serial]:
    """Open a board's terminal as a host does."""
    with serial.Serial(board.port, timeout=0.1) as port:
        yield port


def session(port: Port, *, patience: float = 8.0) -> Link:
    """Return an opened link with the window of a board of eight slots."""
    host = Link(port, patience=patience)
    host.open()
    host.window = link.SLOTS - 1
    return host

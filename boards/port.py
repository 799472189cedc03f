"""Serial ports: finding the board's and opening it for us alone, with what is wrong said in one line."""

import contextlib
import errno

import serial
from serial.tools import list_ports

from boards.catalogue import Board

REASONS = {
    errno.ENOENT: "there is no such port; {there}",
    errno.ENXIO: "nothing is plugged in there; {there}",
    errno.EACCES: "you may not open it; join the group that owns it, often dialout, and log in again",
    errno.EPERM: "you may not open it; join the group that owns it, often dialout, and log in again",
    errno.EBUSY: "another program has it; close that",
    errno.EAGAIN: "another program has it; close that",
    errno.ENOTTY: "it is no serial port; {there}",
    errno.EINVAL: "it does not do this rate; choose a --baud that the bridge knows",
}


def open_port(name: str, board: Board, baud: int = 0) -> serial.Serial:
    """Return a port that no one else has open, at a board's rate or another.

    Parameters
    ----------
    name : str
        Of the port, or ``auto`` for the one that the board's USB numbers tell.

    Raises
    ------
    OSError
        If there is none, or it cannot be opened; says which and what to do.
    """
    chosen = find(board) if name == "auto" else name
    try:
        port = serial.Serial(chosen, baud or board.baud, exclusive=True, timeout=0.1, write_timeout=10)
    except serial.SerialException as error:
        number = error.errno if error.errno is not None else errno.EBUSY if "exclusively lock" in str(error) else errno.EIO
        why = REASONS.get(number, f"{error.strerror or error}; try another").format(there=_there())
        raise OSError(f"--port must be a serial port that can be opened, not {chosen!r}: {why}") from error
    except ValueError as error:
        raise ValueError(f"--baud must be a rate that {chosen} does, not {baud or board.baud} ({error})") from error
    with contextlib.suppress(OSError, ValueError, NotImplementedError, AttributeError):
        port.set_low_latency_mode(True)             # where the driver can: answers come in 1 ms and not in 16
    port.reset_input_buffer()
    return port


def find(board: Board) -> str:
    """Return the one port that looks like a board's.

    Raises
    ------
    OSError
        If none does, or several do.
    """
    if board.usb is None:
        raise OSError(f"--port must be named for {board.name}, whose serial line is an adapter of yours; {_there()}")
    found = [port for port in list_ports.comports() if (port.vid, port.pid) == board.usb]
    second = [port for port in found if (port.location or "").endswith(".1")]       # channel B of a chip with two
    found = second or found
    if len(found) != 1:
        named = ", ".join(port.device for port in found)
        raise OSError(f"--port must be named: {named} look like a {board.name}" if found else
                      f"a {board.name} must be plugged in, and no port has its USB numbers "
                      f"{board.usb[0]:04x}:{board.usb[1]:04x}; plug it in, or name its port; {_there()}")
    return found[0].device


def _there() -> str:
    names = [port.device for port in list_ports.comports()]
    return f"there are {', '.join(names)}" if names else "this machine has no serial port now"

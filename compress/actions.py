"""What a host does with a machine, without saying over what: actions, and how to perform them over a transport.

A machine's ``compress.NAME`` writes its whole talk as generators of actions: ``reply = yield action``. The same generator
runs on a board over a serial line and in a simulator over AXI; its return value is the result. A transport has exactly
four calls (`Transport`). A simulator has an awaitable twin of `perform` in ``sim.host``.
"""

import time
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from spec.registers import WORD_BITS, WORD_BYTES, Register, RegisterMap

REFUSED = "refused"
"""Flag by which a machine says that it did nothing; it ends every wait."""


@dataclass(frozen=True)
class WriteRegister:
    """Write a register, fields not named as 0. The reply is None."""

    name: str
    fields: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class ReadRegister:
    """Read a register or counter. The reply is a dict of its fields; a counter has one field, ``value``."""

    name: str


@dataclass(frozen=True)
class ReadRegisters:
    """Read several registers or counters. The reply is a dict of their fields by name; neighbours may be read in one burst."""

    names: Sequence[str]


@dataclass(frozen=True, eq=False)
class Send:
    """Send one packet: its header word first, TLAST on the last word; integers or an array of uint64. The reply is None.

    Parameters
    ----------
    words : sequence
        Its 64-bit words, the first with the kind of the packet.
    limit : int
        Clock cycles beyond those of its words after which the machine should have taken it.
    """

    words: Any
    limit: int = 0


@dataclass(frozen=True)
class Wait:
    """Wait until a flag of the register ``flags`` is set, or the machine refused. The reply is a dict of all flags.

    Parameters
    ----------
    flag : str
        Name of the flag.
    limit : int
        Clock cycles after which something has gone wrong.
    what : str
        What is waited for, for the error's text.
    """

    flag: str = "done"
    limit: int = 1_000_000
    what: str = "the command"


@dataclass(frozen=True)
class Receive:
    """Receive one packet of at most so many words. The reply is a list of its 64-bit words.

    Parameters
    ----------
    words : int
        The most that it may have.
    limit : int
        Clock cycles beyond those of its words after which it should have come.
    """

    words: int
    limit: int = 0


@dataclass(frozen=True, eq=False)
class Offer:
    """Offer transfers on another stream of the machine, beside all that follows; what is left of an offer before is dropped.

    The reply is None, at once. A transport of four calls has no such stream and refuses it; a simulator has.

    Parameters
    ----------
    stream : str
        Prefix of the stream's ports.
    transfers : numpy.ndarray
        uint8 (transfers, bytes), the lowest byte of each first.
    """

    stream: str
    transfers: Any


Action = WriteRegister | ReadRegister | ReadRegisters | Send | Wait | Receive | Offer
Actions = Generator[Action, Any, Any]
"""A talk with a machine: yields actions, takes replies, returns the result."""


class Transport(Protocol):
    """What carries actions to a machine. Every call returns when it is done, or raises an ``OSError``."""

    def write_register(self, offset: int, value: int) -> None:
        """Write 32 bits at a byte address of the register map."""

    def read_register(self, offset: int) -> int:
        """Return the 32 bits at a byte address of the register map."""

    def send(self, words: Sequence[int]) -> None:
        """Send one packet of 64-bit words, header first."""

    def receive(self, words: int) -> Sequence[int]:
        """Return the 64-bit words of one packet, at most so many."""


def perform(transport: Transport, registers: RegisterMap, actions: Actions, *, hertz: float = 1e6, grace: float = 1.0,
            clock: Callable[[], float] = time.monotonic) -> Any:
    """Perform actions over a transport and return their result.

    Parameters
    ----------
    transport : Transport
        What reaches the machine.
    registers : RegisterMap
        Of the machine.
    actions : generator
        Yields actions, and is sent the reply of each.
    hertz : float
        Clock cycles per second that the machine does at least, which turns the limit of a `Wait` into seconds.
    grace : float
        Seconds more than that.
    clock : callable
        Returns the time in seconds.

    Raises
    ------
    TimeoutError
        If a `Wait` takes longer than its limit.
    """
    def answer(action: Action) -> Any:
        match action:
            case WriteRegister():
                register = registers[action.name]
                transport.write_register(register.offset, encode(register, action.fields))
            case ReadRegister():
                return _read(transport, registers[action.name])
            case ReadRegisters():
                return {name: _read(transport, registers[name]) for name in action.names}
            case Send():
                transport.send(action.words)
            case Receive():
                return [int(word) for word in transport.receive(action.words)]
            case Offer():
                raise ValueError(f"stream {action.stream} of the machine must be fed beside the packets, which this transport "
                                 f"cannot; run the image in the simulator, with python -m sim.run")
            case Wait():
                end = clock() + action.limit / hertz + grace
                while not ended(flags := _read(transport, registers["flags"]), action):
                    if clock() > end:
                        raise TimeoutError(f"{action.what} must end within {action.limit} cycles, and it has not; "
                                           f"flags: {named(flags)}; reset the machine")
                return flags
            case _:
                raise TypeError(f"action must be one of {Action}, not {action!r}")
        return None

    return play(actions, answer)


def play(actions: Actions, answer: Callable[[Action], Any]) -> Any:
    """Give every action to ``answer``, its reply back to the generator, and return what the generator returns."""
    try:
        action = next(actions)
        while True:
            action = actions.send(answer(action))
    except StopIteration as end:
        return end.value


def encode(register: Register, fields: Mapping[str, int]) -> int:
    """Return a register's word; a field that it has not, or a value that does not fit, is refused."""
    known = {part.name: (part, lsb) for part, lsb in register.placed()}
    word = 0
    for name, value in fields.items():
        if name not in known:
            raise ValueError(f"field of {register.name} must be one of {', '.join(known)}, not {name!r}")
        part, lsb = known[name]
        if not 0 <= value < 1 << part.bits:
            raise OverflowError(f"field {name} of {register.name} must fit {part.bits} bits, not {value}")
        word |= int(value) << lsb
    return word


def decode(register: Register, word: int) -> dict[str, int]:
    """Return a register's fields from its word."""
    return {part.name: word >> lsb & (1 << part.bits) - 1 for part, lsb in register.placed()}


def ended(flags: Mapping[str, int], wait: Wait) -> bool:
    """Tell whether flags end a wait."""
    if wait.flag not in flags:
        raise ValueError(f"flag must be one of {', '.join(flags)}, not {wait.flag!r}")
    return bool(flags[wait.flag] or flags.get(REFUSED))


def named(values: Mapping[str, int]) -> str:
    """Return the values that are not 0 by their names."""
    return ", ".join(f"{name} {value}" for name, value in values.items() if value) or "all 0"


def _read(transport: Transport, register: Register) -> dict[str, int]:
    """Return a register's fields; the low word of a counter is read first, which holds its high word."""
    words: Iterable[int] = (transport.read_register(register.offset + WORD_BYTES * k) for k in range(register.words))
    return decode(register, sum(word << WORD_BITS * k for k, word in enumerate(words)))

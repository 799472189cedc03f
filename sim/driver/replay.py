"""A talk with any machine through its driver in C: the actions of `compress.actions` become steps that ``replay.c`` performs.

A step is three words of 64 bits, its kind, an argument and a count, and so many words after them; a reply is words too.
"""

import struct
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from compress.actions import (
    Actions,
    Offer,
    ReadRegister,
    ReadRegisters,
    Receive,
    Send,
    Wait,
    WriteRegister,
    decode,
    encode,
    play,
)
from compress.firmware import script
from sim.driver.build import run
from spec.registers import RegisterMap

WRITE, READ, COUNTER, SEND, WAIT, RECEIVE, LOAD, OFFER = range(8)
NAME_BYTES = 32


class Recorder:
    """Turns talks into steps, and the words that come back into replies.

    A talk is told twice: first with replies that are what a machine gives when all is well, to learn its steps, then with those
    that came back. Its steps must not depend on what it reads.

    Parameters
    ----------
    registers : RegisterMap
    """

    def __init__(self, registers: RegisterMap):
        self.registers = registers
        self.steps = bytearray()

    def load(self, actions: Actions) -> None:
        """Let the driver load an image."""
        self._step(LOAD, 0, script(self.registers, actions))

    def record(self, actions: Actions) -> None:
        """Append the steps of a talk."""
        play(actions, self._recorded)

    def tell(self, actions: Actions, words: "Words") -> Any:
        """Return the result of a talk, recorded before, from the words that its steps gave."""
        return play(actions, lambda action: self._replied(action, words))

    def _recorded(self, action: Any) -> Any:
        match action:
            case WriteRegister():
                register = self.registers[action.name]
                self._step(WRITE, register.offset, [encode(register, action.fields)])
            case ReadRegister():
                return self._read(action.name)
            case ReadRegisters():
                return {name: self._read(name) for name in action.names}
            case Send():
                self._step(SEND, 0, [int(word) for word in action.words])
            case Wait():
                self._step(WAIT, encode(self.registers["flags"], {action.flag: 1}), [])
                self._read("flags")
                return {field.name: int(field.name == action.flag) for field in self.registers["flags"].fields}
            case Offer():
                data = action.stream.encode().ljust(NAME_BYTES, b"\0") + action.transfers.tobytes()
                data += bytes(-len(data) % 8)
                self._step(OFFER, action.transfers.shape[1], struct.unpack(f"<{len(data) // 8}Q", data))
            case Receive():
                self._step(RECEIVE, action.words, [])
                return [0] * action.words
        return None

    def _replied(self, action: Any, words: "Words") -> Any:
        match action:
            case ReadRegister():
                return decode(self.registers[action.name], words.next())
            case ReadRegisters():
                return {name: decode(self.registers[name], words.next()) for name in action.names}
            case Wait():
                return decode(self.registers["flags"], words.next())
            case Receive():
                return [words.next() for _ in range(words.next())]
        return None

    def _read(self, name: str) -> dict[str, int]:
        register = self.registers[name]
        self._step(COUNTER if register.words == 2 else READ, register.offset, [])
        return {field.name: int(name == "flags" and field.name == "done") for field in register.fields}

    def _step(self, kind: int, argument: int, words: Sequence[int]) -> None:
        self.steps += struct.pack(f"<3Q{len(words)}Q", kind, argument, len(words), *words)


class Words:
    """The words that a program gave, one after another."""

    def __init__(self, data: bytes):
        self._words = iter(struct.unpack(f"<{len(data) // 8}Q", data))

    def next(self) -> int:
        """Return the next word."""
        return next(self._words)


def replay(program: Path, registers: RegisterMap, load: Actions, talks: Sequence[Callable[[], Actions]], **how: Any
           ) -> list[Any]:
    """Load an image through the driver, hold the talks one after another, and return what each returns.

    Parameters
    ----------
    program : Path
        From `sim.driver.build.build` with ``replay.c``.
    registers : RegisterMap
    load : generator of actions
    talks : sequence of callable
        Each returns a talk, the same every time.
    **how
        As of `sim.driver.build.run`.

    Raises
    ------
    RuntimeError
        If the driver ends with another result than that all is well.
    """
    recorder = Recorder(registers)
    recorder.load(load)
    for talk in talks:
        recorder.record(talk())
    code, out, said = run(program, bytes(recorder.steps), **how)
    if code:
        raise RuntimeError(f"the driver must end with NZ_OK, not with result {code}: {said}")
    words = Words(out)
    return [recorder.tell(talk(), words) for talk in talks]

"""An image as the requests by which a board loads itself, which its bitstream keeps in block RAM."""

from pathlib import Path
from typing import Any

from boards.device import plain, take
from compress.actions import Actions, ReadRegister, ReadRegisters, Send, WriteRegister, encode, play
from spec import link, machines
from spec.framing import to_bytes
from spec.registers import RegisterMap

WORDS = link.PAYLOAD // link.WORD_BYTES


def embedded(path: Path, design: str = "", spec: Any = None) -> tuple[str, Any, bytes, str]:
    """Return machine, specification, requests and hash of an image; a machine that is asked for besides must be the image's.

    Raises
    ------
    ValueError
        If another machine is asked for.
    """
    found, image, digest = take(path)
    if design and (design != found or plain(spec) != plain(image.spec)):
        raise ValueError(f"--image must be for the machine asked for, not for another {found}; leave the machine's options out")
    actions = machines.part(found, "compress").load_actions(image)
    return found, image.spec, requests(machines.specification(found).registers(image.spec), actions), digest


def requests(registers: RegisterMap, actions: Actions) -> bytes:
    """Return a talk as requests, each as a slot holds it, and the end; reads are left out and seen as all zero.

    Raises
    ------
    ValueError
        If the talk waits or receives: a board that loads itself has no one to wait for.
    """
    made = bytearray()

    def put(kind: int, payload: bytes) -> None:
        made.extend(bytes([kind, link.REQUEST_HEADER + len(payload)]) + payload)

    def answer(action: Any) -> Any:
        match action:
            case WriteRegister():
                register = registers[action.name]
                put(link.WRITE, encode(register, action.fields).to_bytes(link.VALUE_BYTES, "little")
                    + register.offset.to_bytes(link.ADDRESS_BYTES, "little"))
            case ReadRegister():
                return {field.name: 0 for field in registers[action.name].fields}
            case ReadRegisters():
                return {field.name: 0 for name in action.names for field in registers[name].fields}
            case Send():
                words = [int(word) for word in action.words]
                for at in range(0, len(words), WORDS):
                    put(link.LAST if at + WORDS >= len(words) else link.DATA, to_bytes(words[at:at + WORDS]))
            case _:
                raise ValueError(f"a board that loads itself must only write and send, not {type(action).__name__}")
        return None

    play(actions, answer)
    return bytes(made) + bytes([link.BOOT_END, 0])

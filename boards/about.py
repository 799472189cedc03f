"""The text by which a board says what it is: written into its bitstream, read by its host."""

import json
from dataclasses import dataclass
from typing import Any

from boards.catalogue import Board
from boards.top import Clocking
from rtl.generated import GeneratedMachine
from spec import VERSION, link, machines

KEYS = ("link", "slots", "board", "design", "name", "spec", "clock_hz", "baud", "image", "generator")
LONGEST = 1 << 14


@dataclass(frozen=True, kw_only=True)
class About:
    """What a board says of itself; ``image`` is the SHA-256 of the image in its bitstream, or empty."""

    link: int
    slots: int
    board: str
    design: str
    name: str
    spec: dict[str, Any]
    clock_hz: float
    baud: int
    image: str
    generator: str

    def text(self) -> bytes:
        """Return it as the bitstream holds it."""
        return json.dumps({key: getattr(self, key) for key in KEYS}, separators=(",", ":")).encode()


def carried(design: str, spec: Any) -> None:
    """Refuse a machine with streams that the host link does not carry."""
    if odd := getattr(machines.specification(design), "streams", lambda spec: ())(spec):
        raise ValueError(f"design must be a machine whose data all come as packets, not {design}, which has the stream "
                         f"{odd[0]} besides; build one that keeps those data (scnn: --weight-memory), "
                         f"or run its images with python -m sim.run")


def of(board: Board, machine: GeneratedMachine, clocks: Clocking, *, image: str = "") -> About:
    """Return what a board with a machine will say."""
    return About(link=link.VERSION, slots=board.slots, board=board.name, design=machine.manifest["design"], name=machine.name,
                 spec=machine.manifest["spec"], clock_hz=float(clocks.clock_hz), baud=clocks.baud, image=image,
                 generator=f"nonzero {VERSION}")


def read(text: bytes) -> About:
    """Return what a board says.

    Raises
    ------
    ValueError
        If it is no such text, or of another version of the link.
    """
    try:
        data = json.loads(text)
        version = data["link"]
        if version != link.VERSION:
            raise ValueError(f"the board must speak version {link.VERSION} of the link, not {version!r}; "
                             "build its bitstream anew with this program")
        said = About(**{key: data[key] for key in KEYS})
    except (KeyError, TypeError, json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"the board must say what it is, and it says {text[:60]!r}; "
                         "build its bitstream anew with this program") from error
    if not (isinstance(said.slots, int) and said.slots >= 2 and isinstance(said.spec, dict) and isinstance(said.design, str)):
        raise ValueError(f"the board must say its slots, design and spec, and it says {text[:60]!r}; build its bitstream anew")
    return said

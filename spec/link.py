"""The numbers of the host link: how requests and replies travel over a line of bytes; ``docs/boards/link.md`` is the page."""

import zlib

VERSION = 1
"""Of this protocol; a board says its own in the text that ``ABOUT`` reads. Kinds 0 and 6 keep their meaning for ever."""

FLAG, ESCAPE, FLIP = 0x7E, 0x7D, 0x20
"""A frame stands between two ``FLAG``; inside, a byte that is ``FLAG`` or ``ESCAPE`` is sent as ``ESCAPE``, byte ^ ``FLIP``."""

KIND_BITS, TRY_BITS = 4, 4
TRIES = 1 << TRY_BITS
SEQUENCES = 256

REQUEST_HEADER = 2
"""Bytes of a request ahead of its payload: kind and try, sequence."""

REPLY_HEADER = 4
"""Bytes of a reply ahead of its payload: kind and try, last sequence done, next sequence expected, status."""

CRC_BYTES = 4
PAYLOAD = 248
"""Most bytes of a payload: 31 words; a request with header and CRC then takes no more than a slot."""

SLOT = 256
"""Bytes of the memory that a board keeps for a request."""

SLOTS = 8
"""Slots of a board that has the room; one is always being filled, so one less may be under way."""

OPEN, WRITE, READ, DATA, LAST, TAKE, ABOUT = range(7)
KINDS = ("open", "write", "read", "data", "last", "take", "about")
"""Kinds of request by their numbers, and their names."""

SIZES = {OPEN: 4, WRITE: 6, READ: 2, TAKE: 1, ABOUT: 2}
"""Bytes of payload of the kinds with a fixed size; ``DATA`` and ``LAST`` take 1 to 31 words."""

OKAY, ENDED, REFUSED, MALFORMED, CLOSED = range(5)
STATUS = ("okay", "ended", "refused", "malformed", "closed")
"""Status of a reply: done; done, and the packet ended; the bus answered with an error, or the address is beyond its page;
kind or size unknown; no session since the board was reset."""

TAKE_PATIENCE = 256
"""Cycles without a result word after which a ``TAKE`` answers with what it has."""

RESET_CYCLES = 16
"""Cycles for which ``OPEN`` holds the machine in reset."""

BOOT_END = 15
"""Kind that ends the requests which a board with an embedded image makes of itself."""

WORD_BYTES = 8
ADDRESS_BYTES, VALUE_BYTES = 2, 4


def name(kind: int) -> str:
    """Return the name of a kind of request."""
    return KINDS[kind] if kind < len(KINDS) else f"request of kind {kind}"


def crc(data: bytes) -> int:
    """Return the CRC-32 of Ethernet and zip, which a frame carries lowest byte first."""
    return zlib.crc32(data)


def stuffed(data: bytes) -> bytes:
    """Return bytes as they stand between two flags."""
    return data.replace(bytes([ESCAPE]), bytes([ESCAPE, ESCAPE ^ FLIP])).replace(bytes([FLAG]), bytes([ESCAPE, FLAG ^ FLIP]))


def frame(body: bytes) -> bytes:
    """Return a frame on the line: flag, body and CRC stuffed, flag."""
    flag = bytes([FLAG])
    return flag + stuffed(body + crc(body).to_bytes(CRC_BYTES, "little")) + flag


def request(kind: int, sequence: int, payload: bytes = b"", *, attempt: int = 0) -> bytes:
    """Return a request as it goes on the line.

    Raises
    ------
    OverflowError
        If the payload is longer than a slot takes.
    """
    if len(payload) > PAYLOAD:
        raise OverflowError(f"payload of a request must be at most {PAYLOAD} bytes, not {len(payload)}; send several")
    return frame(bytes([kind | attempt % TRIES << KIND_BITS, sequence % SEQUENCES]) + payload)

AGAIN = 0x80
"""Bit of a reply's status: it answers a frame that was dropped, and repeats the last reply."""

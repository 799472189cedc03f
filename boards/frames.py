"""Replies cut out of the bytes that come from a board."""

from collections.abc import Iterator
from dataclasses import dataclass

from spec import link

MOST = link.REPLY_HEADER + link.PAYLOAD + link.CRC_BYTES


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What a board said: the last request done and how, the next it expects, whether it says it again for a dropped frame."""

    kind: int
    attempt: int
    done: int
    expected: int
    status: int
    again: bool
    payload: bytes


def reply(body: bytes) -> Reply | None:
    """Return the reply in a frame's body with its CRC, or None where it is none."""
    if not link.REPLY_HEADER + link.CRC_BYTES <= len(body) <= MOST:
        return None
    head, said = body[:-link.CRC_BYTES], int.from_bytes(body[-link.CRC_BYTES:], "little")
    if link.crc(head) != said:
        return None
    kind, done, expected, status = head[:link.REPLY_HEADER]
    return Reply(kind=kind % (1 << link.KIND_BITS), attempt=kind >> link.KIND_BITS, done=done, expected=expected,
                 status=status & ~link.AGAIN, again=bool(status & link.AGAIN), payload=head[link.REPLY_HEADER:])


class Splitter:
    """Cuts bytes into the bodies of frames; whatever came before, a flag begins anew."""

    def __init__(self) -> None:
        self._body: bytearray | None = None         # None: nothing counts until a flag
        self._escaped = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield the body of every frame that these bytes end, as it stood before stuffing, right or wrong."""
        for byte in data:
            if byte == link.FLAG:
                whole = self._body if not self._escaped else None
                self._body, self._escaped = bytearray(), False
                if whole:
                    yield bytes(whole)
            elif self._body is None:
                continue
            elif byte == link.ESCAPE and not self._escaped:
                self._escaped = True
            elif len(self._body) == MOST:
                self._body = None
            else:
                self._body.append(byte ^ link.FLIP if self._escaped else byte)
                self._escaped = False

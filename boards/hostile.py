"""Frames that no good host sends, for tests: spoilt, cut, spliced, too long, out of order, or no frames at all."""

import random
from collections.abc import Callable

from spec import link


def body(draw: random.Random, sequence: int) -> bytes:
    """Return a request ahead of its CRC, of any kind but ``OPEN``, with a payload of its kind's size or of any."""
    kind = draw.choice([link.WRITE, link.READ, link.DATA, link.LAST, link.TAKE, link.ABOUT, draw.randrange(1, 16)])
    size = link.SIZES.get(kind, 8 * draw.randrange(1, 4)) if draw.random() < 0.8 else draw.randrange(link.PAYLOAD + 1)
    return bytes([kind | draw.randrange(16) << link.KIND_BITS, sequence]) + draw.randbytes(size)


def _flipped(draw: random.Random, whole: bytes) -> bytes:
    spoilt = bytearray(whole)
    for _ in range(draw.randrange(1, 4)):
        spoilt[draw.randrange(len(spoilt))] ^= draw.randrange(1, 256)
    return bytes(spoilt)


def _cut(draw: random.Random, whole: bytes) -> bytes:
    return whole[:draw.randrange(len(whole))]


def _dropped(draw: random.Random, whole: bytes) -> bytes:
    at = draw.randrange(len(whole))
    return whole[:at] + whole[at + 1:]


def _doubled(draw: random.Random, whole: bytes) -> bytes:
    at = draw.randrange(len(whole))
    return whole[:at] + whole[at:at + 1] + whole[at:]


def _spliced(draw: random.Random, whole: bytes) -> bytes:
    return whole[:draw.randrange(len(whole))] + whole[draw.randrange(len(whole)):]


def _flagged(draw: random.Random, whole: bytes) -> bytes:
    at = draw.randrange(len(whole))
    return whole[:at] + draw.choice([b"\x7e", b"\x7d", b"\x7d\x7e", b"\x7e\x7e"]) + whole[at:]


def _long(draw: random.Random, whole: bytes) -> bytes:
    return link.frame(whole[1:-1] + draw.randbytes(draw.randrange(250, 700)))


def _noise(draw: random.Random, whole: bytes) -> bytes:
    return draw.randbytes(draw.randrange(1, 60))


SPOILS: tuple[Callable[[random.Random, bytes], bytes], ...] = (
    _flipped, _cut, _dropped, _doubled, _spliced, _flagged, _long, _noise)


def spoilt(draw: random.Random, whole: bytes) -> bytes:
    """Return what some accident makes of a frame."""
    return draw.choice(SPOILS)(draw, whole)

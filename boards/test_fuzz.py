"""Hostile frames by the thousand, into the RTL and into the host: nothing wrong is done, and the link goes on."""
import random

import pytest

from boards import hostile
from boards.frames import MOST, Splitter, reply
from boards.testing import line, session, toy
from boards.transport import Registers
from sim.bus.toy import TOY
from spec import framing, link

BATCH = 250
COUNTS = [2_000, pytest.param(100_000, marks=pytest.mark.full)]


def acceptable(data, sequence):
    """Whether a board could take a request out of these bytes, by a reading of the page that is not the RTL's."""
    for body in Splitter().feed(b"\x7e" + data + b"\x7e"):
        good = 6 <= len(body) <= 254 and link.crc(body[:-4]) == int.from_bytes(body[-4:], "little")
        if good and (body[0] % 16 == link.OPEN or (body[1] - sequence) % 256 < BATCH // 16):
            return True
    return False


def frames_that_do_nothing(draw, sequence, count):
    """Hostile frames of which none is a request: spoilt ones, and good ones out of order."""
    made = []
    while len(made) < count:
        whole = link.frame(hostile.body(draw, draw.choice([sequence, draw.randrange(256)])))
        data = hostile.spoilt(draw, whole) if draw.random() < 0.8 else whole
        if not acceptable(data, sequence):
            made.append(data)
    return made


@pytest.mark.parametrize("count", COUNTS)
def test_the_board_does_nothing_that_was_not_asked(count):
    draw, seen = random.Random(7), 0
    with toy() as board, line(board) as port:
        host = session(port)
        bus = Registers(host)
        shift = words = 0
        while seen < count:
            for data in frames_that_do_nothing(draw, host._next, BATCH):
                port.write(b"\x7e" + data + b"\x7e")
            refused_requests(draw, host)
            seen += BATCH
            assert bus.read_register(TOY["shift"].offset) == shift
            assert bus.read_register(TOY["layers"].offset) == 3
            assert bus.read_register(TOY["flags"].offset) & 0b111 == 0
            assert bus.read_register(TOY["cycles"].offset) == words
            shift = draw.getrandbits(16)
            bus.write_register(TOY["shift"].offset, shift)
            sent = [draw.getrandbits(16) for _ in range(draw.randrange(1, 8))]
            bus.send([framing.header(7, len(sent)), *sent])
            words += len(sent) + 1
            got = [word >> 16 * k & 0xFFFF for word in bus.receive(10) for k in range(4)]
            assert got[:len(sent)] == [(word + shift) % 65536 for word in sent]
    assert host.statistics.frames < 100 * count


def refused_requests(draw, host):
    """Good frames in order that ask for what there is not: refused or malformed, and nothing more."""
    for _ in range(8):
        choice = draw.randrange(3)
        if choice == 0:
            offset = draw.choice([0x0, 0x8, 0x100, 0xFFC, 0x1018, 0x8018, 0xFFFF])      # read-only, unmapped, beyond the page
            answer = host.request(link.WRITE, draw.randbytes(4) + offset.to_bytes(2, "little"))
            assert answer.status == link.REFUSED
        elif choice == 1:
            assert host.request(link.READ, draw.randrange(0x100, 0x10000).to_bytes(2, "little")).status == link.REFUSED
        else:
            kind = draw.choice([link.WRITE, link.READ, link.DATA, link.LAST, link.TAKE, link.ABOUT, *range(7, 16)])
            size = next(size for size in iter(lambda: draw.randrange(link.PAYLOAD + 1), None)
                        if size != link.SIZES.get(kind) and (size % 8 or not size or kind not in (link.DATA, link.LAST)))
            sent = host._next
            with pytest.raises(OSError, match="malformed"):
                host.request(kind, draw.randbytes(size))
            assert host._next == (sent + 1) % 256


@pytest.mark.parametrize("count", [5_000, pytest.param(100_000, marks=pytest.mark.full)])
def test_the_host_believes_no_spoilt_reply(count):
    draw = random.Random(11)
    for _ in range(count):
        head = bytes([draw.randrange(256), draw.randrange(256), draw.randrange(256), draw.randrange(256)])
        whole = link.frame(head + draw.randbytes(draw.choice([0, 4, 8, link.PAYLOAD, draw.randrange(link.PAYLOAD)])))
        splitter = Splitter()
        true = [body for body in Splitter().feed(whole)]
        data = b"\x7e" + hostile.spoilt(draw, whole) + b"\x7e"
        for body in splitter.feed(data):
            assert len(body) <= MOST
            if reply(body) is not None:
                assert body in true         # only what was sent whole is believed: noise may stand around a frame
        assert [reply(body) for body in splitter.feed(whole)] == [reply(body) for body in true] != [None]

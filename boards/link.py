"""A session with a board over a line of bytes: each request is done exactly once, or an error; see ``docs/boards/link.md``."""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from boards.frames import Reply, Splitter, reply
from spec import link

SHORTEST, FIRST, LONGEST = 0.02, 0.5, 2.0
"""Seconds after which a request is sent again: at least, before any answer was timed, at most."""


class Port(Protocol):
    """A line of bytes; a serial port of pyserial is one."""

    timeout: float | None

    @property
    def in_waiting(self) -> int:
        """Bytes that a read returns at once."""

    def read(self, size: int = 1) -> bytes:
        """Return up to ``size`` bytes, waiting ``timeout`` seconds for the first ones."""

    def write(self, data: bytes) -> int | None:
        """Put bytes on the line."""


class LinkError(OSError):
    """The board or the line does not do its part; the text says which and what to try."""


@dataclass
class Statistics:
    """What a session carried: frames, those sent again, bytes of both directions, bytes of payload sent and received."""

    frames: int = 0
    repeated: int = 0
    bytes_out: int = 0
    bytes_in: int = 0
    payload_out: int = 0
    payload_in: int = 0


class Link:
    """Requests to one board, over a port that is this link's alone.

    Parameters
    ----------
    port : Port
    patience : float
        Seconds of silence, or without progress, after which the board is given up.
    clock : callable
        Returns the time in seconds.
    """

    def __init__(self, port: Port, *, patience: float = 8.0, clock: Callable[[], float] = time.monotonic) -> None:
        self.port, self.patience, self.clock = port, patience, clock
        self.window = 1                             # until the board has said how many slots it has
        self.statistics = Statistics()
        self._splitter, self._replies = Splitter(), list[Reply]()
        self._next = self._attempt = 0
        self._round_trip: float | None = None
        self._wait = FIRST

    def open(self) -> None:
        """Begin a session: the machine is reset, whatever was under way is void.

        Raises
        ------
        LinkError
            If nothing answers as a board of this protocol does.
        """
        nonce, self._next, self._attempt = os.urandom(link.SIZES[link.OPEN]), os.urandom(1)[0], 0
        self._round_trip, self._wait = None, FIRST
        self._replies.clear()
        end, strange = self.clock() + self.patience, False
        while self.clock() < end:
            self._put(link.OPEN, self._next, nonce)
            until = self.clock() + self._wait
            while (said := self._get(until)) is not None:
                strange = True
                if said.kind == link.OPEN and said.payload == nonce and said.done == self._next:
                    self._next = (self._next + 1) % link.SEQUENCES
                    return
            self._wait = min(2 * self._wait, LONGEST)
        raise LinkError(f"the board must answer the opening of a session within {self.patience:g} s, and "
                        + ("other answers came; close other programs that use this port" if strange else
                           "nothing came that is a frame; check the port, the rate (--baud) and that the bitstream is loaded"))

    def request(self, kind: int, payload: bytes = b"") -> Reply:
        """Have one request done, and return its reply.

        Raises
        ------
        LinkError
            If the board was reset meanwhile, or does not answer.
        """
        return self._exchange([(kind, payload)])

    def send(self, words: Sequence[int] | np.ndarray) -> None:
        """Have one packet of 64-bit words taken by the machine, its last word with TLAST."""
        data = np.asarray(words, dtype="<u8").tobytes()
        if not data:
            raise ValueError("a packet must hold a word, not none; leave it out")
        pieces = [data[k:k + link.PAYLOAD] for k in range(0, len(data), link.PAYLOAD)]
        self._exchange([*((link.DATA, piece) for piece in pieces[:-1]), (link.LAST, pieces[-1])])

    def _exchange(self, requests: list[tuple[int, bytes]]) -> Reply:
        """Have requests done in order, as many under way as the board has slots; return the reply to the last.

        Only requests without an answer of their own may stand before the last.
        """
        base = self._next                           # sequence of requests[first]
        first = sent = 0
        started: dict[int, tuple[float, int]] = {}
        furthest = 0
        heard = moved = self.clock()
        while True:
            while sent < len(requests) and sent - first < self.window:
                self.statistics.repeated += sent < furthest
                furthest = max(furthest, sent + 1)
                started[sent] = self.clock(), self._attempt
                self._put(requests[sent][0], base + sent - first, requests[sent][1])
                sent += 1
            said = self._get(self.clock() + self._wait)
            now = self.clock()
            if said is None:
                if now - heard > self.patience:
                    raise LinkError(f"the board must answer within {self.patience:g} s, and it was silent; "
                                    "check that it is powered and plugged in, then run again")
                self._wait = min(2 * self._wait, LONGEST)
                sent = self._back(first)
            else:
                heard = now
                if said.status == link.CLOSED:
                    raise LinkError("the board must keep its session, and it lost it: it was reset or loaded anew; run again")
                count = (said.done + 1 - base) % link.SEQUENCES
                if 0 < count <= sent - first:
                    self._time(started, first + count - 1, now)
                    first, base, moved = first + count, (base + count) % link.SEQUENCES, now
                    self._next = base
                    if first == len(requests):
                        return self._judged(said, requests[-1][0])
                taken = (said.expected - base) % link.SEQUENCES
                if said.again and said.attempt == self._attempt and taken < sent - first:
                    sent = self._back(first + taken)
            if now - moved > self.patience:
                raise LinkError(f"the machine must take a {link.name(requests[first][0])} within {self.patience:g} s, and it "
                                "does not, though the board answers; reset the board")

    def _back(self, place: int) -> int:
        """Begin another try at a place; replies to frames of the try before no longer ask for one."""
        self._attempt = (self._attempt + 1) % link.TRIES
        return place

    def _judged(self, said: Reply, kind: int) -> Reply:
        if said.kind != kind or said.status == link.MALFORMED:
            raise LinkError(f"the board must know a {link.name(kind)} as this program sends it, and it answers "
                            f"{link.STATUS[said.status] if said.status < len(link.STATUS) else said.status}; "
                            "build its bitstream anew with this version")
        self.statistics.payload_in += len(said.payload)
        return said

    def _time(self, started: dict[int, tuple[float, int]], place: int, now: float) -> None:
        """Learn from a reply how long to wait for the next; one to a request sent more than once teaches nothing (Karn)."""
        when, attempt = started[place]
        if attempt == self._attempt:
            took = now - when
            self._round_trip = took if self._round_trip is None else max(took, 0.75 * self._round_trip + 0.25 * took)
            self._wait = min(LONGEST, SHORTEST + 4 * self._round_trip)

    def _put(self, kind: int, sequence: int, payload: bytes) -> None:
        data = link.request(kind, sequence, payload, attempt=self._attempt)
        self.statistics.frames += 1
        self.statistics.bytes_out += len(data)
        self.statistics.payload_out += len(payload)
        with _line():
            self.port.write(data)

    def _get(self, until: float) -> Reply | None:
        """Return the next good reply, or None when the time has come."""
        while not self._replies:
            left = until - self.clock()
            if left <= 0:
                return None
            with _line():
                self.port.timeout = left
                data = self.port.read(max(1, self.port.in_waiting))
            self.statistics.bytes_in += len(data)
            self._replies += [said for body in self._splitter.feed(data) if (said := reply(body))]
        return self._replies.pop(0)


class _line:
    """Turns what the operating system says of a broken line into one line."""

    def __enter__(self) -> None: ...

    def __exit__(self, kind, error, trace) -> None:
        if isinstance(error, (OSError, TypeError)) and not isinstance(error, LinkError):
            raise LinkError(f"the line to the board must stay up, and it broke ({error}); "
                            "plug the board in and run again") from error

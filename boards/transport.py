"""The four calls by which actions reach a machine on a board, and the text by which the board says what it is."""

from collections.abc import Iterator, Sequence

import numpy as np

from boards.frames import Reply
from boards.link import Link, LinkError
from spec import link
from spec.framing import to_words

WORDS = link.PAYLOAD // link.WORD_BYTES


class Registers:
    """The four calls by which actions reach a machine (`compress.actions.Transport`), over a link in session."""

    def __init__(self, host: Link) -> None:
        self.link = host

    def write_register(self, offset: int, value: int) -> None:
        """Write 32 bits at a byte address."""
        said = self.link.request(link.WRITE, value.to_bytes(link.VALUE_BYTES, "little")
                                 + offset.to_bytes(link.ADDRESS_BYTES, "little"))
        _granted(said, "write", offset)

    def read_register(self, offset: int) -> int:
        """Return the 32 bits at a byte address."""
        said = self.link.request(link.READ, offset.to_bytes(link.ADDRESS_BYTES, "little"))
        _granted(said, "read", offset)
        return int.from_bytes(said.payload, "little")

    def send(self, words: Sequence[int] | np.ndarray) -> None:
        """Send one packet."""
        self.link.send(words)

    def receive(self, words: int) -> list[int]:
        """Return the words of one packet of at most so many."""
        got, end = bytearray(), self.link.clock() + self.link.patience
        while True:
            left = words - len(got) // link.WORD_BYTES
            said = self.link.request(link.TAKE, bytes([max(1, min(WORDS, left))]))
            got += said.payload
            if len(got) > words * link.WORD_BYTES:
                raise LinkError(f"a packet of results must have at most {words} words, and more came; reset the board")
            if said.status == link.ENDED:
                return to_words(bytes(got))
            if said.payload:
                end = self.link.clock() + self.link.patience
            elif self.link.clock() > end:
                raise LinkError(f"the machine must send its results within {self.link.patience:g} s, and it sent "
                                f"{len(got) // link.WORD_BYTES} words of at most {words}; reset the board")


def _granted(said: Reply, what: str, offset: int) -> None:
    if said.status != link.OKAY:
        raise LinkError(f"a register must be there for a {what} of address {offset:#x}, and the machine refuses it")


def about(host: Link) -> bytes:
    """Return the whole text by which a board says what it is."""
    def pieces() -> Iterator[bytes]:
        at = 0
        while piece := host.request(link.ABOUT, at.to_bytes(link.ADDRESS_BYTES, "little")).payload:
            yield piece
            at += len(piece)
    return b"".join(pieces())

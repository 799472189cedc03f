"""Drive and drain ready/valid ports from cocotb. Values are read on the edge, written after it."""
import itertools
import random
from collections.abc import Callable, Iterable, Iterator

from cocotb.triggers import RisingEdge

# Named patterns of idle or refused cycles for benches to cross; each is cycled (True = pause).
PATTERNS = {
    "never": (False,),
    "often": (True, True, True, False),
    "other": (True, False),
    "burst": (False,) * 7 + (True,) * 5,
}


def pattern(name: str | float, seed: int = 0) -> Callable[[], bool]:
    """Return a function that says, cycle by cycle, whether to pause.

    Parameters
    ----------
    name : str or float
        A name in ``PATTERNS``, or the probability of a pause, drawn anew each cycle.
    seed : int
        Of those draws.
    """
    if isinstance(name, str):
        steps: Iterator[bool] = itertools.cycle(PATTERNS[name])
        return lambda: next(steps)
    draw = random.Random(seed)
    return lambda: draw.random() < name


class _Port:
    def __init__(self, dut, name, pause, clock):
        self.clock = clock if clock is not None else dut.clk
        self.pause = pause or pattern("never")
        self.payload, self.valid, self.ready = (
            getattr(dut, f"{name}__{part}") for part in ("payload", "valid", "ready"))


class Source(_Port):
    """Offers words on ``{name}__payload``; holds each until taken, shows junk while idle.

    Parameters
    ----------
    dut : handle
    name : str
        Of the port; its signals are ``{name}__payload``, ``{name}__valid``, ``{name}__ready``.
    pause : callable, optional
        Asked before each word and each idle cycle; true makes it wait a cycle.
    clock : handle, optional
        ``dut.clk`` if not given.
    """

    def __init__(self, dut, name: str, pause: Callable[[], bool] | None = None, clock=None):
        super().__init__(dut, name, pause, clock)
        self.junk = random.Random(name)
        self._idle()

    def _idle(self):
        self.valid.value = 0
        self.payload.value = self.junk.getrandbits(len(self.payload))

    async def send(self, words: Iterable[int]) -> None:
        """Offer every word in turn, as unsigned bits; return once the last is taken."""
        for word in words:
            while self.pause():
                await RisingEdge(self.clock)
                self._idle()
            self.payload.value, self.valid.value = word, 1
            await RisingEdge(self.clock)
            while not self.ready.value:
                await RisingEdge(self.clock)
            self._idle()


class Sink(_Port):
    """Takes words from ``{name}__payload``, refusing some cycles on purpose, and watches the handshake.

    A word that was offered must stay, unchanged, until it is taken; a sender that breaks this rule fails
    the test.

    Parameters
    ----------
    dut, name, pause, clock
        As of `Source`.
    signed : bool
        Read payloads as two's complement.
    """

    def __init__(self, dut, name: str, pause: Callable[[], bool] | None = None, clock=None, *,
                 signed: bool = False):
        super().__init__(dut, name, pause, clock)
        self.name, self.signed = name, signed
        self.offered: int | None = None
        self.ready.value = 0

    def _read(self):
        value = self.payload.value
        return value.to_signed() if self.signed else value.to_unsigned()

    async def take(self, count: int) -> list[int]:
        """Return the next ``count`` words."""
        got: list[int] = []
        while len(got) < count:
            self.ready.value = not self.pause()
            await RisingEdge(self.clock)
            word = self._read() if self.valid.value else None
            if self.offered is not None and word != self.offered:
                raise AssertionError(f"{self.name} offered {self.offered:#x}, then "
                                     f"{'nothing' if word is None else hex(word)} before it was taken")
            self.offered = word
            if word is not None and self.ready.value:
                got.append(word)
                self.offered = None
        self.ready.value = 0
        return got

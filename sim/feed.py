"""How packets get into a machine in the simulator and out of it: word by word over AXI, or by way of files."""

import itertools
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from cocotb.triggers import FallingEdge, RisingEdge
from cocotbext.axi import AxiStreamBus, AxiStreamFrame, AxiStreamSink, AxiStreamSource

from sim.stream import PATTERNS


class Stream(Protocol):
    """What carries packets into the machine and out of it."""

    async def send(self, packets: Sequence[Any]) -> None:
        """Send packets and wait until the machine has taken the last word."""

    async def receive(self, words: int) -> list[int]:
        """Return the words of the next packet."""

    async def offer(self, stream: str, transfers: np.ndarray) -> None:
        """Offer transfers on another stream from now on, in the place of those that are left."""

    def restart(self) -> None:
        """Forget, during a reset, what was sent and received before it."""


class Axi:
    """Packets word by word over cocotbext-axi, with idle and refused cycles as told."""

    def __init__(self, dut: Any, idle: str, stall: str):
        self.source = AxiStreamSource(AxiStreamBus.from_prefix(dut, "s_axis"), dut.clk, dut.rst, byte_lanes=1)
        self.sink = AxiStreamSink(AxiStreamBus.from_prefix(dut, "m_axis"), dut.clk, dut.rst)
        for name, part in ((idle, self.source), (stall, self.sink)):
            part.log.setLevel(logging.WARNING)
            if name != "never":
                part.set_pause_generator(itertools.cycle(PATTERNS[name]))

    async def send(self, packets: Sequence[Any]) -> None:
        """Send packets and wait until the machine has taken the last word."""
        for words in packets:
            self.source.send_nowait(AxiStreamFrame(np.asarray(words, np.uint64).tolist()))
        await self.source.wait()

    async def receive(self, words: int) -> list[int]:
        """Return the words of the next packet."""
        return np.frombuffer(bytes((await self.sink.recv()).tdata), "<u8").tolist()

    async def offer(self, stream: str, transfers: np.ndarray) -> None:
        """Refuse: only the harness has another stream."""
        raise ValueError(f"stream {stream} must be fed by the harness, not word by word; hold a session")

    def restart(self) -> None:
        """Leave it to source and sink, which see the reset themselves."""


class Files:
    """Packets by way of files that the harness in Verilog reads and writes, so that a million words cost no Python."""

    def __init__(self, dut: Any, folder: Path):
        self.dut, self.folder = dut, folder
        self._sent = self._received = self._offered = 0

    def restart(self) -> None:
        """Forget the packets that came before a reset."""
        got = self.dut.got.value
        self._received = got.to_unsigned() if got.is_resolvable else 0

    async def send(self, packets: Sequence[Any]) -> None:
        """Send packets and wait until the machine has taken the last word."""
        dut = self.dut
        np.concatenate([np.asarray(words, np.uint64) for words in packets]).astype(">u8").tofile(
            self.folder / f"feed_{self._sent}.bin")
        dut.number.value = self._sent
        await FallingEdge(dut.clk)
        dut.feed.value = 1
        await FallingEdge(dut.clk)
        dut.feed.value = 0
        await RisingEdge(dut.fed)
        (self.folder / f"feed_{self._sent}.bin").unlink()
        self._sent += 1

    async def receive(self, words: int) -> list[int]:
        """Return the words of the next packet."""
        while self.dut.got.value.to_unsigned() <= self._received:
            await self.dut.got.value_change
        path = self.folder / f"result_{self._received}.hex"
        found = [int(word, 16) for word in path.read_text().split()]
        path.unlink()
        self._received += 1
        return found

    async def offer(self, stream: str, transfers: np.ndarray) -> None:
        """Offer transfers on the harness's other stream from now on, in the place of those that are left."""
        dut, path = self.dut, self.folder / f"offer_{self._offered}.bin"
        transfers[:, ::-1].tofile(path)
        dut.offered.value = self._offered
        await FallingEdge(dut.clk)
        dut.offer.value = 1
        await FallingEdge(dut.clk)
        dut.offer.value = 0
        path.unlink()
        self._offered += 1

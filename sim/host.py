"""A host inside the simulator, the same for every machine: the actions of `compress.actions`, over AXI."""

from collections.abc import Awaitable, Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cocotb.simtime import get_sim_time
from cocotb.triggers import ClockCycles, RisingEdge, SimTimeoutError, with_timeout

from compress.actions import (
    Offer,
    ReadRegister,
    ReadRegisters,
    Receive,
    Send,
    Wait,
    WriteRegister,
    decode,
    encode,
    ended,
    named,
)
from sim import axil
from sim.feed import Axi, Files, Stream
from spec.registers import WORD_BITS, WORD_BYTES, RegisterMap

PERIOD = 10         # ns a cycle
WORD_CYCLES = 8     # more than a machine needs for a word
SLACK = 10_000      # cycles beyond what a feed or a read-out should take after which it has gone wrong


@dataclass(frozen=True)
class Reset:
    """An action of a simulation alone: reset the machine so many cycles from now."""

    after: int = 0


@dataclass(frozen=True)
class Pause:
    """An action of a simulation alone: the machine's other stream pauses before a transfer with a chance of so many in 256."""

    chance: int = 0


Actions = Generator[Any, Any, Any]
"""Those of `compress.actions`, a `Reset` and a `Pause`."""


class Host:
    """Drive a machine with the ports of `rtl.bus.port.front_end`: registers over AXI4-Lite, waiting for the interrupt.

    Parameters
    ----------
    dut
        The machine, or ``nz_harness`` around it, which has files in the place of streams.
    registers : RegisterMap
    idle, stall : str
        Names in `sim.stream.PATTERNS`, of cycles without a word in and without a taker out; without a harness.
    folder : Path, optional
        Of the files, with a harness.
    """

    def __init__(self, dut: Any, registers: RegisterMap, *, idle: str = "never", stall: str = "never",
                 folder: Path = Path()):
        self.dut, self.registers = dut, registers
        self.axil = axil.Master(dut)
        self.stream: Stream = Files(dut, folder) if hasattr(dut, "feed") else Axi(dut, idle, stall)

    async def reset(self) -> None:
        """Hold the reset for three cycles and let the interrupt through; the clock must run."""
        if hasattr(self.dut, "feed"):
            self.dut.feed.value = 0
            self.dut.number.value = 0
        if hasattr(self.dut, "offer"):
            self.dut.offer.value = self.dut.offered.value = self.dut.pause.value = 0
        self.axil.idle()
        self.dut.rst.value = 1
        await ClockCycles(self.dut.clk, 3)
        self.stream.restart()
        self.dut.rst.value = 0
        await ClockCycles(self.dut.clk, 2)
        await self.write("irq_enable", enable=1)

    async def write(self, name: str, **fields: int) -> None:
        """Write a register, fields not named as 0."""
        register = self.registers[name]
        answer = await self.axil.write(register.offset, encode(register, fields))
        if answer != axil.OKAY:
            raise RuntimeError(f"write of {name} must be answered with OKAY, not {answer}")

    async def read(self, name: str) -> dict[str, int]:
        """Return the fields of a register or counter."""
        return (await self.read_all([name]))[name]

    async def read_all(self, names: Sequence[str]) -> dict[str, dict[str, int]]:
        """Return the fields of registers, fetched in one burst; of a counter the low word first, which holds its high word."""
        found = [self.registers[name] for name in names]
        words, answer = await self.axil.read([
            register.offset + WORD_BYTES * k for register in found for k in range(register.words)])
        if answer != axil.OKAY:
            raise RuntimeError(f"read of {', '.join(names)} must be answered with OKAY, not {answer}")
        rest = iter(words)
        return {register.name: decode(register, sum(next(rest) << WORD_BITS * k for k in range(register.words)))
                for register in found}

    async def counters(self) -> dict[str, int]:
        """Return every hardware counter."""
        names = [register.name for register in self.registers.registers if register.kind == "counter"]
        return {name: fields["value"] for name, fields in (await self.read_all(names)).items()}

    async def flags(self, *, clear: bool = False) -> dict[str, int]:
        """Return the sticky flags, and clear those that are set if asked."""
        flags = await self.read("flags")
        if clear:
            await self.write("flags", **flags)
        return flags

    async def perform(self, actions: Actions) -> Any:
        """Perform actions, as `compress.actions.perform` does, and return their result.

        What the machine does not do in time raises a ``RuntimeError`` in the talk, at the action itself; packets are sent with
        the first action after them.
        """
        packets: list[Send] = []
        reply: Any = None
        error: RuntimeError | None = None
        try:
            while True:
                action = actions.throw(error) if error else actions.send(reply)
                reply = error = None
                if isinstance(action, Send):
                    packets.append(action)
                    continue
                try:
                    await self._sent(packets)
                    reply = await self._do(action)
                except RuntimeError as late:
                    error = late
                packets = []
        except StopIteration as end:
            await self._sent(packets)
            return end.value

    async def _sent(self, actions: Sequence[Send]) -> None:
        """Send the packets of actions."""
        await self.send([action.words for action in actions], limit=sum(action.limit for action in actions))

    async def send(self, packets: Sequence[Any], *, limit: int = 0) -> None:
        """Send packets and wait until the machine has taken them, at most ``limit`` cycles beyond those of their words."""
        if packets:
            words = sum(map(len, packets))
            await self.within(words * WORD_CYCLES + SLACK + limit, self.stream.send(packets), f"feed of {words} words")

    async def _do(self, action: Any) -> Any:
        match action:
            case WriteRegister():
                return await self.write(action.name, **action.fields)
            case ReadRegister():
                return await self.read(action.name)
            case ReadRegisters():
                return await self.read_all(action.names)
            case Wait():
                return await self.wait(action)
            case Receive():
                limit = action.words * WORD_CYCLES + SLACK + action.limit
                return await self.within(limit, self.stream.receive(action.words), f"result of {action.words} words")
            case Offer():
                return await self.stream.offer(action.stream, action.transfers)
            case Pause():
                self.dut.pause.value = action.chance
                return None
            case Reset():
                await ClockCycles(self.dut.clk, action.after)
                return await self.reset()
        raise TypeError(f"action must be one of compress.actions or a Reset or Pause, not {action!r}")

    async def wait(self, wait: Wait) -> dict[str, int]:
        """Wait for a flag, by way of the interrupt, and return all flags."""
        if str(self.dut.irq.value) not in "01":
            raise RuntimeError(f"irq must be 0 or 1 after a command, not {self.dut.irq.value}; a register was not reset")
        if self.dut.irq.value == 0:
            await self.within(wait.limit, RisingEdge(self.dut.irq), wait.what)

        if ended(flags := await self.flags(), wait):
            return flags
        return await self._polled(wait)

    async def _polled(self, wait: Wait) -> dict[str, int]:
        """Read the flags until they end a wait: another flag had raised the interrupt first. Each read comes to its end."""
        end = get_sim_time("ns") + wait.limit * PERIOD
        while not ended(flags := await self.flags(), wait):
            if get_sim_time("ns") > end:
                await self._late(wait.limit, wait.what)
        return flags

    async def within(self, limit: int, event: Awaitable[Any], what: str) -> Any:
        """Wait for an event, at most ``limit`` cycles; then give up and say what the machine was at."""
        try:
            return await with_timeout(event, limit * PERIOD, "ns")
        except SimTimeoutError:
            await self._late(limit, what)

    async def _late(self, limit: int, what: str) -> None:
        """Raise a ``RuntimeError`` that says what a machine was at which has not come to an end within a limit."""
        busy, flags, counters = (await self.read("status"))["busy"], await self.flags(), await self.counters()
        raise RuntimeError(f"{what} must end within {limit} cycles, and it has not; status: busy {busy}; flags: "
                           f"{named(flags)}; counters: {named(counters)}") from None

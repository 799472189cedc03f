"""A host in Amaranth's own simulator: the four calls of a transport on a machine that stands in a larger Amaranth design."""

from collections.abc import Iterator, Sequence
from typing import Any

from compress.actions import (
    Actions,
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
)
from spec.registers import WORD_BITS, WORD_BYTES, Register, RegisterMap

LIMIT = 100_000
"""Cycles that a call waits before it gives up."""


class Host:
    """Drives the AXI ports of ``machine`` from a testbench: ``async def testbench(ctx): host = Host(ctx, machine)``.

    Parameters
    ----------
    context : amaranth.sim.SimulatorContext
        Of the testbench.
    machine : wiring.Component
        Has the ports of `rtl.bus.port.front_end`.
    """

    def __init__(self, context: Any, machine: Any):
        self._context, self._machine = context, machine
        self.cycles = 0
        self._stream = ""
        self._left: Iterator[int] = iter(())
        self._on_offer = False

    async def write_register(self, offset: int, value: int) -> None:
        """Write 32 bits at a byte address."""
        self._set(s_axil_awaddr=offset, s_axil_wdata=value, s_axil_wstrb=(1 << WORD_BYTES) - 1, s_axil_bready=1)
        self._set(s_axil_awvalid=1, s_axil_wvalid=1)
        await self._tick("s_axil_awready")
        self._set(s_axil_awvalid=0, s_axil_wvalid=0)
        await self._answer("s_axil_bvalid", "s_axil_bresp", offset)

    async def read_register(self, offset: int) -> int:
        """Return the 32 bits at a byte address."""
        self._set(s_axil_araddr=offset, s_axil_arvalid=1, s_axil_rready=1)
        await self._tick("s_axil_arready")
        self._set(s_axil_arvalid=0)
        return await self._answer("s_axil_rvalid", "s_axil_rresp", offset, "s_axil_rdata")

    async def send(self, words: Sequence[int]) -> None:
        """Send one packet."""
        for number, word in enumerate(words):
            self._set(s_axis_tdata=int(word), s_axis_tvalid=1, s_axis_tlast=number == len(words) - 1)
            await self._tick("s_axis_tready")
        self._set(s_axis_tvalid=0)

    async def perform(self, registers: RegisterMap, actions: Actions) -> Any:
        """Perform actions, as `compress.actions.perform` does, and return their result."""
        reply: Any = None
        try:
            while True:
                action, reply = actions.send(reply), None
                match action:
                    case WriteRegister():
                        register = registers[action.name]
                        await self.write_register(register.offset, encode(register, action.fields))
                    case ReadRegister():
                        reply = await self._read(registers[action.name])
                    case ReadRegisters():
                        reply = {name: await self._read(registers[name]) for name in action.names}
                    case Send():
                        await self.send(action.words)
                    case Receive():
                        reply = await self.receive(action.words)
                    case Offer():
                        self._offer(action)
                    case Wait():
                        while not ended(reply := await self._read(registers["flags"]), action):
                            pass
        except StopIteration as end:
            return end.value

    async def _read(self, register: Register) -> dict[str, int]:
        words = [await self.read_register(register.offset + WORD_BYTES * k) for k in range(register.words)]
        return decode(register, sum(word << WORD_BITS * k for k, word in enumerate(words)))

    async def receive(self, words: int) -> list[int]:
        """Return the words of one packet of at most so many."""
        found: list[int] = []
        self._set(m_axis_tready=1)
        last = 0
        while not last:
            word, last = await self._tick("m_axis_tvalid", "m_axis_tdata", "m_axis_tlast")
            found.append(word)
            if len(found) > words:
                raise ValueError(f"a packet of at most {words} words was expected, not a longer one")
        self._set(m_axis_tready=0)
        return found

    def _set(self, **values: int) -> None:
        for name, value in values.items():
            self._context.set(getattr(self._machine, name), value)

    def _offer(self, action: Offer) -> None:
        """Offer transfers on another stream from now on; they go out while the host waits for what else it does."""
        self._stream = action.stream
        self._left = iter([int.from_bytes(transfer.tobytes(), "little") for transfer in action.transfers])
        self._next()

    def _next(self) -> None:
        transfer = next(self._left, None)
        self._on_offer = transfer is not None
        self._set(**{f"{self._stream}_tvalid": self._on_offer, f"{self._stream}_tdata": transfer or 0})

    async def _tick(self, condition: str, *names: str) -> tuple[int, ...]:
        """Wait for the cycle in which ``condition`` is 1; return what ``names`` are in it."""
        offered = [f"{self._stream}_tready"] if self._stream else []
        watched = [getattr(self._machine, name) for name in (*offered, condition, *names)]
        for _ in range(LIMIT):
            _, _, *found = await self._context.tick().sample(*watched)
            self.cycles += 1
            taken = found.pop(0) if offered else 0
            met, *values = found
            if taken and self._on_offer:
                self._next()
            if met:
                return tuple(values)
        raise TimeoutError(f"{condition} must come within {LIMIT} cycles")

    async def _answer(self, valid: str, response: str, offset: int, *value: str) -> int:
        code, *values = await self._tick(valid, response, *value)
        if code:
            raise ValueError(f"register {offset:#x} must be answered with OKAY, not {code}")
        return values[0] if values else 0

"""AXI4-Lite as a host drives it: one access after another, with as little Python per access as that takes.

A run reads some dozens of registers per layer, so their accesses are much of its time. The benches of the bus have masters that
no one here wrote (`sim/bus/bench_axil.py`); this one is for hosts.
"""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from cocotb.triggers import RisingEdge

from spec.registers import WORD_BYTES

OUTPUTS = ("awready", "wready", "bvalid", "bresp", "arready", "rvalid", "rdata", "rresp")
INPUTS = ("awaddr", "awprot", "awvalid", "wdata", "wstrb", "wvalid", "bready", "araddr", "arprot", "arvalid", "rready")
ALL_BYTES = (1 << WORD_BYTES) - 1
OKAY = 0
ANSWER = 1_000      # cycles within which the bus answers, a burst of all counters too
LATE = f"a register must be read or written within {ANSWER} cycles, and it has not"


class Master:
    """Masters the ports ``s_axil_*`` of a machine; addresses are in bytes.

    Members
    -------
    write(address, value), read(addresses)
        Coroutines. An access that was given up leaves the ports as they were; ``idle`` takes it back, in a reset.
    """

    def __init__(self, dut: Any):
        self._edge = RisingEdge(dut.clk)
        self._port: Any = SimpleNamespace(**{name: getattr(dut, f"s_axil_{name}") for name in (*INPUTS, *OUTPUTS)})
        self.idle()

    def idle(self) -> None:
        """Ask for nothing."""
        for name in INPUTS:
            getattr(self._port, name).value = 0

    async def write(self, address: int, value: int) -> int:
        """Write 32 bits and return the response, 0 for OKAY; RuntimeError if none comes."""
        port = self._port
        port.awaddr.value, port.wdata.value, port.wstrb.value = address, value, ALL_BYTES
        port.awvalid.value = port.wvalid.value = port.bready.value = 1
        addressed = filled = False
        for _ in range(ANSWER):
            await self._edge                    # what is read now is what stood there at the edge
            if not addressed and port.awready.value == 1:
                addressed, port.awvalid.value = True, 0
            if not filled and port.wready.value == 1:
                filled, port.wvalid.value = True, 0
            if port.bvalid.value == 1:
                port.bready.value = 0
                return int(port.bresp.value)
        raise RuntimeError(LATE)

    async def read(self, addresses: Sequence[int]) -> tuple[list[int], int]:
        """Read 32 bits at each address, in their order; return values and worst response; RuntimeError if they do not come."""
        port = self._port
        found: list[int] = []
        worst, asked = OKAY, 0
        port.araddr.value = addresses[0]
        port.arvalid.value = port.rready.value = 1
        for _ in range(ANSWER):
            await self._edge
            if asked < len(addresses) and port.arready.value == 1:
                asked += 1
                if asked < len(addresses):
                    port.araddr.value = addresses[asked]
                else:
                    port.arvalid.value = 0
            if port.rvalid.value == 1:
                found.append(int(port.rdata.value))
                worst = max(worst, int(port.rresp.value))
                if len(found) == len(addresses):
                    port.rready.value = 0
                    return found, worst
        raise RuntimeError(LATE)

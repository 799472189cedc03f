"""A block-scaled dot unit on emitted Verilog: every result, the latency, one operation per cycle."""
import os

import cocotb
import numpy as np
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge

from sim.mac.scaled import words


@cocotb.test()
async def matches_golden_at_the_documented_latency(dut):
    """An operation every cycle; each result so many cycles after it, with other values on the ports before and after."""
    name, latency = os.environ["MAC_FORMAT"], int(os.environ["MAC_LATENCY"])
    stim = dict(np.load(os.environ["MAC_STIM"]))
    ports, want, got = words(name, stim), stim["d"].tolist(), []
    handles = {port: getattr(dut, port) for port in ports}
    Clock(dut.clk, 10, unit="ns").start()
    await FallingEdge(dut.clk)
    for cycle in range(len(want) + latency):
        for port, handle in handles.items():
            handle.value = ports[port][cycle % len(want)]
        await FallingEdge(dut.clk)
        if cycle + 1 >= latency and len(got) < len(want):
            got.append(dut.d.value.to_unsigned())
    wrong = [k for k, pair in enumerate(zip(got, want, strict=True)) if pair[0] != pair[1]]
    if wrong:
        k = wrong[0]
        raise AssertionError(f"{len(wrong)} of {len(want)} results differ; first is operation {k}: unit {got[k]:08x}, golden "
                             f"{want[k]:08x}; c {ports['c'][k]:08x}, scales {stim['a_scale'][k]} {stim['b_scale'][k]}, "
                             f"a {stim['a'][k]}, b {stim['b'][k]}")

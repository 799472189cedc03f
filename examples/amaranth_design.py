"""An EIE inside somebody's Amaranth design: a lamp lights when the network has found something.

Run it: python examples/amaranth_design.py --out build/example
"""

import argparse
import subprocess
import sys
from pathlib import Path

import numpy as np
from amaranth.back import rtlil
from amaranth.hdl import ClockDomain, Module, ResetSignal, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from amaranth.sim import Simulator

from compress.eie import actions, load
from compress.eie import inputs as quantised
from nonzero import Eie
from sim.pysim import Host
from spec.eie import registers


class Watcher(wiring.Component):
    """The design: a button resets it, its lamp stays lit from the machine's first interrupt on.

    A processor of yours would be on the machine's AXI ports; here the testbench is.

    Members
    -------
    button : ``In(1)``
    lamp : ``Out(1)``
    """

    def __init__(self, spec):
        self.eie = Eie(spec)
        super().__init__({"button": In(1), "lamp": Out(1)})

    def elaborate(self, platform):
        m = Module()
        m.domains.sync = ClockDomain()
        m.submodules.eie = self.eie
        m.d.comb += ResetSignal().eq(self.button)
        seen = Signal()
        with m.If(self.eie.irq):
            m.d.sync += seen.eq(1)
        m.d.comb += self.lamp.eq(seen)
        return m


def network(folder: Path) -> tuple[Path, np.ndarray, np.ndarray]:
    """Return an image of a small network, an input, and what the network answers in floats."""
    rng = np.random.default_rng(7)
    first, second = rng.normal(size=(16, 12)), rng.normal(size=(4, 16))
    x = rng.random((1, 12)).astype(np.float32)
    np.savez(folder / "net.npz", **{"one.weight": first, "two.weight": second})
    np.save(folder / "x.npy", x)
    subprocess.run([sys.executable, "-m", "nonzero", "compress", str(folder / "net.npz"), "-o", str(folder / "image.npz"),
                    "--preset", "ecp5", "--pes", "2", "--data", str(folder / "x.npy")], check=True, stdout=subprocess.DEVNULL)
    return folder / "image.npz", x, second @ np.maximum(first @ x[0], 0)


def main(folder: Path) -> None:
    """Simulate the design with a network in it, and write the RTLIL of the whole for any synthesis tool."""
    folder.mkdir(parents=True, exist_ok=True)
    path, x, floats = network(folder)
    image = load(path)
    vectors, _ = quantised(image, x)
    design, told = Watcher(image.spec), []

    async def testbench(context):
        context.set(design.button, 1)
        await context.tick()
        context.set(design.button, 0)
        host, map_ = Host(context, design.eie), registers(image.spec)
        await host.write_register(map_["irq_enable"].offset, 1)
        before = context.get(design.lamp)
        result, = await host.perform(map_, actions(image, vectors))
        told.extend((before, context.get(design.lamp), result))

    simulator = Simulator(design)
    simulator.add_clock(1e-8)
    simulator.add_testbench(testbench)
    simulator.run()
    before, after, result = told
    answers = image.logical(result.outputs) * image.output_scale
    print(f"lamp: {before} before, {after} after; {result.counters['cycles']} cycles")
    print("machine:", np.round(answers, 2), "floats:", np.round(floats, 2))
    (folder / "watcher.il").write_text(rtlil.convert(design, name="watcher", emit_src=False))
    print(f"wrote {folder / 'watcher.il'}")


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--out", type=Path, default=Path("build/example"))
    main(options.parse_args().out)

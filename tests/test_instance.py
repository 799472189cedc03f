"""A machine inside someone else's Amaranth design: in Amaranth's simulator, and in the RTLIL of the whole."""
import numpy as np
import pytest
from amaranth.back import rtlil
from amaranth.hdl import ClockDomain, Fragment, Module, ResetSignal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from amaranth.sim import Simulator

import golden.image
from compress.eie import actions
from compress.eie import image as images
from compress.mac.actions import multiply
from compress.scnn import actions as scnn_actions
from golden.eie.network import run as run_golden
from golden.mac import matmul
from rtl.check import check
from rtl.eie.machine import Machine as Eie
from rtl.mac.machine import Machine as Mac
from rtl.scnn.machine import Machine as Scnn
from sim.pysim import Host
from sim.scnn.cases import case
from spec import scnn as scnn_spec
from spec.eie import registers
from spec.mac import MacSpec
from spec.mac import registers as mac_registers
from tests.compress_sample import sample, small


class Other(wiring.Component):
    """Someone's design: a machine whose interrupt is one of its own ports, and a reset button."""

    def __init__(self, machine):
        self.machine = machine
        super().__init__({"alarm": Out(1), "button": In(1)})

    def elaborate(self, platform):
        m = Module()
        m.domains.sync = ClockDomain()
        m.submodules.machine = self.machine
        m.d.comb += self.alarm.eq(self.machine.irq)
        m.d.comb += ResetSignal().eq(self.button)
        return m


def simulate(design, work):
    """Run ``work(host)`` in Amaranth's simulator and return its result."""
    simulator, results = Simulator(design), []

    async def testbench(context):
        context.set(design.button, 1)
        for _ in range(3):
            await context.tick()
        context.set(design.button, 0)
        results.append(await work(Host(context, design.machine)))
    simulator.add_clock(1e-8)
    simulator.add_testbench(testbench)
    simulator.run()
    return results[0]


@pytest.mark.parametrize("changes", [{"pes": 2}, {"pes": 5, "broadcast_latency": 2}], ids=["leaf", "tree"])
def test_an_eie_gives_the_outputs_and_the_cycles_of_golden(changes, tmp_path):
    spec = small(**changes)
    images.save(made := sample(spec, sizes=(9, 14, 6)), tmp_path / "net.npz")
    inputs = np.random.default_rng(3).integers(-2000, 2000, 9).astype(np.int16)
    want = run_golden(golden.image.load(tmp_path / "net.npz"), inputs)
    got, = simulate(Other(Eie(spec)), lambda host: host.perform(registers(spec), actions(made, want.inputs)))
    assert np.array_equal(got.outputs, want.values[-1][0]) and np.array_equal(made.logical(got.outputs), want.outputs[0])
    assert got.counters["cycles"] == sum(layer.cycles for layer in want.counters[0])


@pytest.mark.parametrize("spec", [
    MacSpec(fold=16, tiles=2), MacSpec(arch="ampere", formats=("int8",), acc="int32", fold=4, target="ice40"),
    MacSpec(arith="lns", formats=("lns",), acc="lns", fold=16), MacSpec(arch="ampere", stochastic=True, fold=16, seed=7),
], ids=["two tiles", "pairs", "lns", "stochastic"])
def test_a_mac_gives_the_results_of_golden(spec):
    rng, fmt = np.random.default_rng(4), spec.formats[0]
    bits = min(spec.operand_bits, 14)
    a, b = (rng.integers(0, 1 << bits, shape).astype(np.uint32) for shape in ((4, 6), (6, 5)))
    got = simulate(Other(Mac(spec)), lambda host: host.perform(mac_registers(spec), multiply(spec, a, b, None, fmt)))
    assert np.array_equal(got.outputs, matmul(spec, a, b, None, fmt=fmt))


@pytest.mark.full
def test_an_scnn_gives_the_outputs_of_golden():
    one = case(scnn_spec.preset("ecp5", pes=1, blocks=64, memory_words=64), seed=0)
    talk = scnn_actions(one.image, one.x[None])
    got, = simulate(Other(Scnn(one.image.spec)), lambda host: host.perform(scnn_spec.registers(one.image.spec), talk))
    assert np.array_equal(got.outputs, one.golden.outputs)
    assert got.counters["products"] == sum(own.slots["products"] for own in one.golden.counters)


@pytest.mark.parametrize("machine", [lambda: Eie(small(pes=5)), lambda: Mac(MacSpec(fold=4)),
                                     lambda: Scnn(scnn_spec.preset("ecp5", pes=2))], ids=["eie", "mac", "scnn"])
def test_the_rtlil_of_the_whole_has_every_part_and_no_port_is_open(machine):
    alone = machine()
    check(alone, Fragment.get(alone, None))
    text = rtlil.convert(Other(machine()), name="other", emit_src=False)
    assert "cell \\nz_" not in text and text.count("\nmodule ") > 50
    assert all(part in text for part in ("machine.front.axil", "machine.array"))

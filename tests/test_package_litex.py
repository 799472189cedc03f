"""LiteX elaborates a system with the machine in it: bus, interrupt, DMA; Verilator finds nothing wrong in the whole."""
import importlib.util
import re
import sys
import warnings

import pytest

from rtl import build
from rtl.package.amaranth import title
from sim import lint
from sim.bus import toy

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    litex = pytest.importorskip("litex", reason="LiteX is not installed: pip install litex")
    from litex.build.generic_platform import Pins
    from litex.build.sim.platform import SimPlatform
    from litex.gen import LiteXModule
    from litex.soc.integration.export import get_csr_header, get_mem_header
    from litex.soc.integration.soc_core import SoCCore
    from migen import ClockDomain, Signal


class Clock(LiteXModule):
    def __init__(self, platform):
        self.cd_sys = ClockDomain()
        self.comb += [self.cd_sys.clk.eq(platform.request("sys_clk")), self.cd_sys.rst.eq(platform.request("sys_rst"))]


def module(folder, name):
    spec = importlib.util.spec_from_file_location(f"{name}_litex", folder / f"{name}_litex.py")
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return getattr(made, title(name))


@pytest.mark.parametrize("dma", [True, False])
def test_a_system_takes_the_machine(tmp_path, dma, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["test"])
    built = toy.generate(toy.ToySpec())
    build.write(built, tmp_path)
    platform = SimPlatform("SIM", [("sys_clk", 0, Pins(1)), ("sys_rst", 0, Pins(1))])
    soc = SoCCore(platform, int(1e6), cpu_type=None, integrated_sram_size=4096, uart_name="stub", with_timer=False, ident="")
    soc.cpu.interrupt, soc.cpu.interrupts = Signal(32), {}
    soc.irq.enable()
    soc.crg = Clock(platform)
    machine = module(tmp_path, "toy_16")(platform)
    machine.add_to(soc, origin=0x80000000, dma=dma)
    soc.finalize()
    text = platform.get_verilog(soc, name="top").main_source
    region = soc.bus.regions["toy_16"]
    assert (region.origin, region.size, region.cached) == (0x80000000, 4096, False)
    assert soc.constants["TOY_16_INTERRUPT"] == soc.irq.locs["toy_16"] and (str(tmp_path / "toy_16.v"), "verilog", "work") in [
        source[:3] for source in platform.sources]
    csrs, regions = get_csr_header(soc.csr_regions, soc.constants), get_mem_header(soc.mem_regions)
    assert ("CSR_TOY_16_READER_BASE_ADDR" in csrs and "CSR_TOY_16_WRITER_LENGTH_ADDR" in csrs) == dma
    assert re.search(r"#define TOY_16_BASE 0x80000000", regions)
    call = re.search(r"\ntoy_16 \w+ ?\((.*?)\n\);", text, re.DOTALL)[1]
    assert set(re.findall(r"\.(\w+) *\(", call)) == {port["name"] for port in built.manifest["ports"]}
    said = lint.verilator(f"{text}\n{built.verilog}", "top").splitlines()      # LiteX's own text has warnings of style
    assert not [line for line in said if "%Error" in line and "Exiting due to" not in line or "port connection" in line]

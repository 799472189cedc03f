"""LiteX elaborates a system with the machine in it: bus, interrupt, DMA; Verilator finds nothing wrong in the whole."""
import functools
import importlib.util
import re
import shutil
import subprocess
import warnings

import pytest

from rtl import build
from rtl.package import files as packages
from rtl.package.amaranth import title
from sim import lint, simulator
from sim.bus import toy
from sim.driver import build as build_driver
from tests.package_sample import NAMES, SAMPLES

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    litex = pytest.importorskip("litex", reason="LiteX is not installed: pip install litex")
    from litex.build.generic_platform import Pins, Subsignal
    from litex.build.sim.platform import SimPlatform
    from litex.gen import LiteXModule
    from litex.soc.integration.export import get_csr_header, get_mem_header, get_soc_header
    from litex.soc.integration.soc_core import SoCCore
    from litex.soc.interconnect import wishbone
    from migen import ClockDomain, Signal


SYSTEM = """#pragma once
#include <stdint.h>
#define CSR_ACCESSORS_DEFINED
uint32_t bus_read(unsigned long address);
void bus_write(unsigned long address, uint32_t value);
void flush_cpu_dcache(void);
void flush_l2_cache(void);
static inline void csr_write_simple(unsigned long value, unsigned long address) { bus_write(address, (uint32_t)value); }
static inline unsigned long csr_read_simple(unsigned long address) { return bus_read(address); }
"""
"""What of LiteX's own software the bus of the driver includes."""


class Clock(LiteXModule):
    def __init__(self, platform):
        self.cd_sys = ClockDomain()
        self.comb += [self.cd_sys.clk.eq(platform.request("sys_clk")), self.cd_sys.rst.eq(platform.request("sys_rst"))]


def module(folder, name):
    spec = importlib.util.spec_from_file_location(f"{name}_litex", folder / f"{name}_litex.py")
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return getattr(made, title(name))


def system(folder, name, *, dma=True, pads=()):
    """Return a system with a machine in it, an interrupt and no processor, and the machine."""
    platform = SimPlatform("SIM", [("sys_clk", 0, Pins(1)), ("sys_rst", 0, Pins(1)), *pads])
    soc = SoCCore(platform, int(1e6), cpu_type=None, integrated_sram_size=4096, uart_name="stub", with_timer=False, ident="")
    soc.cpu.interrupt, soc.cpu.interrupts = Signal(32), {}
    soc.irq.enable()
    soc.crg = Clock(platform)
    machine = module(folder, name)(platform)
    machine.add_to(soc, 0x80000000, dma=dma)
    return soc, machine


@pytest.fixture
def built(tmp_path):
    """Write the toy machine with all its packages into the folder."""
    made = generated()
    build.write(made, tmp_path)
    return made


@functools.cache
def generated():
    return toy.generate(toy.ToySpec())


@pytest.mark.parametrize("name", [pytest.param(*name.values, marks=() if name.values == ("odd",) else pytest.mark.full)
                                  for name in NAMES])
def test_every_port_of_every_machine_is_joined(name, tmp_path):
    _, manifest = SAMPLES[name]
    for file, text in packages(manifest, ("litex",)).items():
        (tmp_path / file).write_text(text)
    soc, machine = system(tmp_path, manifest["name"])
    for port in manifest["ports"]:
        if port["name"].rpartition("_")[0] not in ("", "s_axil", "s_axis", "m_axis"):
            prefix, _, channel = port["name"].rpartition("_")
            assert len(getattr(getattr(machine, prefix), channel[1:])) == port["bits"]
    soc.finalize()
    text = soc.platform.get_verilog(soc, name="top").main_source
    call = re.search(rf"\n{manifest['name']} \w+ ?\((.*?)\n\);", text, re.DOTALL)[1]
    assert set(re.findall(r"\.(\w+) *\(", call)) == {port["name"] for port in manifest["ports"]}
    assert soc.bus.regions[manifest["name"]].size == 4096


@pytest.mark.parametrize("dma", [True, False])
def test_a_system_takes_the_machine(built, tmp_path, dma):
    soc, _ = system(tmp_path, "toy_16", dma=dma)
    platform = soc.platform
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


@pytest.mark.full
@pytest.mark.skipif(bool(simulator.missing("verilator")) or not shutil.which("gcc"), reason="Verilator or gcc is missing")
def test_firmware_drives_the_machine_through_the_systems_memory_and_dma(built, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)                             # LiteX writes a memory's contents where it is run
    pads = [("nz_irq", 0, Pins(1)), ("wb", 0, *(Subsignal(name, Pins(bits)) for name, bits in (
        ("adr", 30), ("dat_w", 32), ("dat_r", 32), ("sel", 4), ("cyc", 1), ("stb", 1), ("ack", 1), ("we", 1), ("cti", 3),
        ("bte", 2), ("err", 1))))]
    soc, _ = system(tmp_path, "toy_16", pads=pads)
    host = wishbone.Interface(data_width=32, adr_width=30, addressing="word")
    soc.bus.add_master("host", host)
    soc.comb += [*host.connect_to_pads(soc.platform.request("wb"), mode="slave"),
                 soc.platform.request("nz_irq").eq(soc.cpu.interrupt[soc.irq.locs["toy_16"]])]
    soc.finalize()
    soc.platform.get_verilog(soc, name="top").write(str(tmp_path / "top.v"))
    ram = soc.bus.regions["sram"]
    generated = tmp_path / "system" / "generated"
    generated.mkdir(parents=True)
    (generated / "soc.h").write_text(get_soc_header(soc.constants))
    (generated / "mem.h").write_text(get_mem_header(soc.mem_regions))
    (generated / "csr.h").write_text(get_csr_header(soc.csr_regions, soc.constants, csr_base=soc.bus.regions["csr"].origin))
    (tmp_path / "system" / "system.h").write_text(SYSTEM)
    monkeypatch.setenv("C_INCLUDE_PATH", str(tmp_path / "system"))
    include = [tmp_path, build_driver.HERE]
    build_driver.compile_c("gcc", build_driver.HERE / "litex.c", tmp_path / "litex.c.o", include, [], free=False)
    call = ["verilator", "--cc", "--exe", "--build", "--prefix", "Vtop", "--top-module", "top", "-Wno-fatal", "-Wno-lint",
            "-Wno-style", "--no-timing", "-CFLAGS", f"-std=c++17 -DRAM_BASE=0x{ram.origin:x}UL -DRAM_BYTES={ram.size}",
            "-o", "program", "top.v", "toy_16.v", str(build_driver.HERE / "litex.cpp"), str(tmp_path / "litex.c.o")]
    with simulator.environment("verilator"):
        done = subprocess.run(call, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    said = subprocess.run([tmp_path / "obj_dir" / "program"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stderr
    lines = said.stdout.splitlines()
    assert lines[0::3] == ["interrupt 0", "interrupt 0", "cycles 12"], "5 words and the last once more, twice"
    assert lines[1::3] == ["interrupt 1", "interrupt 1"]
    for line, first in zip(lines[2::3], (0x111, 0x121), strict=True):
        values = [first + k for k in range(5)]
        packed = sum(value << 16 * k for k, value in enumerate(values))
        assert line == f"2 words: {packed & 2**64 - 1:016x} {packed >> 64:016x}"

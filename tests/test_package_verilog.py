"""The packages around the Verilog: FuseSoC lints and simulates the core, other tools take the instance and the component."""
import functools
import importlib.util
import re
import shutil
import subprocess
import sys

import pytest
from amaranth.back import rtlil
from amaranth.hdl import ClockDomain, Fragment, Module, Signal

from rtl import build, machine
from rtl.emit import to_verilog
from rtl.package.amaranth import title
from sim import lint, simulator
from sim.bus import toy
from spec.eie import preset as eie
from spec.mac import preset as mac
from spec.scnn import preset as scnn

MACHINES = {
    "toy_16": lambda: toy.generate(toy.ToySpec()),
    "eie_2": lambda: machine.generate("eie", eie("ecp5", pes=2)),
    "mac_volta_k4_f16": lambda: machine.generate("mac", mac(fold=16)),
    "scnn_1x1": lambda: machine.generate("scnn", scnn("ecp5", pes=1)),
}
LONG = [pytest.param(name, marks=() if name == "toy_16" else pytest.mark.full) for name in MACHINES]
FUSESOC = "import sys; from fusesoc.main import main; sys.exit(main())"


@functools.cache
def generated(name):
    return MACHINES[name]()


@pytest.fixture
def made(tmp_path, request):
    """Write a machine with all its packages; return it and its folder."""
    built = generated(getattr(request, "param", "toy_16"))
    build.write(built, tmp_path / "made")
    return built, tmp_path / "made"


def fusesoc(folder, *arguments):
    """Run FuseSoC beside a core; the simulators are those that our own runs use."""
    with simulator.environment("verilator"):
        return subprocess.run([sys.executable, "-c", FUSESOC, "--cores-root", "made", *arguments], cwd=folder.parent, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)


@pytest.mark.parametrize("made", LONG, indirect=True)
def test_fusesoc_lints_the_core(made):
    built, folder = made
    done = fusesoc(folder, "run", "--target", "lint", f"nonzero:machine:{built.name}")
    assert done.returncode == 0 and "%Warning" not in done.stdout, done.stdout
    before, top, after = built.verilog.partition(f"module {built.name}(")
    fault = "  wire odd_wire;\n  reg odd_bit;\n  always @(posedge clk) odd_bit <= odd_wire;\nendmodule"
    faulty = after.replace("endmodule", fault, 1)
    (folder / f"{built.name}.v").write_text(before + top + faulty)
    done = fusesoc(folder, "run", "--target", "lint", f"nonzero:machine:{built.name}")
    assert done.returncode != 0 and "'odd_wire'" in done.stdout, done.stdout


@pytest.mark.skipif(not shutil.which("iverilog"), reason="Icarus is not installed: apt-get install iverilog")
@pytest.mark.parametrize("made", LONG, indirect=True)
def test_fusesoc_reads_the_registers_in_a_simulator(made):
    built, folder = made
    done = fusesoc(folder, "run", "--target", "sim", f"nonzero:machine:{built.name}")
    assert done.returncode == 0 and f"PASS: the registers of {built.name}" in done.stdout, done.stdout
    bench = folder / f"{built.name}_bench.sv"
    checks = re.findall(r"expect_word\(12'h\w+, 32'h\w+\);", bench.read_text())
    assert len(checks) == sum(register["kind"] in ("constant", "rw") for register in built.manifest["registers"])
    bench.write_text(bench.read_text().replace(checks[0], "expect_word(12'h000, 32'h12345678);"))
    done = fusesoc(folder, "run", "--target", "sim", f"nonzero:machine:{built.name}")
    assert done.returncode != 0 and "WRONG" in done.stdout, "a wrong register is found"


def test_a_module_takes_the_instance_as_it_is(made):
    built, folder = made
    text = (folder / "toy_16_instance.vh").read_text()
    ports = {port["name"]: port for port in built.manifest["ports"]}
    joined = dict(re.findall(r"\.(\w+)\((\w+)\)", text))
    assert set(joined) == set(ports)
    for name, wire in joined.items():
        bits = ports[name]["bits"]
        assert name == wire or re.search(rf"^wire {rf'.{bits - 1}:0. ' if bits > 1 else ''}{wire};$", text, re.MULTILINE)
    inputs = "".join(f"  assign toy_16_{name} = 0;\n" for name, port in ports.items()
                     if port["direction"] == "input" and name not in ("clk", "rst"))
    (folder / "top.v").write_text(f'module top(input clk, input rst);\n`include "toy_16_instance.vh"\n{inputs}endmodule\n')
    call = ["verilator", "--lint-only", "--quiet-stats", "-Wall", "-Wno-UNUSED", "--top-module", "top"]
    with simulator.environment("verilator"):
        said = subprocess.run([*call, "toy_16.vlt", "top.v", "toy_16.v"], cwd=folder, capture_output=True, text=True,
                              check=False)
    assert said.returncode == 0, said.stderr


def component(folder, name):
    spec = importlib.util.spec_from_file_location(f"{name}_amaranth", folder / f"{name}_amaranth.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return getattr(module, title(name))


@pytest.mark.parametrize("domain", ["sync", "slow"])
def test_an_amaranth_design_takes_the_component(made, domain):
    built, folder = made
    m = Module()
    m.domains += (clock := ClockDomain(domain))
    m.submodules.toy = machine_ = component(folder, "toy_16")(domain=domain)
    raised = Signal()
    m.d.comb += [raised.eq(machine_.irq), machine_.s_axis_tdata.eq(0x0123456789ABCDEF)]
    text = rtlil.convert(Fragment.get(m, None), ports=[raised, clock.clk, clock.rst], name="top")
    cell = text.partition("cell \\toy_16 ")[2].partition("end\n")[0]
    assert set(re.findall(r"connect \\(\w+) ", cell)) == {port["name"] for port in built.manifest["ports"]}
    assert re.search(rf"connect \\clk \\{'clk' if domain == 'sync' else 'slow_clk'}\b", cell)
    assert not lint.yosys(f"{to_verilog(text)}\n{built.verilog}", "top")


class Platform:
    """What of a platform the component asks for."""

    def __init__(self):
        self.files = {}

    def add_file(self, name, text):
        self.files[name] = text


def test_a_platform_gets_the_verilog(made):
    built, folder = made
    platform = Platform()
    component(folder, "toy_16")().elaborate(platform)
    assert platform.files == {"toy_16.v": built.verilog}

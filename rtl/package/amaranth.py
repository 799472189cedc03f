"""The emitted Verilog as a component for an Amaranth design: its text is read as it is, and is small whatever the size."""

from typing import Any

from rtl.package.port import ports

TEXT = '''"""{name} as an Amaranth component, made by {generator}: the Verilog beside this file, in one instance."""

from pathlib import Path

from amaranth.hdl import ClockSignal, Instance, Module, ResetSignal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

VERILOG = Path(__file__).with_name("{name}.v")
PORTS = {{
{members}
}}


class {title}(wiring.Component):
    """The machine {name} in the clock domain ``domain``, whose reset must be synchronous.

    Members are the ports of the Verilog but for ``clk`` and ``rst``. A platform gets the Verilog as one of its files; elsewhere
    it goes to the tool beside the design's own text. Amaranth's simulator does not run an instance.
    """

    def __init__(self, *, domain="sync"):
        self._domain = domain
        super().__init__(PORTS)

    def elaborate(self, platform):
        m = Module()
        if platform is not None:
            platform.add_file(VERILOG.name, VERILOG.read_text(encoding="utf-8"))
        ports = {{f"{{'i' if member.flow == In else 'o'}}_{{name}}": getattr(self, name) for name, member in PORTS.items()}}
        m.submodules.machine = Instance("{name}", i_clk=ClockSignal(self._domain), i_rst=ResetSignal(self._domain), **ports)
        return m
'''


def files(manifest: dict[str, Any]) -> dict[str, str]:
    """Return the module ``NAME_amaranth.py`` with a component named after the machine: ``Eie4`` of ``eie_4``."""
    name = manifest["name"]
    members = "\n".join(f'    "{port.name}": {"In" if port.direction == "input" else "Out"}({port.bits}),'
                        for port in ports(manifest) if port.name not in ("clk", "rst"))
    return {f"{name}_amaranth.py": TEXT.format(name=name, generator=manifest["generator"], members=members, title=title(name))}


def title(name: str) -> str:
    """Return the name of a machine's class: ``MacVoltaK4`` of ``mac_volta_k4``."""
    return "".join(word.capitalize() for word in name.split("_"))

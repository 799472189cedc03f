"""Refuses a design in which a port of a block is not connected, before any Verilog is written of it."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from amaranth.hdl import Fragment, Instance, Signal, Value
from amaranth.hdl._ast import Assign, Concat, Operator, Part, Property, Slice, Switch, SwitchValue
from amaranth.hdl._mem import MemoryInstance
from amaranth.lib import wiring
from amaranth.lib.wiring import In

from rtl.parts import LEFT_OPEN


def check(component: wiring.Component, fragment: Fragment) -> None:
    """Raise ValueError if a port of ``component`` or of a block inside it is not driven in every bit, or is read nowhere.

    Of ``component`` itself the inputs count as driven and the outputs as read. Blocks are the components among its submodules,
    at every depth, and the modules that are called by ``Instance``. :func:`rtl.parts.leave_open` says that a port is not read.

    Parameters
    ----------
    component : wiring.Component
    fragment : Fragment
        What ``component`` elaborated to.
    """
    uses = _Uses(component, fragment)
    faults = sorted({fault for port in uses.ports for fault in uses.faults(port)})
    if faults:
        raise ValueError(f"{'; '.join(faults)}; connect the port in the block around it, or remove it")


@dataclass(frozen=True)
class _Port:
    """A port of a block: the signal that it is, and the fragments that are inside the block."""

    path: str
    signal: Signal
    inward: bool
    inside: range


class _Uses:
    """Where each signal of a tree of fragments is driven and read; fragments are numbered in the order of a walk."""

    def __init__(self, component, fragment):
        self.driven = defaultdict(int)          # by id: a bit for each bit of the signal
        self.readers = defaultdict(set)         # by id: numbers of fragments
        self.ports = []
        self._number = 0
        for _, member, signal in _leaves(component):
            if member.flow == In:
                self._drive(signal)
            else:
                self._read(signal, -1)
        self._walk(fragment, type(component).__name__)

    def faults(self, port: _Port) -> Iterator[str]:
        """Yield a sentence for each thing that is wrong with a port."""
        if self.driven[id(port.signal)] != (1 << len(port.signal)) - 1:
            yield f"{port.path} must be driven, not left open"
        read = any((number in port.inside) == port.inward for number in self.readers[id(port.signal)])
        if read == (LEFT_OPEN in port.signal.attrs):
            yield f"{port.path} must {'not be read, as leave_open says' if read else 'be read, not left open'}"

    def _walk(self, fragment, path):
        number = self._number
        self._number += 1
        for statements in fragment.statements.values():
            for statement in statements:
                self._statement(statement, number)
        if isinstance(fragment, Instance):
            self._call(fragment, number, path)
        elif isinstance(fragment, MemoryInstance):
            self._memory(fragment, number)
        for position, (child, name, _) in enumerate(fragment.subfragments):
            self._walk(child, f"{path}.{name or position}")
        for block in fragment.origins or ():
            if isinstance(block, wiring.Component):
                for name, member, signal in _leaves(block):
                    self.ports.append(_Port(f"{path}.{name}", signal, member.flow == In, range(number, self._number)))

    def _call(self, instance, number, path):
        """Take the ports of an instance that are joined to a whole signal; a module that is called drives and reads all."""
        for name, (value, side) in instance.ports.items():
            if side == "i":
                self._read(value, number)
            else:
                self._drive(value)
            if isinstance(value, Signal) and len(value):
                self.ports.append(_Port(f"{path}.{name}", value, side == "i", range(number, number + 1)))

    def _memory(self, memory, number):
        for port in memory._read_ports:
            self._drive(port._data)
            self._read(port._addr, number)
            self._read(port._en, number)
        for port in memory._write_ports:
            for value in (port._data, port._addr, port._en):
                self._read(value, number)

    def _statement(self, statement, number):
        if isinstance(statement, Assign):
            self._drive(statement.lhs, number=number)
            self._read(statement.rhs, number)
        elif isinstance(statement, Switch):
            self._read(statement.test, number)
            for _, body, _ in statement.cases:
                for inner in body:
                    self._statement(inner, number)
        elif isinstance(statement, Property):
            self._read(statement.test, number)

    def _drive(self, value, low=0, high=None, number=-1):
        """Note that bits ``low`` to ``high`` of a value are driven, and that what chooses them is read."""
        high = len(value) if high is None else min(high, len(value))
        if isinstance(value, Signal):
            self.driven[id(value)] |= (1 << high) - (1 << low) if high > low else 0
        elif isinstance(value, Slice):
            self._drive(value.value, value.start + low, value.start + high, number)
        elif isinstance(value, Concat):
            for part in value.parts:
                if high > 0 and low < len(part):
                    self._drive(part, max(low, 0), high, number)
                low, high = low - len(part), high - len(part)
        elif isinstance(value, Part):
            self._drive(value.value, number=number)
            self._read(value.offset, number)
        elif isinstance(value, SwitchValue):
            self._read(value.test, number)
            for _, case in value.cases:
                self._drive(case, low, high, number)
        elif isinstance(value, Operator):
            for operand in value.operands:
                self._drive(operand, low, high, number)

    def _read(self, value, number):
        if isinstance(value, Signal):
            self.readers[id(value)].add(number)
        for operand in _operands(value):
            self._read(operand, number)


def _operands(value):
    """Return the values that a value is made of."""
    if isinstance(value, Operator):
        return value.operands
    if isinstance(value, Slice):
        return (value.value,)
    if isinstance(value, Part):
        return (value.value, value.offset)
    if isinstance(value, Concat):
        return value.parts
    if isinstance(value, SwitchValue):
        return (value.test, *(case for _, case in value.cases))
    return ()


def _leaves(component):
    """Yield name, member and signal of every port of a component that has bits."""
    for path, member, value in component.signature.flatten(component):
        signal = Value.cast(value)
        if len(signal) and isinstance(signal, Signal):
            yield "__".join(map(str, path)), member, signal

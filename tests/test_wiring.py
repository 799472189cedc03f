"""No port of a block can come loose: each connection of the machines is taken away once, and generation must say which."""
import pytest
from amaranth.hdl import Fragment, Module
from amaranth.hdl._ast import Assign, Switch
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from rtl import check
from rtl.eie.group import Group
from rtl.eie.machine import Machine as Eie
from rtl.eie.pe import Pe
from rtl.emit import Library
from rtl.mac.datapath import Datapath
from rtl.mac.depth import cuts_of
from rtl.mac.machine import Machine as Mac
from rtl.mac.tile import Tile
from rtl.parts import leave_open
from rtl.scnn.machine import Machine as Scnn
from rtl.scnn.pe import Pe as ScnnPe
from spec.eie import preset
from spec.mac import MacSpec
from spec.scnn import preset as scnn

EIE = {name: preset(name, pes=5, slots=16) for name in ("default", "paper")}
MAC = {"integers": MacSpec(arch="ampere", formats=("int8",), acc="int32", fold=4),
       "stochastic": MacSpec(stochastic=True, fold=16, tiles=2)}
SCNN = scnn("ecp5", pes=2)

TOPS = {f"{part} {name}": (lambda make=make, spec=spec: make(spec)) for name, spec in EIE.items() for part, make in {
    "pe": lambda spec: Pe(spec, Library()),
    "leaf": lambda spec: Group(spec, Library(), level=0, pes=4),
    "tree": lambda spec: Group(spec, Library(), level=1, pes=5),
    "eie": lambda spec: Eie(spec, Library())}.items()}
TOPS |= {f"{part} {name}": (lambda make=make, spec=spec: make(spec)) for name, spec in MAC.items() for part, make in {
    "tile": lambda spec: Tile(Datapath(spec), cuts_of(spec.target), Library()),
    "mac": lambda spec: Mac(spec, Library())}.items()}
TOPS |= {"scnn pe": lambda: ScnnPe(SCNN, Library()), "scnn": lambda: Scnn(SCNN, Library())}


def assignments(fragment):
    """Yield every list of statements of a fragment that has assignments, and each assignment in it."""
    def within(statements):
        for statement in statements:
            if isinstance(statement, Switch):
                for _, body, _ in statement.cases:
                    yield from within(body)
            elif isinstance(statement, Assign):
                yield statements, statement

    for statements in fragment.statements.values():
        yield from within(statements)
    for child, _, _ in fragment.subfragments:
        yield from assignments(child)


@pytest.mark.parametrize("top", TOPS)
def test_every_connection_that_is_taken_away_is_missed(top):
    component = TOPS[top]()
    fragment = Fragment.get(component, None)
    check.check(component, fragment)
    found = list(assignments(fragment))
    taken = 0
    for port in check._Uses(component, fragment).ports:
        drivers = [(place, statement) for place, statement in found
                   if any(signal is port.signal for signal in statement.lhs._lhs_signals())]
        if not drivers:
            continue                                        # an output of a module that is called
        kept = [(place, list(place)) for place, _ in drivers]
        for place, statement in drivers:
            place[:] = [other for other in place if other is not statement]
        with pytest.raises(ValueError, match=rf"(^|; ){port.path} must be driven, not left open"):
            check.check(component, fragment)
        for place, before in reversed(kept):
            place[:] = before
        taken += 1
    check.check(component, fragment)
    assert taken >= 10


class Inner(wiring.Component):
    a: In(4)
    b: In(1)
    y: Out(4)

    def __init__(self, open_=()):
        self._open = open_
        super().__init__()

    def elaborate(self, platform):
        m = Module()
        for name in self._open:
            leave_open(getattr(self, name))
        m.d.comb += self.y.eq(self.a)
        return m


class Outer(wiring.Component):
    """Connects an `Inner` by the function given."""

    a: In(4)
    y: Out(4)

    def __init__(self, connect, open_=("b",)):
        self._connect, self._open = connect, open_
        super().__init__()

    def elaborate(self, platform):
        m = Module()
        m.submodules.inner = inner = Inner(self._open)
        m.d.comb += self._connect(self, inner)
        return m


def whole(outer, inner):
    return [inner.a.eq(outer.a), inner.b.eq(0), outer.y.eq(inner.y)]


@pytest.mark.parametrize(("connect", "open_", "fault"), [
    (whole, (), "Outer.inner.b must be read, not left open; connect the port in the block around it, or remove it"),
    (whole, ("a", "b"), "Outer.inner.a must not be read, as leave_open says"),
    (lambda outer, inner: whole(outer, inner)[1:], ("b",), "Outer.inner.a must be driven, not left open"),
    (lambda outer, inner: [inner.a[:3].eq(outer.a), *whole(outer, inner)[1:]], ("b",), "Outer.inner.a must be driven"),
    (lambda outer, inner: [*whole(outer, inner)[:2], outer.y.eq(1)], ("b",), "Outer.inner.y must be read, not left open"),
    (lambda outer, inner: whole(outer, inner)[:2], ("b",), "Outer.y must be driven, not left open"),
    (lambda outer, inner: [inner.a.eq(1), *whole(outer, inner)[1:]], ("b",), "Outer.a must be read, not left open"),
])
def test_generation_refuses_a_loose_port(connect, open_, fault):
    Library().add(Outer(whole), module="outer")
    with pytest.raises(ValueError, match=fault):
        Library().add(Outer(connect, open_), module="outer")


def test_a_called_module_is_no_exception():
    class Caller(wiring.Component):
        y: Out(4)

        def elaborate(self, platform):
            m = Module()
            inner = library.instantiate(m, "inner", lambda: Inner(("b",)), module="inner")
            m.d.comb += self.y.eq(inner.y)
            m.d.comb += inner.b.eq(1)
            return m

    library = Library()
    with pytest.raises(ValueError, match=r"^Caller\.inner\.a must be driven, not left open"):
        library.add(Caller(), module="caller")

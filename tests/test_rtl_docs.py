"""What is written of a block: its docstring names the ports that exist, and a line holds one statement."""
import re
from pathlib import Path
from unittest.mock import patch

import pytest
from amaranth.hdl import Fragment
from amaranth.lib import wiring

from rtl.bus.axil import AxiLiteSlave
from rtl.bus.front import FrontEnd
from rtl.bus.loader import StreamLoader
from rtl.bus.result import ResultStream
from rtl.cells import CELLS
from rtl.eie.group import Group
from rtl.eie.machine import Machine as Eie
from rtl.eie.pe import Pe
from rtl.emit import Submodules
from rtl.mac.array import Array
from rtl.mac.assemble import Assemble
from rtl.mac.commands import Commands
from rtl.mac.datapath import Datapath
from rtl.mac.decode import Decode
from rtl.mac.depth import cuts_of
from rtl.mac.dot import Dot
from rtl.mac.feed import Feed
from rtl.mac.lns_add import LnsAdd
from rtl.mac.lns_dot import LnsDot
from rtl.mac.machine import Machine as Mac
from rtl.mac.random import Random
from rtl.mac.readout import Readout
from rtl.mac.ring import Ring
from rtl.mac.scaled.datapath import ScaledDatapath
from rtl.mac.scaled.dot import ScaledDot
from rtl.mac.sequence import Sequence
from rtl.mac.tile import Tile
from rtl.mac.walk import Walk
from rtl.scnn.machine import Machine as Scnn
from sim.bus.kinds import KINDS
from sim.bus.toy import TOY
from sim.eie.blocks import SPECS, blocks
from spec import scnn
from spec.mac import MacSpec
from spec.mac.scaled import SCALED

ROOT = Path(__file__).parents[1]
PARAMETERS = {"nz_add_sub": {"BITS": 8}, "nz_choose": {"WIDTH": 8, "STEPS": 2}, "nz_masked_add": {"BITS": 8},
              "nz_merge_add": {"BITS": 8},
              "nz_mult": {"A_BITS": 8, "B_BITS": 8}, "nz_mult_pair": {},
              "nz_ram_dual": {"WIDTH": 8, "DEPTH": 8, "ADDR_BITS": 3},
              "nz_ram": {"WIDTH": 8, "DEPTH": 8, "LANES": 1, "ADDR_BITS": 3},
              "nz_regfile": {"WIDTH": 8, "DEPTH": 8, "ADDR_BITS": 3}}


def instances():
    """Yield a component of every class of the bus, the cells and both machines, in builds that together have all ports."""
    yield from (AxiLiteSlave(KINDS), StreamLoader((1,)), ResultStream(8), FrontEnd(TOY, (1,), ResultStream(8)))
    yield from (cell(**PARAMETERS[name]) for name, cell in CELLS.items())
    for spec in SPECS.values():
        parts = Submodules()
        yield from blocks(spec, parts).values()
        yield from (Pe(spec, parts), Group(spec, parts, level=0, pes=2), Eie(spec))
    for spec in (MacSpec(), MacSpec(stochastic=True, fold=16)):
        path, cuts, parts = Datapath(spec), cuts_of(spec.target), Submodules()
        yield from (Mac(spec), Array(path, cuts, parts), Tile(path, cuts, parts), Dot(path, cuts, parts), Assemble(spec),
                    Commands(spec), Decode(path, 0, 8), Feed(spec), Random(2), Readout(spec), Ring(16), Sequence(spec, 20),
                    Walk(spec))
    yield ScaledDot(ScaledDatapath(form=SCALED["nvfp4"]), cuts_of("ecp5"), Submodules())
    lns = MacSpec(arith="lns", formats=("lns",), acc="lns")
    yield from (LnsDot(lns, cuts_of("ecp5"), Submodules()), LnsAdd(lns, cuts_of("ecp5")))
    four = {"f": 4, "i": 4, "banks": 32, "crossbar_stages": 2}
    for more in ({"input_groups": 2, "weight_memory": 256}, {"weight_code_bits": 4, "product_shift_bits": 3}, four):
        yield from parts_of(Scnn(scnn.preset("ecp5", rows=2, cols=2, **more)))


def parts_of(machine):
    """Return every component of its folder that a machine is made of, itself too."""
    found, keep = [machine], wiring.Component.__init__

    def note(self, *arguments, **named):
        found.append(self)
        keep(self, *arguments, **named)

    with patch.object(wiring.Component, "__init__", note):
        Fragment.get(machine, None)
    return [part for part in found if type(part).__module__.startswith(type(machine).__module__.rpartition(".")[0])]


def documented(component):
    """Return the names, or patterns with ``*``, under Members in the docstring of a class: those before each `` : ``."""
    section = re.search(r"Members\n    -------\n(.*)", component.__doc__, re.DOTALL)
    found = set()
    for line in section[1].splitlines() if section else ():
        if re.match(r"    \S", line):
            pieces = re.sub(r"``.*?``", "", line.strip()).split(" :")
            for piece in pieces[:-1] or [line.strip()]:
                found |= set(re.search(r"(?:[\w*]+, )*[\w*]+$", piece)[0].split(", "))
    return found


def matches(name, pattern, component):
    registers = [register.name for register in getattr(component, "registers", KINDS).registers]
    if pattern in ("NAME", "NAME_set"):
        return name in {pattern.replace("NAME", register) for register in registers}
    return re.fullmatch(pattern.replace("*", ".*"), name)


def test_docstrings_name_the_ports_that_exist():
    members = {}
    for component in instances():
        members.setdefault(type(component), (component, set()))[1].update(component.signature.members)
    for kind, (component, names) in members.items():
        written = documented(kind)
        unknown = {pattern for pattern in written if not any(matches(name, pattern, component) for name in names)}
        missing = {name for name in names if not any(matches(name, pattern, component) for pattern in written)}
        assert not unknown and not missing, f"{kind.__module__}.{kind.__name__}: not ports {unknown}, not written {missing}"
    every = {kind for kind in wiring.Component.__subclasses__()
             if re.match(r"rtl\.(eie|mac|scnn|bus|cells)\b", kind.__module__)}
    assert every <= set(members), f"{every - set(members)} must be among the instances"


PATHS = [path for folder in ("bus", "eie", "mac", "scnn") for path in sorted((ROOT / "rtl" / folder).rglob("*.py"))]


@pytest.mark.parametrize("path", PATHS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_line_holds_one_statement(path):
    crowded = [line.strip() for line in path.read_text().splitlines() if line.count(".eq(") > 1 and " else " not in line]
    assert not crowded, crowded[0]

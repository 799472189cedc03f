"""The bus front end under cocotbext-axi and our own streams."""
import pytest
from amaranth.hdl import Module
from amaranth.lib import wiring

from rtl.bus.axil import AxiLiteSlave
from rtl.bus.front import FrontEnd
from rtl.bus.loader import StreamLoader
from rtl.bus.port import axis_master, axis_slave, front_end, pass_through
from rtl.bus.result import ResultStream
from rtl.emit import Library
from sim.bus.kinds import KINDS
from sim.bus.toy import PACKETS, TOY
from sim.launch import launch
from spec.registers import MapBuilder


def text(component, module):
    library = Library()
    library.add(component, module=module)
    return library.verilog()


def test_registers():
    launch(sources=[text(AxiLiteSlave(KINDS), "registers")], top="registers", module="sim.bus.bench_axil",
           at_least=27)


def test_loader():
    launch(sources=[text(StreamLoader((1, 2, 55, 200)), "loader")], top="loader", module="sim.bus.bench_loader",
           at_least=20)


@pytest.mark.parametrize(("bits", "lanes"), [(16, 1), (16, 4), (8, 2), (20, 1), (32, 2), (64, 1)])
def test_results(bits, lanes):
    launch(sources=[text(ResultStream(bits, lanes=lanes), "results")], top="results",
           module="sim.bus.bench_result", at_least=19, env={"BITS": bits, "LANES": lanes})


def test_front_end():
    front = FrontEnd(TOY, PACKETS.values(), ResultStream(16), counter_steps={"cycles": 2})
    launch(sources=[text(front, "front")], top="front", module="sim.bus.bench_front", at_least=4)


def test_names_are_those_of_the_standard():
    names = set(front_end())
    assert {"s_axil_awaddr", "s_axil_wstrb", "s_axil_bresp", "s_axil_rdata", "s_axis_tlast", "m_axis_tkeep",
            "irq"} <= names and len(names) == 19 + 4 + 5 + 1


class Outer(wiring.Component):
    def __init__(self, ports):
        super().__init__(ports)

    def elaborate(self, platform):
        return Module()


def test_ports_that_do_not_fit_are_refused():
    loader = StreamLoader((1,))
    with pytest.raises(ValueError, match="prefix must be one of a port of Outer, not 's_axil'"):
        pass_through(Module(), Outer(axis_slave()), loader, "s_axil")
    wrong = Outer({name: wiring.In(32) for name in axis_slave()})
    with pytest.raises(ValueError, match="width of s_axis_tdata must be 64 as inside, not 32"):
        pass_through(Module(), wrong, loader, "s_axis")


BARE = MapBuilder("bare").add("w1c", "flags", "Events.", done="Done.").map()


@pytest.mark.parametrize(("make", "text"), [
    (lambda: StreamLoader(()), r"types must be one or more numbers in 0\.\.255, not \(\)"),
    (lambda: StreamLoader((256,)), "types must be one or more numbers"),
    (lambda: FrontEnd(BARE, (1,), ResultStream(8)), "flags of bare must have a field short, not only done"),
    (lambda: FrontEnd(TOY, (1,), ResultStream(8), counter_steps={"words": 2}),
     "counter_steps must name counters of toy, not 'words'"),
    (lambda: ResultStream(65), r"bits of a result must be in 1\.\.64, not 65"),
    (lambda: ResultStream(16, lanes=3), "lanes must be one of 1, 2, 4, not 3; a word holds 4 results"),
])
def test_what_cannot_be_built_is_named(make, text):
    with pytest.raises(ValueError, match=text):
        make()


def test_results_share_the_masters_ports():
    assert set(axis_master()) < set(ResultStream(8).signature.members)

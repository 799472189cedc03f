"""The Amaranth models of the technology cells against the Verilog that is synthesised."""
import pytest
from amaranth.hdl import ClockSignal, Module, Shape
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from rtl.cells import CELLS
from rtl.emit import Library, Submodules
from sim.launch import launch

CASES = {
    "mult": ("nz_mult", {"A_BITS": 16, "B_BITS": 9}),
    "pair": ("nz_mult_pair", {}),
    "even": ("nz_add_sub", {"BITS": 6}),
    "odd": ("nz_add_sub", {"BITS": 29}),
    "masked": ("nz_masked_add", {"BITS": 7}),
    "merge": ("nz_merge_add", {"BITS": 7}),
    "choose": ("nz_choose", {"WIDTH": 3, "STEPS": 2}),
    "ram": ("nz_ram", {"WIDTH": 24, "DEPTH": 13, "LANES": 3, "ADDR_BITS": 4}),
    "dual": ("nz_ram_dual", {"WIDTH": 5, "DEPTH": 16, "ADDR_BITS": 4}),
    "regfile": ("nz_regfile", {"WIDTH": 7, "DEPTH": 11, "ADDR_BITS": 4}),
}


def members(case):
    cell, parameters = CASES[case]
    return CELLS[cell].ports(**parameters)


def inputs(case):
    return {name: Shape.cast(member.shape).width for name, member in members(case).items() if member.flow == In}


def outputs(case):
    return [name for name, member in members(case).items() if member.flow == Out]


class Both(wiring.Component):
    """A cell and its model with the same inputs, and a register, so that there is a clock whatever the cell is."""

    def __init__(self, case, library):
        self._case, self._library = case, library
        super().__init__({"ticks": Out(1)} | members(case) | {f"{name}_model": members(case)[name] for name in outputs(case)})

    def elaborate(self, platform):
        m = Module()
        m.d.sync += self.ticks.eq(~self.ticks)
        cell, parameters = CASES[self._case]
        shared = {f"p_{name}": value for name, value in parameters.items()}
        if getattr(CELLS[cell], "clocked", True):
            shared["i_clk"] = ClockSignal()
        shared |= {f"i_{name}": getattr(self, name) for name in inputs(self._case)}
        for name, parts, suffix in (("cell", self._library, ""), ("model", Submodules(), "_model")):
            parts.cell(m, name, cell, **shared, **{f"o_{out}": getattr(self, out + suffix) for out in outputs(self._case)})
        return m


@pytest.mark.parametrize("case", CASES)
def test_model_and_cell_agree(case):
    library = Library()
    library.add(Both(case, library), module="both")
    launch(sources=[library.verilog()], top="both", module="sim.bench_cells", at_least=2, env={"CELL": case})


@pytest.mark.parametrize(("changes", "fault"), [
    ({"i_raddr": None}, "i_raddr of a nz_regfile must have 4 bits, not none"),
    ({"i_wdata": 7}, "i_wdata of a nz_regfile must have 7 bits, not 3"),
    ({"i_re": 1}, "i_re of a nz_regfile must have no bits, not 1"),
])
def test_a_cell_whose_ports_do_not_fit_is_refused(changes, fault):
    both = Both("regfile", Library())
    given = {"p_WIDTH": 7, "p_DEPTH": 11, "p_ADDR_BITS": 4, "i_clk": ClockSignal(), "i_we": both.we, "i_waddr": both.waddr,
             "i_wdata": both.wdata, "i_raddr": both.raddr, "o_rdata": both.rdata} | changes
    for parts in (Library(), Submodules()):
        with pytest.raises(ValueError, match=f"^{fault}$"):
            parts.cell(Module(), "memory", "nz_regfile", **{name: value for name, value in given.items() if value is not None})

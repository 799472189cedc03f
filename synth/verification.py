"""The synthesized netlist in a simulator, on the vectors of the machine's own benches, compared with golden."""

import dataclasses
from typing import Any

from rtl import machine
from spec import machines
from synth import models
from synth.check import BrokenLogic
from synth.design import Design
from synth.part import Part
from synth.result import checked
from synth.synthesis import Netlist


def verify(design: Design, target: Part, spec: Any, *, options: tuple[str, ...] = ()) -> str:
    """Run a machine's netlist for a part and return what was compared.

    Raises
    ------
    synth.check.BrokenLogic
        If the netlist answers otherwise than golden.
    ValueError
        If the design is no whole machine, or the part's blocks have no simulation model.
    """
    if design.kind not in machines.MACHINES:
        raise ValueError(f"--verify must be of a whole machine, not of {design.name}; leave --unit and --verilog out")
    bench = machines.part(design.kind, "sim", "netlist")
    unit = dataclasses.replace(design, name=f"{design.name}-{bench.UNIT}", top=bench.UNIT) if bench.UNIT else design
    netlist = text(checked(unit, target, options=options), target)
    try:
        return bench.verify(machine.generate(design.kind, spec), netlist, spec)
    except AssertionError as error:
        raise BrokenLogic(f"netlist of {unit.name} on {target.name} must answer as golden does, and it does not: {error}") \
            from error


def text(netlist: Netlist, target: Part) -> str:
    """Return a netlist with the models of its cells, one Verilog text."""
    plain = (netlist.folder / "netlist.v").read_text()
    return plain + "\n" + models.texts(target.family, plain)

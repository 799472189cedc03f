"""The smallest machine as a machine of the registry: what adding one takes, in every stage.

It answers each word with the word's low bits plus a number, which an image holds. Its hardware is `sim.bus.toy`.
"""
import sys

from sim.bus import toy as rtl
from spec import machines
from tests.toy import build, compress, golden, netlist, run, spec, synth

MODULES = {"spec.toy": spec, "golden.toy": golden, "compress.toy": compress, "compress.toy.build": build, "rtl.toy": rtl,
           "sim.toy": run, "sim.toy.run": run, "sim.toy.netlist": netlist, "synth.toy": synth}


def register(monkeypatch):
    """Add the one line, and stand in for the folders that a machine has in the stages."""
    monkeypatch.setattr(machines, "MACHINES", (*machines.MACHINES, "toy"))
    for name, module in MODULES.items():
        monkeypatch.setitem(sys.modules, name, module)

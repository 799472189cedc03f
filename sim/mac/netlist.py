"""A synthesized netlist of the MAC tile on random operations of every format: every result must be the golden model's."""

import tempfile
from pathlib import Path

import numpy as np

from rtl.generated import GeneratedMachine
from sim.launch import launch
from sim.mac.spec_env import text_of
from sim.mac.stimulus import metadata, noise, stimulus
from spec.mac import MacSpec

UNIT = "mac_tile"
"""Module that is synthesized and checked: a tile holds all arithmetic, and the whole machine no more of it."""

OPERATIONS = 400


def verify(machine: GeneratedMachine, netlist: str, spec: MacSpec) -> str:
    """Run random operations on a netlist of a machine's tile, and return what was compared.

    Raises
    ------
    AssertionError
        If the netlist answers otherwise than golden.
    """
    fmts = [fmt for _ in range(OPERATIONS // len(spec.formats)) for fmt in spec.formats]
    a, b, c = noise(spec, fmts, np.random.default_rng(1))
    arrays = stimulus(spec, a, b, c, fmts, meta=metadata(spec, fmts, np.random.default_rng(2)) if spec.sparse else None)
    with tempfile.TemporaryDirectory(prefix="netlist-") as made:
        np.savez(Path(made) / "stim.npz", allow_pickle=False, **arrays)
        launch(sources=[netlist], top=UNIT, module="sim.mac.bench_tile", at_least=1, folder=Path(made), sim="verilator",
               env={"MAC_SPEC": text_of(spec), "MAC_STIM": Path(made) / "stim.npz",
                    "MAC_LATENCY": machine.manifest["facts"]["tile_latency"]})
    return f"{len(fmts)} operations of the tile equal the golden model's"

"""The synthesized netlist in a simulator, on the vectors of the machine's own benches, compared with golden."""

import contextlib
import dataclasses
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from rtl import machine
from rtl.generated import GeneratedMachine
from sim.eie import job
from sim.launch import launch
from sim.mac.spec_env import text_of
from sim.mac.stimulus import noise, stimulus
from synth import models, vectors
from synth.check import BrokenLogic
from synth.design import Design
from synth.part import Part
from synth.result import checked
from synth.synthesis import Netlist

TILE = "mac_tile"             # module of a MAC machine that is checked
OPERATIONS = 400
LAYERS = 3


def verify(design: Design, target: Part, spec: Any, *, options: tuple[str, ...] = ()) -> str:
    """Run a machine's netlist for a part and return what was compared.

    Raises
    ------
    synth.check.BrokenLogic
        If the netlist answers otherwise than golden.
    ValueError
        If the design is no whole machine, or the part's blocks have no simulation model.
    """
    if design.kind == "eie":
        return eie(GeneratedMachine(design.name, design.verilog, machine.generate("eie", spec).manifest),
                   checked(design, target, options=options), target, spec)
    if design.kind == "mac":
        tile = dataclasses.replace(design, name=f"{design.name}-{TILE}", top=TILE)
        latency = machine.generate("mac", spec).manifest["facts"]["tile_latency"]
        return mac(checked(tile, target, options=options), target, spec, latency)
    raise ValueError(f"--verify must be of a whole machine, not of {design.name}; leave --unit and --verilog out")


def text(netlist: Netlist, target: Part) -> str:
    """Return a netlist with the models of its cells, one Verilog text."""
    plain = (netlist.folder / "netlist.v").read_text()
    return plain + "\n" + models.texts(target.family, plain)


def eie(built: GeneratedMachine, netlist: Netlist, target: Part, spec: Any) -> str:
    """Run random layers on an EIE array's netlist."""
    made = GeneratedMachine(built.name, text(netlist, target), built.manifest)
    jobs = [vectors.job(spec, seed=seed) for seed in range(LAYERS)]
    with _broken(f"netlist of {built.name} on {target.name}"):
        answers = job.run(made, [job.Step(packets=packets) for packets, _ in jobs], sim="verilator")
    for number, (answer, (_, expected)) in enumerate(zip(answers, jobs, strict=True)):
        got = np.zeros(0) if answer.outputs is None else answer.outputs[: len(expected)]
        wrong = np.flatnonzero(got != expected) if len(got) == len(expected) else np.array([0])
        if len(wrong) or not len(got):
            at = int(wrong[0])
            raise BrokenLogic(f"netlist of {built.name} on {target.name}: layer {number}, output {at} must be "
                              f"{expected[at]}, not {got[at] if at < len(got) else 'missing'}; {len(wrong)} differ")
    total = sum(len(expected) for _, expected in jobs)
    return f"{total} outputs of {LAYERS} random layers equal golden's"


def mac(netlist: Netlist, target: Part, spec: Any, latency: int) -> str:
    """Run random operations of every format on a MAC tile's netlist."""
    fmts = [fmt for _ in range(OPERATIONS // len(spec.formats)) for fmt in spec.formats]
    folder = Path(tempfile.mkdtemp(prefix="netlist-"))
    a, b, c = noise(spec, fmts, np.random.default_rng(1))
    arrays: dict[str, Any] = stimulus(spec, a, b, c, fmts)
    np.savez(folder / "stim.npz", **arrays)
    with _broken(f"netlist of {TILE} on {target.name}"):
        launch(sources=[text(netlist, target)], top=TILE, module="sim.mac.bench_tile", at_least=1, folder=folder,
               sim="verilator", env={"MAC_SPEC": text_of(spec), "MAC_STIM": folder / "stim.npz",
                                     "MAC_LATENCY": latency})
    return f"{len(fmts)} operations of the tile equal golden's"


@contextlib.contextmanager
def _broken(what: str) -> Iterator[None]:
    """Tell a bench that failed as a netlist that is not its design."""
    try:
        yield
    except AssertionError as error:
        raise BrokenLogic(f"{what} must answer as golden does, and its bench failed: {error}") from error

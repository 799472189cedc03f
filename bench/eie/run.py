"""A case on the generated Verilog: every output and every counter compared with the golden model."""

import time
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from bench.eie import case as cases
from bench.eie.deep import digest, generated
from bench.eie.reference import paper_cycles
from compress.eie import Result
from golden.eie import Counters
from golden.eie.patterns import Benchmark
from sim.eie.talks import fresh
from sim.session import hold
from spec.eie import EieSpec


@dataclass(frozen=True, kw_only=True)
class Row:
    """What the hardware did with one layer, and how it compares.

    Parameters
    ----------
    layer : str
    seed : int or None
        Of the pattern; None for a layer of a user's image.
    cycles : int
        Counted by the hardware, from start to the last output written.
    limit : float
        Products of two non-zeros, divided by the number of PEs.
    mismatches : int
        Outputs that differ from golden, and where golden itself differs from the plain matrix product.
    counter_mismatches : int
        Hardware counters that differ from the golden model.
    saturated : bool
        Whether any accumulator saturated, by the hardware's flag.
    counters : dict
        As read from the hardware.
    seconds : float
        Simulation alone: load, run and read.
    design : str
        Digest of the Verilog that ran.
    """

    layer: str
    seed: int | None
    cycles: int
    limit: float
    mismatches: int
    counter_mismatches: int
    saturated: bool
    counters: dict[str, int] = field(repr=False)
    seconds: float
    design: str = ""

    @property
    def over_limit(self) -> float:
        """Cycles over the least that as many multipliers could take."""
        return self.cycles / self.limit

    def as_data(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return asdict(self) | {"over_limit": self.over_limit, "paper_cycles": paper_cycles(self.layer)}


def simulate(*, name: str, spec: EieSpec, seed: int, order: str, layer: Benchmark | None = None) -> Row:
    """Draw a layer, run it as RTL and compare."""
    case = cases.make(name, spec, seed=seed, order=order, layer=layer)
    expected = cases.answer(case, spec)
    with TemporaryDirectory(prefix="bench-eie-") as folder:
        start = time.monotonic()
        talk = partial(fresh, case.image, case.inputs)
        got = hold(generated(spec), [talk], folder=Path(folder), log=Path(folder, "log"))[0].value
        seconds = time.monotonic() - start
    wrong = differing(got.outputs, expected.outputs)
    wrong += int(np.count_nonzero((case.image.logical(expected.outputs) != case.product) & case.sure))
    return row(name, seed, spec, got, expected.counters, wrong, case.useful, seconds)


def row(name: str, seed: int | None, spec: EieSpec, got: Result, counters: Counters, wrong: int, useful: int,
        seconds: float) -> Row:
    """Put together what a layer's run says; the products counted in hardware must be those of the pattern."""
    odd = sum(got.counters[key] != value for key, value in asdict(counters).items()) + (got.counters["useful_macs"] != useful)
    return Row(layer=name, seed=seed, cycles=got.counters["cycles"], limit=useful / spec.pes, mismatches=wrong,
               counter_mismatches=odd, saturated=bool(got.flags["saturated"]), counters=got.counters, seconds=seconds,
               design=digest(spec))


def differing(given: np.ndarray, expected: np.ndarray) -> int:
    """Return how many outputs differ; those that are missing or too many do."""
    common = min(len(given), len(expected))
    return int(np.count_nonzero(given[:common] != expected[:common])) + max(len(given), len(expected)) - common

"""The machines that the benchmark layers run on: presets with memories deep enough, generated once and simulated."""

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import replace
from functools import lru_cache
from multiprocessing import get_context
from types import SimpleNamespace
from typing import Any

from cli.design import Only
from rtl.eie import generate
from rtl.generated import GeneratedMachine
from spec.eie import PRESETS, EieSpec
from spec.parameter import chosen

DEPTHS = {"entries": 131072, "columns": 32768, "slots": 512}
"""Memories that hold any one of the nine layers on 64 PEs; VGG-6 alone needs them."""

def benched(name: str = "default", **changes: Any) -> EieSpec:
    """Return a preset deep enough for every benchmark layer on 64 PEs, with changes."""
    return chosen(DEEP, name, changes)


DEEP = {name: replace(spec, **DEPTHS) for name, spec in PRESETS.items()}
"""The presets, deep enough."""


REGISTRY = Only(eie=SimpleNamespace(Spec=EieSpec, PRESETS=DEEP, preset=benched))
"""What the command line makes its options from."""


@lru_cache
def generated(spec: EieSpec) -> GeneratedMachine:
    """Return the Verilog of a machine, generated once a process."""
    return generate(spec)


def digest(spec: EieSpec) -> str:
    """Return what tells one machine's Verilog from another's."""
    return hashlib.sha256(generated(spec).verilog.encode()).hexdigest()[:16]


def cores() -> int:
    """Return how many processes may simulate at a time."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_parallel(work: Callable[..., Any], jobs: Sequence[Mapping[str, Any]], *, processes: int) -> Iterator[Any]:
    """Yield ``work(**job)`` of every job as it is done, on a number of processes, the first jobs first."""
    if min(processes, len(jobs)) < 2:
        yield from (work(**job) for job in jobs)
        return
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        for future in as_completed([pool.submit(work, **job) for job in jobs]):
            yield future.result()

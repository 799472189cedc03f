"""Layers by which an array on a board is tested: those that its netlist ran, with the golden model's outputs."""

from typing import Any

import numpy as np

from compress.eie import Image, Result
from sim.eie.netlist import case
from spec.eie import EieSpec


def vectors(spec: EieSpec, *, seed: int) -> tuple[Image, np.ndarray, np.ndarray]:
    """Return an image, inputs for it, one in each row, and the real outputs that golden expects."""
    one = case(spec, seed=seed)
    return one.image, one.golden.inputs.astype(np.int16), one.golden.outputs * one.image.output_scale


def work(image: Image, result: Result) -> dict[str, Any]:
    """Return the multiplications and the cycles of a result."""
    return {"multiplications": result.counters["useful_macs"], "cycles": result.counters["cycles"]}

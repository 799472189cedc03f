"""Networks by which an array on a board is tested: those that its netlist ran, with the golden model's outputs."""

from typing import Any

import numpy as np

from compress.scnn import Image, Result
from sim.scnn.cases import case
from spec.scnn import ScnnSpec


def vectors(spec: ScnnSpec, *, seed: int) -> tuple[Image, np.ndarray, np.ndarray]:
    """Return an image, inputs for it and the real outputs that golden expects, one input along the first axis."""
    one = case(spec, seed=seed)
    return one.image, one.x[None], one.golden.outputs[None] * one.image.output_scale


def work(image: Image, result: Result) -> dict[str, Any]:
    """Return the multiplications and the cycles of a result."""
    return {"multiplications": result.counters["products"], "cycles": result.counters["cycles"]}

"""Cycles of an image on an SCNN array, by the golden model of time."""

from pathlib import Path

import numpy as np

from files.array import read_array
from golden.scnn import load, run
from spec.scnn import ScnnSpec


def cycles(image: Path, inputs: Path | None, spec: ScnnSpec) -> int:
    """Return the cycles of one inference: all layers, the first of the given inputs.

    Parameters
    ----------
    image : Path
        An image; ``{pes}`` in its name stands for the number of PEs.
    inputs : Path, optional
        ``.npy`` of one input or of several, of which the first counts; without it every input is 1.
    spec : ScnnSpec
        The image's own machine: its programs are for no other.
    """
    path = Path(str(image).replace("{pes}", str(spec.pes)))
    found = load(path)
    if found.spec != spec:
        raise ValueError(f"machine of {path} must be the one that is estimated, for its programs run on no other; "
                         f"give the options that python -m rtl.build --image {path} takes from it, or leave --image out")
    shape = tuple(found.source["shape"])
    given = np.ones(shape, np.int16) if inputs is None else read_array(inputs, "input")
    x = given[0] if given.ndim == len(shape) + 1 and len(given) else given
    if x.shape != shape:
        raise ValueError(f"inputs must be of shape {' x '.join(map(str, shape))}, not {' x '.join(map(str, given.shape))}")
    if x.dtype.kind == "f":
        x = np.clip(np.rint(x / found.input_scale), -32768, 32767)
    return sum(own.cycles for own in run(found, x.astype(np.int16)).counters)

"""Cycles of an image on an EIE array, by the golden cycle model."""

import dataclasses
from pathlib import Path

import numpy as np

from files.array import read_vectors
from golden.eie import load, network
from spec.eie import EieSpec


def cycles(image: Path, inputs: Path | None, spec: EieSpec) -> int:
    """Return the cycles of one inference: all layers, the first of the given inputs, codebook already loaded or not.

    Parameters
    ----------
    image : Path
        An image; ``{pes}`` in its name stands for the number of PEs.
    inputs : Path, optional
        ``.npy`` of one input or of several, of which the first counts; without it every input is 1.
    spec : EieSpec
    """
    found = load(str(image).replace("{pes}", str(spec.pes)), pes=spec.pes)
    if inputs is None:
        given = np.ones((1, found.layers[0].inputs), np.int16)
    else:
        given = read_vectors(inputs, "input")[:1]
    same = {name: getattr(found.spec, name) for name in network.SAME}
    machine = dataclasses.replace(spec, **same)
    counters = network.run(found, given, spec=machine).counters[0]
    return int(sum(layer.cycles for layer in counters))

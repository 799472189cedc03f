"""A user's own image on the generated Verilog, layer by layer."""

import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

import golden.eie
import golden.image
from bench.eie.deep import generated
from bench.eie.run import Row, differing, row
from compress.eie import load
from files.array import read_vectors
from sim.eie.talks import layer_by_layer
from sim.session import hold
from spec.eie import EieSpec


def spec_of(path: Path) -> EieSpec:
    """Return the machine that an image is for."""
    return golden.image.load(path).spec


def simulate(*, path: Path, given: Path | None, seed: int) -> list[Row]:
    """Run every layer of an image as RTL, one start each, and compare.

    Parameters
    ----------
    path : Path
        Of the image.
    given : Path or None
        A ``.npy`` whose first vector is the input; None: random positive numbers.
    seed : int
        Of the random input.
    """
    judge, image = golden.image.load(path), load(path)
    first = judge.layers[0]
    top = (1 << judge.spec.act_bits - 1) - 1
    vector = (np.random.default_rng(seed).integers(1, top + 1, first.inputs).astype(np.int16) if given is None
              else read_vectors(given, "input")[0])
    expected = golden.eie.run(judge, vector)
    with TemporaryDirectory(prefix="bench-eie-") as folder:
        start = time.monotonic()
        answers = hold(generated(judge.spec), layer_by_layer(image, expected), folder=Path(folder), log=Path(folder, "log"))
        seconds = time.monotonic() - start
    return [row(layer.name, None, judge.spec, got.value, counters, differing(got.value.outputs, values[0]),
                counters.useful_macs, seconds / len(answers))
            for layer, got, counters, values in zip(judge.layers, answers, expected.counters[0], expected.values,
                                                    strict=True)]

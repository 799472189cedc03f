"""A whole image on the array: values and counters of every layer for a batch of inputs."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from golden.eie import cycles, values
from golden.eie.cycles import Counters
from spec.eie import EieSpec

if TYPE_CHECKING:
    from golden.eie.image import Image


@dataclass(frozen=True, kw_only=True, eq=False)
class Run:
    """What the array answers to a batch of input vectors.

    Parameters
    ----------
    inputs : numpy.ndarray
        (vectors, inputs) integers that the array is given.
    clipped : int
        Inputs that saturated on the way to integers.
    values : tuple of numpy.ndarray
        For each layer (vectors, pes * out_slots) in physical order.
    outputs : numpy.ndarray
        (vectors, outputs) of the last layer in logical order.
    saturated : tuple of numpy.ndarray
        For each layer (vectors,) whether an accumulator saturated.
    counters : tuple of tuple of Counters
        For each vector, for each layer; empty if they were not asked for.
    """

    inputs: np.ndarray
    clipped: int
    values: tuple[np.ndarray, ...]
    outputs: np.ndarray
    saturated: tuple[np.ndarray, ...]
    counters: tuple[tuple[Counters, ...], ...]


def run(image: "Image", inputs: Any, *, spec: EieSpec | None = None, count: bool = True) -> Run:
    """Return what the array computes from ``inputs`` and how long it takes.

    Parameters
    ----------
    image : golden.eie.image.Image
        The network.
    inputs : array_like
        One vector, or one in each row; floats are quantised, int16 is taken as it is.
    spec : EieSpec, optional
        The machine, where it differs from the one that the image was made for in what an image may leave open: queues,
        latency, memories and rules of cycles.
    count : bool
        Whether to count cycles too. The first vector finds no codebook in the PEs, the others what the one before left.
    """
    spec = _machine(image, spec)
    given, clipped = values.quantise(spec, image.input_scale, inputs, image.layers[0].inputs, bounds=image.input_bounds)
    source = np.pad(given, ((0, 0), (0, spec.pes * image.layers[0].in_slots - given.shape[1])))
    results, flags, sources = [], [], []
    for layer in image.layers:
        sources.append(source)
        source, saturated = values.layer(spec, layer, source)
        results.append(source)
        flags.append(saturated)
    rows = image.layers[-1].places()
    outputs = np.zeros((len(given), image.layers[-1].outputs), np.int64)
    outputs[:, rows[rows >= 0]] = source[:, rows >= 0]
    counters, held = [], -1
    for vector in range(len(given) if count else 0):
        mine = []
        for layer, source in zip(image.layers, sources, strict=True):
            loaded = held == layer.codebook_number
            mine.append(cycles.layer(spec, layer, np.flatnonzero(source[vector]), codebook_loaded=loaded))
            held = layer.codebook_number
        counters.append(tuple(mine))
    return Run(inputs=given, clipped=clipped, values=tuple(results), outputs=outputs, saturated=tuple(flags),
               counters=tuple(counters))


SAME = ("pes", "codebook_bits", "index_bits", "word_bits", "act_bits", "weight_bits", "acc_bits")
"""Numbers that an image and its machine share."""


def _machine(image: "Image", spec: EieSpec | None) -> EieSpec:
    for name in SAME if spec else ():
        if getattr(spec, name) != getattr(image.spec, name):
            raise ValueError(f"{name} of the machine must be {getattr(image.spec, name)}, as in the image, "
                             f"not {getattr(spec, name)}; build the image for this machine")
    return spec or image.spec

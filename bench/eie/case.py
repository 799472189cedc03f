"""One benchmark layer with numbers in it: an image for a machine, an input, and what golden says of both.

Positions of non-zeros are the golden model's random patterns; codes, codebook and activations are drawn here.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from compress.eie.assemble import IntegerLayer, assemble
from compress.eie.image import Image
from golden.eie import Counters, cycles, values
from golden.eie.layer import Layer
from golden.eie.patterns import TABLE, Benchmark, Pattern, draw
from spec.eie import EieSpec

SIGNED = ("NT-Wd", "NT-LSTM")
"""Layers whose inputs are drawn with both signs: recurrent states, unlike the outputs of a ReLU, are."""

RELU = ("Alex-6", "Alex-7", "VGG-6", "VGG-7")
"""Layers with a ReLU after them; the others end a network or feed a recurrence."""

WEIGHT = 511
"""Largest magnitude in a codebook: the sums of every layer then stay an order of magnitude within 32 bits."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Case:
    """A layer for a machine.

    Parameters
    ----------
    name : str
    image : compress.eie.image.Image
        Of this one layer.
    inputs : numpy.ndarray
        (inputs,) integers.
    useful : int
        Products of a non-zero weight and a non-zero activation.
    product : numpy.ndarray
        (outputs,) logical rows: what the layer must answer by plain matrix arithmetic, without the encoding.
    sure : numpy.ndarray
        (outputs,) whether no order of additions can saturate the accumulator of a row; elsewhere ``product`` says nothing.
    """

    name: str
    image: Image
    inputs: np.ndarray
    useful: int
    product: np.ndarray
    sure: np.ndarray


@dataclass(frozen=True, kw_only=True, eq=False)
class Answer:
    """Golden's answer: outputs in physical order, whether an accumulator saturated, and the counters."""

    outputs: np.ndarray
    saturated: bool
    counters: Counters


def benchmark(name: str) -> Benchmark:
    """Return the layer of the paper's Table III with a name, or say which there are."""
    if name not in TABLE:
        raise ValueError(f"layer must be one of {', '.join(TABLE)}, not {name!r}")
    return TABLE[name]


def make(name: str, spec: EieSpec, *, seed: int, order: str, layer: Benchmark | None = None) -> Case:
    """Return a layer drawn from a seed, its rows dealt to the PEs in an order of `compress.eie.order`."""
    layer = layer or benchmark(name)
    pattern = draw(layer, seed=seed)
    book, codes, inputs, sums, most = numbers(pattern, spec, seed=seed, signed=name in SIGNED)
    shift, relu = shift_for(sums, spec), name in RELU
    image = assemble([IntegerLayer(name=name, codes=codes, shift=shift, relu=relu)], [book], spec, order_name=order)
    product = np.rint(sums / (1 << shift)).astype(np.int64)     # half to even; far below 2**53, so exact
    return Case(name=name, image=image, inputs=inputs, useful=pattern.useful,
                product=np.maximum(product, 0) if relu else product, sure=most <= largest(spec.acc_bits))


def largest(bits: int) -> int:
    """Return the largest integer of so many bits, one of which is the sign."""
    return (1 << bits - 1) - 1


def numbers(pattern: Pattern, spec: EieSpec, *, seed: int, signed: bool
            ) -> tuple[np.ndarray, sparse.csc_array, np.ndarray, np.ndarray, np.ndarray]:
    """Return codebook, codes and inputs for a pattern, the sums of its rows, and the sums of the magnitudes of their products.

    Magnitudes are as large as the machine takes, or so much smaller that its accumulator holds every sum, if that can be.
    """
    weight, activation = min(WEIGHT, largest(spec.weight_bits)), largest(spec.act_bits)
    least = min(weight, 1 << spec.codebook_bits - 1)        # a codebook has as many values of each sign
    while True:
        rng = np.random.default_rng([seed, 1])
        book = codebook(rng, spec, weight)
        code = rng.integers(1, min(len(book), 2 * weight + 1), len(pattern.indices), np.uint8)
        codes = sparse.csc_array((code, pattern.indices, pattern.indptr), (pattern.rows, pattern.columns))
        inputs = activations(rng, pattern, activation, signed=signed)
        weights = sparse.csc_array((book[codes.data], codes.indices, codes.indptr), codes.shape)
        most = np.abs(weights) @ np.abs(inputs)
        over = math.sqrt(most.max(initial=0) / largest(spec.acc_bits))
        if over <= 1 or (weight, activation) == (least, 1):
            return book, codes, inputs, weights @ inputs, most
        weight, activation = max(least, int(weight / over)), max(1, int(activation / over))


def codebook(rng: np.random.Generator, spec: EieSpec, top: int) -> np.ndarray:
    """Return 0 and distinct random weights of both signs, up to ``top``; where those are too few, 0 at the end."""
    nonzero = np.concatenate([np.arange(-top, 0), np.arange(1, top + 1)])
    book = np.zeros(1 << spec.codebook_bits, np.int64)
    chosen = rng.permutation(nonzero)[:len(book) - 1]
    book[1:len(chosen) + 1] = chosen
    return book


def activations(rng: np.random.Generator, pattern: Pattern, top: int, *, signed: bool) -> np.ndarray:
    """Return inputs that are non-zero exactly where the pattern is live, of all magnitudes up to ``top``."""
    inputs = np.zeros(pattern.columns, np.int64)
    inputs[pattern.live] = rng.integers(1, top + 1, len(pattern.live))
    if signed:
        inputs[pattern.live] *= rng.choice([-1, 1], len(pattern.live))
    return inputs


def shift_for(sums: np.ndarray, spec: EieSpec) -> int:
    """Return the least shift with which no output saturates: a wrong sum then shows."""
    return max(0, int(np.abs(sums).max(initial=0) // largest(spec.act_bits)).bit_length())


def answer(case: Case, spec: EieSpec, *, codebook_loaded: bool = False) -> Answer:
    """Return the golden model's outputs and counters of a case on a machine."""
    layer = golden_layer(case.image)
    source = np.zeros((1, spec.pes * layer.in_slots), np.int64)
    source[0, :len(case.inputs)] = case.inputs
    outputs, saturated = values.layer(spec, layer, source)
    counters = cycles.layer(spec, layer, np.flatnonzero(source[0]), codebook_loaded=codebook_loaded)
    return Answer(outputs=outputs[0], saturated=bool(saturated[0]), counters=counters)


def golden_layer(image: Image) -> Layer:
    """Return the image's only layer as golden reads it."""
    own = image.layers[0]
    return Layer(entries=own.entries, pointers=own.pointers, codebook=image.codebooks[own.codebook], inputs=own.inputs,
                 outputs=own.outputs, in_slots=own.in_slots, out_slots=own.out_slots, shift=own.shift, relu=own.relu,
                 bias=own.bias, rows=own.rows, name=own.name)

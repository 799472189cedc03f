"""One benchmark layer with numbers in it: an image for a machine, an input, and what golden says of both.

Positions of non-zeros are golden's random patterns; codes, codebook and activations are drawn here.
"""

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
"""Layers with a ReLU behind them; the others end a network or feed a recurrence."""

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
    """

    name: str
    image: Image
    inputs: np.ndarray
    useful: int
    product: np.ndarray


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
    rng = np.random.default_rng([seed, 1])
    book = codebook(rng, spec)
    codes = sparse.csc_array((rng.integers(1, len(book), len(pattern.indices), np.uint8), pattern.indices,
                              pattern.indptr), (pattern.rows, pattern.columns))
    inputs = activations(rng, pattern, spec, signed=name in SIGNED)
    sums = (sparse.csc_array((book[codes.data], codes.indices, codes.indptr), codes.shape) @ inputs)
    shift, relu = shift_for(sums, spec), name in RELU
    image = assemble([IntegerLayer(name=name, codes=codes, shift=shift, relu=relu)], [book], spec, order_name=order)
    product = np.rint(sums / (1 << shift)).astype(np.int64)     # half to even; far below 2**53, so exact
    return Case(name=name, image=image, inputs=inputs, useful=pattern.useful,
                product=np.maximum(product, 0) if relu else product)


def codebook(rng: np.random.Generator, spec: EieSpec) -> np.ndarray:
    """Return 0 and distinct random weights of both signs."""
    top = min(WEIGHT, (1 << spec.weight_bits - 1) - 1)
    nonzero = np.concatenate([np.arange(-top, 0), np.arange(1, top + 1)])
    return np.concatenate([[0], rng.permutation(nonzero)[:(1 << spec.codebook_bits) - 1]]).astype(np.int64)


def activations(rng: np.random.Generator, pattern: Pattern, spec: EieSpec, *, signed: bool) -> np.ndarray:
    """Return inputs that are non-zero exactly where the pattern is live, of all magnitudes."""
    top = (1 << spec.act_bits - 1) - 1
    inputs = np.zeros(pattern.columns, np.int64)
    inputs[pattern.live] = rng.integers(1, top + 1, len(pattern.live))
    if signed:
        inputs[pattern.live] *= rng.choice([-1, 1], len(pattern.live))
    return inputs


def shift_for(sums: np.ndarray, spec: EieSpec) -> int:
    """Return the least shift with which no output saturates: a wrong sum then shows."""
    top = (1 << spec.act_bits - 1) - 1
    return max(0, int(np.abs(sums).max(initial=0) // top).bit_length())


def answer(case: Case, spec: EieSpec, *, codebook_loaded: bool = False) -> Answer:
    """Return golden's outputs and counters of a case on a machine."""
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

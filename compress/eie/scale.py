"""Scales: what a step of each activation and codebook is worth, so that all bits are used and none overflow.

With x = integer * scale, a layer of weight step w turns inputs of scale s into outputs of scale
s * w * 2**shift, so the weight steps are real numbers and the machine only shifts.
"""

from collections.abc import Sequence
from math import ceil, floor, log2

import numpy as np

from compress.eie.assemble import IntegerLayer
from compress.eie.grain import SPARE, best_bits, whole
from compress.eie.grain import grain as grain_of
from compress.eie.grain import step as step_of
from compress.eie.integer import apply, quantise
from compress.eie.quantised import Quantised
from compress.eie.reach import counts, measured, worst
from compress.network import Dense, forward, rms
from compress.share import Shared
from spec.eie import EieSpec
from spec.eie.image import BOUNDS


def scale(network: Sequence[Dense], shared: Shared, spec: EieSpec, samples: np.ndarray, *, bound: str = "data",
          input_range: tuple[float, float] | None = None, guessed: bool = False) -> Quantised:
    """Return the network in whole numbers.

    The finest codebook is taken that leaves the accumulators the room that ``bound`` asks for, then made coarser
    by less than a bit so that the largest output on the samples just fits the bits that the next layer's inputs take. With
    bound ``data`` those are as many bits as serve that layer best: fewer leave its codebook more.

    Parameters
    ----------
    network : sequence of Dense
        Gives names, biases and ReLUs; its weights are those of ``shared``.
    shared : Shared
    spec : EieSpec
    samples : numpy.ndarray
        Real input vectors, one per row, such as the training set.
    bound : str
        ``data``: accumulators hold :data:`compress.eie.grain.MARGIN` times the largest sum that the samples can make in any
        order; ``worst``: the largest that any input whatever can make.
    input_range : tuple of float, optional
        Least and largest input there will be; that of the samples when not given. Where the least is not negative, the
        first layer's accumulators are bounded for inputs that are not.
    guessed : bool
        Whether the samples are random ones, for want of data.
    """
    if bound not in BOUNDS:
        raise ValueError(f"bound must be one of {', '.join(BOUNDS)}, not {bound!r}")
    reals = [np.asarray(samples, np.float64), *forward(shared.network(network), samples)]
    span = (float(reals[0].min()), float(reals[0].max())) if input_range is None else input_range
    sizes = [max(map(abs, span)) or 1.0, *(float(np.abs(real).max()) or 1.0 for real in reals[1:])]
    signed = [span[0] < 0, *(not dense.relu for dense in network[:-1])]
    spare, used = [1.0 if input_range else SPARE] + [SPARE] * len(network), [spec.act_bits] * len(reals)
    for number, dense in enumerate(network):
        if bound == "data" or shared.book[number] in shared.whole:
            used[number] = best_bits(number, dense, shared, spec, reals[number], sizes[number], spare[number])
    finest = [step_of(size, bits, room, spec) for size, bits, room in zip(sizes, used, spare, strict=True)]
    for number, dense in enumerate(network):
        if dense.ceiling is not None:                   # outputs saturate where they must not go further
            finest[number + 1], used[number + 1] = dense.ceiling / ((1 << spec.act_bits - 1) - 1), spec.act_bits
    grains = [grain_of(book, network, shared, spec, finest, signed, reals, bound) for book in range(len(shared.centroids))]
    size = shared.centroids.shape[1]
    books = np.zeros(shared.centroids.shape, np.int64)
    x, _ = quantise(reals[0], finest[0], spec.act_bits)
    x, step = x.astype(np.int64), finest[0]
    layers = list[IntegerLayer]()
    headroom, found, saturated, error, steps = [], [], [], [], []
    for number, dense in enumerate(network):
        book = shared.book[number]
        alone, grain = shared.book.count(book) == 1 and book not in shared.whole, grains[book]
        exact = log2(finest[number + 1] / (step * shared.scale[number] / grain))
        shift = min(max(floor(exact) if alone else ceil(exact), 0), (1 << spec.shift_bits) - 1)
        if alone:
            grain = min(grain, step * shared.scale[number] * (1 << shift) / finest[number + 1])
        while True:
            books[book] = np.rint(shared.centroids[book] * grain)
            unit = step * shared.scale[number] / grain
            layer = IntegerLayer(name=dense.name, codes=shared.codes[number], codebook=book, shift=shift,
                                 bias=whole(dense.bias, unit), relu=dense.relu, activity=np.mean(x != 0, axis=0))
            y, lost = apply(layer, books[book], x, spec)
            lost = 0 if dense.ceiling is not None else lost
            if not lost or not alone:
                break
            grain *= 0.9995                             # rounding moved the largest output over the edge
        room = log2((1 << spec.acc_bits - 1) - 1)
        reach = worst(counts(shared.codes[number], size), books[book], layer.bias, spec, signed=signed[number])
        headroom.append(room - log2(max(reach, 1)))
        found.append(room - log2(max(measured(shared.codes[number], books[book], layer.bias, x), 1)))
        layers.append(layer)
        saturated.append(lost)
        steps.append(unit * (1 << shift))
        x, step = y, steps[-1]
        error.append(rms(x * step - reals[number + 1]) / (rms(reals[number + 1]) or 1.0))
    return Quantised(layers=layers, codebooks=books.astype(np.int16), input_scale=finest[0], steps=steps, spec=spec,
                     bound=bound, guessed=guessed, input_range=span, signed=signed, used_bits=used[:-1], headroom=headroom,
                     measured=found, saturated=saturated, error=error)

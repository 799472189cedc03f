"""Scales: what a step of each activation and codebook is worth, so that 16 bits are used and none overflow.

With x = integer * scale, a layer of weight step w turns inputs of scale s into outputs of scale
s * w * 2**shift, so the weight steps are real numbers and the machine only shifts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log2

import numpy as np

from compress.eie.assemble import IntegerLayer
from compress.eie.integer import apply, quantise
from compress.network import Dense, forward
from compress.share import Shared
from spec.eie import EieSpec

COARSEST = 127      # a codebook's largest entry is not made smaller than this to rule out saturation


@dataclass(frozen=True, kw_only=True, eq=False)
class Quantised:
    """A network in whole numbers with what is known of its range.

    Parameters
    ----------
    layers : list of IntegerLayer
    codebooks : numpy.ndarray
    input_scale, output_scale : float
        Real value of one step of an input and of an output.
    headroom : list of float
        Bits between the largest sum that any input can produce and the accumulator's end; below 0 it may
        saturate.
    saturated : list of int
        Outputs of each layer that saturate on the training vectors.
    """

    layers: list[IntegerLayer]
    codebooks: np.ndarray
    input_scale: float
    output_scale: float
    headroom: list[float]
    saturated: list[int]

    def warnings(self) -> list[str]:
        """Return one sentence for each layer whose accumulator or outputs can saturate, or that is coarse."""
        said = []
        for layer, bits, count in zip(self.layers, self.headroom, self.saturated, strict=True):
            if bits < 0:
                said.append(f"{layer.name}: the accumulator may saturate, by up to {-bits:.1f} bits; "
                            f"prune more, or take a machine with wider accumulators")
            if count:
                said.append(f"{layer.name}: {count} outputs saturate on the training vectors; "
                            f"take a machine with larger shift_bits")
            if 0 < (largest := int(np.abs(self.codebooks[layer.codebook]).max())) < COARSEST // 2:
                said.append(f"{layer.name}: the largest entry of its codebook is only {largest}; "
                            f"take a machine with larger shift_bits or weight_bits")
        return said


def scale(network: Sequence[Dense], shared: Shared, spec: EieSpec, samples: np.ndarray) -> Quantised:
    """Return the network in whole numbers.

    The finest codebook is taken with which no input whatever can saturate an accumulator, then made coarser
    by less than a bit so that the largest output on the samples just fits its 16 bits.

    Parameters
    ----------
    network : sequence of Dense
        Gives names, biases and ReLUs; its weights are those of ``shared``.
    shared : Shared
    spec : EieSpec
    samples : numpy.ndarray
        Real input vectors, one a row, such as the training set.
    """
    reals = [np.asarray(samples, np.float64), *forward(shared.network(network), samples)]
    top = (1 << spec.act_bits - 1) - 1
    finest = [(float(np.abs(real).max()) or 1.0) / top for real in reals]
    grains = [_grain(book, network, shared, spec, finest) for book in range(len(shared.centroids))]
    books = np.zeros(shared.centroids.shape, np.int64)
    x, _ = quantise(reals[0], finest[0], spec.act_bits)
    x, step = x.astype(np.int64), finest[0]
    layers, headroom, saturated = [], [], []
    for number, dense in enumerate(network):
        book = shared.book[number]
        alone, grain = shared.book.count(book) == 1, grains[book]
        exact = log2(finest[number + 1] / (step * shared.scale[number] / grain))
        shift = min(max(floor(exact) if alone else ceil(exact), 0), (1 << spec.shift_bits) - 1)
        if alone:
            grain = min(grain, step * shared.scale[number] * (1 << shift) / finest[number + 1])
        while True:
            books[book] = np.rint(shared.centroids[book] * grain)
            unit = step * shared.scale[number] / grain
            layer = IntegerLayer(name=dense.name, codes=shared.codes[number], codebook=book, shift=shift,
                                 bias=_whole(dense.bias, unit), relu=dense.relu, activity=(x != 0).mean(0))
            y, lost = apply(layer, books[book], x, spec)
            if not lost or not alone:
                break
            grain *= 0.9995                             # rounding moved the largest output over the edge
        reach = _reach(_counts(shared, number), books[book], layer.bias, spec,
                       signed=number == 0 or not network[number - 1].relu)
        headroom.append(log2((1 << spec.acc_bits - 1) - 1) - log2(max(reach, 1)))
        layers.append(layer)
        saturated.append(lost)
        x, step = y, unit * (1 << shift)
    return Quantised(layers=layers, codebooks=books.astype(np.int16), input_scale=finest[0],
                     output_scale=step, headroom=headroom, saturated=saturated)


def _grain(book: int, network: Sequence[Dense], shared: Shared, spec: EieSpec, finest: list[float]) -> float:
    """Return the most steps that 1.0 of a codebook may have: for its entries, the shift, the accumulators."""
    largest = np.abs(shared.centroids[book]).max() or 1.0
    grain, least = ((1 << spec.weight_bits - 1) - 1) / largest, COARSEST / largest
    own = [number for number, b in enumerate(shared.book) if b == book]
    room = (1 << spec.acc_bits - 1) - 1
    counts = {number: _counts(shared, number) for number in own}
    while grain > least:
        reach = 0
        for number in own:
            unit = finest[number] * shared.scale[number] / grain
            reach = max(reach, _reach(counts[number], np.rint(shared.centroids[book] * grain),
                                      _whole(network[number].bias, unit), spec,
                                      signed=number == 0 or not network[number - 1].relu))
        if reach <= room:
            break
        grain *= min(room / reach, 0.999)
    grain = max(grain, min(least, ((1 << spec.weight_bits - 1) - 1) / largest))
    for number in own:                                  # whatever that costs: the shift and the bias must fit
        unit = finest[number] * shared.scale[number]
        grain = min(grain, (1 << (1 << spec.shift_bits) - 1) * unit / finest[number + 1])
        if (bias := network[number].bias) is not None and bias.any():
            grain = min(grain, room * unit / np.abs(bias).max())
    return grain


def _counts(shared: Shared, layer: int) -> np.ndarray:
    """Return how often each code appears in each row."""
    codes, size = shared.codes[layer], shared.centroids.shape[1]
    rows = np.repeat(np.arange(codes.shape[0], dtype=np.int64), np.diff(codes.indptr))
    return np.bincount(rows * size + codes.data, minlength=codes.shape[0] * size).reshape(-1, size)


def _reach(counts: np.ndarray, book: np.ndarray, bias, spec: EieSpec, *, signed: bool) -> int:
    """Return the largest magnitude of any partial sum, over all inputs that the number format allows."""
    top = 1 << spec.act_bits - 1
    start = np.zeros(len(counts)) if bias is None else bias
    up, down = counts @ np.maximum(book, 0.0), counts @ np.maximum(-book, 0.0)
    up, down = ((up + down) * top, (up + down) * top) if signed else (up * (top - 1), down * (top - 1))
    return int(max((start + up).max(), (down - start).max()))


def _whole(bias: np.ndarray | None, unit: float) -> np.ndarray | None:
    return None if bias is None else np.rint(bias / unit).astype(np.int64)

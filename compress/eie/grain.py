"""How fine the steps of activations and codebooks may be, so that accumulators, shifts and biases have room."""

from collections.abc import Sequence

import numpy as np

from compress.eie.quantised import COARSEST
from compress.eie.reach import counts, measured, worst
from compress.network import Dense, rms
from compress.share import Shared
from spec.eie import EieSpec

MARGIN = 2.0
"""Room of an accumulator over the largest sum of the calibration vectors."""

SPARE = 1.25
"""Room of an activation over the largest of the calibration vectors, which is not the largest there will be; an input whose
range was told has no such room."""

PROBE = 64          # vectors on which numbers of bits are compared


def step(size: float, bits: int, spare: float, spec: EieSpec) -> float:
    """Return what a step is worth so that ``size`` takes so many bits, and ``spare`` times ``size`` those of an activation."""
    return max(size / ((1 << bits - 1) - 1), spare * size / ((1 << spec.act_bits - 1) - 1))


def best_bits(number: int, dense: Dense, shared: Shared, spec: EieSpec, inputs: np.ndarray, size: float,
               spare: float) -> int:
    """Return the bits of a layer's inputs with which its outputs come closest, given what they leave the codebook."""
    codes, book = shared.codes[number], shared.book[number]
    centroids, room = shared.centroids[book], ((1 << spec.acc_bits - 1) - 1) / MARGIN
    largest = ((1 << spec.weight_bits - 1) - 1) / (np.abs(centroids).max() or 1.0)
    probe, weight = inputs[:PROBE], shared.weight(number) / shared.scale[number]
    wanted, least, best = weight @ probe.T, np.inf, spec.act_bits
    bias = None if dense.bias is None else dense.bias / shared.scale[number]
    reach = measured(codes, centroids, bias, inputs)
    for bits in range(spec.act_bits, 3, -1):
        worth = step(size, bits, spare, spec)
        most = room * worth / (reach or 1.0)
        grain = 1.0 if book in shared.whole else min(largest, most)
        if grain > most and bits > 4:
            continue
        rounded = codes.astype(np.float64)
        rounded.data = np.rint(centroids * grain)[codes.data] / grain
        error = rms(rounded @ np.rint(probe.T / worth) * worth - wanted)
        if error < 0.9 * least:
            least, best = error, bits
        if grain >= min(largest, most) > 0.999 * largest:
            break                                       # still fewer bits would leave the codebook no more
    return best


def grain(book: int, network: Sequence[Dense], shared: Shared, spec: EieSpec, finest: list[float], signed: list[bool],
           reals: list[np.ndarray], bound: str) -> float:
    """Return the most steps that 1.0 of a codebook may have: for its entries, the shift, the accumulators."""
    if book in shared.whole:
        return 1.0
    largest = np.abs(shared.centroids[book]).max() or 1.0
    room, own = (1 << spec.acc_bits - 1) - 1, [number for number, b in enumerate(shared.book) if b == book]
    grain = ((1 << spec.weight_bits - 1) - 1) / largest
    for number in own:
        unit = finest[number] * shared.scale[number]
        bias = network[number].bias
        if bound == "data":
            reach = measured(shared.codes[number], shared.centroids[book], None if bias is None else bias / unit,
                             np.rint(reals[number] / finest[number]))
            grain = min(grain, room / MARGIN / reach if reach else grain)
        else:
            grain = _sure(grain, COARSEST / largest, number, network[number], shared, spec, unit, signed[number])
    for number in own:                                  # whatever that costs: the shift and the bias must fit
        unit = finest[number] * shared.scale[number]
        grain = min(grain, (1 << (1 << spec.shift_bits) - 1) * unit / finest[number + 1])
        if (bias := network[number].bias) is not None and bias.any():
            grain = min(grain, room * unit / np.abs(bias).max())
    return grain


def _sure(grain: float, least: float, number: int, dense: Dense, shared: Shared, spec: EieSpec, unit: float,
          signed: bool) -> float:
    """Return the largest grain down to ``least`` with which no input whatever can saturate a layer's accumulators."""
    room, amounts = (1 << spec.acc_bits - 1) - 1, counts(shared.codes[number], shared.centroids.shape[1])
    top, given = grain, shared.centroids[shared.book[number]]
    while grain > least:
        reach = worst(amounts, np.rint(given * grain), whole(dense.bias, unit / grain), spec, signed=signed)
        if reach <= room:
            break
        grain *= min(room / reach, 0.999)
    return max(grain, min(least, top))


def whole(bias: np.ndarray | None, unit: float) -> np.ndarray | None:
    """Return biases as integers of ``unit`` each."""
    return None if bias is None else np.rint(bias / unit).astype(np.int64)

"""Proof that no input whatever makes the sums of a network leave their accumulators."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from golden.scnn.layer import Layer, source
from spec.scnn import ScnnSpec


@dataclass(frozen=True, kw_only=True)
class Bound:
    """What the sums of a layer can reach.

    Parameters
    ----------
    low, high : int
        Least and largest possible sum, bias and residual included, over all outputs and all inputs in range.
    headroom : int
        Bits between the larger magnitude and acc_bits; below 0 a sum may set the saturated flag.
    """

    low: int
    high: int
    headroom: int


def prove(spec: ScnnSpec, layers: Sequence[Layer], largest: int = 32768) -> dict[str, Bound]:
    """Return the bounds of each layer for inputs of magnitudes up to ``largest``.

    Partial sums are modulo ``2**sum_bits`` and come in any order, so only the final sum has to fit. One that does not fit
    sum_bits would be wrong without a flag: a layer in which that is possible is refused with an ``OverflowError``.
    """
    ranges: dict[str, tuple[int, int]] = {"input": (-largest, min(largest, 32767))}
    found: dict[str, Bound] = {}
    for layer in layers:
        low, high = sums(layer, ranges)
        size = max(-low - 1, high, 0)
        if size >> spec.sum_bits - 1:
            raise OverflowError(f"sums of {layer.name} must fit {spec.sum_bits} bits, not {size.bit_length() + 1}; take "
                                f"{'a larger product_shift' if spec.product_shift_bits else 'smaller weights'} or inputs")
        found[layer.name] = Bound(low=low, high=high, headroom=spec.acc_bits - 1 - size.bit_length())
        ranges[layer.name] = outputs(layer, low, high)
    return found


def outputs(layer: Layer, low: int, high: int) -> tuple[int, int]:
    """Return bounds of a layer's outputs, given those of its sums."""
    ends = [max(-32768, min(32767, (value >> layer.shift) + 1)) for value in (low - (1 << layer.shift), high)]
    return 0 if layer.relu else ends[0], max(ends[1], 0)


def sums(layer: Layer, ranges: dict[str, tuple[int, int]]) -> tuple[int, int]:
    """Return least and largest sum of a layer, given the ranges of the tensors that it reads."""
    low, high = zip(*(ranges[source(text)[0]] for text in layer.inputs), strict=True)
    least, most = min(*low, 0), max(*high, 0)
    weight = layer.weight.astype(np.int64).reshape(len(layer.weight), -1)
    half = (1 << layer.product_shift - 1) if layer.product_shift else 0
    count = np.count_nonzero(weight, axis=1) if half else np.zeros(len(weight), np.int64)
    positive, negative = np.where(weight > 0, weight, 0).sum(axis=1), np.where(weight < 0, weight, 0).sum(axis=1)
    ends = (positive * least + negative * most - half * count, positive * most + negative * least + half * count)
    windows = layer.pool.size[0] * layer.pool.size[1] if layer.pool and layer.pool.kind == "sum" else 1
    bias = np.zeros(len(weight), np.int64) if layer.bias is None else layer.bias.astype(np.int64)
    reached = [(end >> layer.product_shift) * windows + bias for end in ends]
    extra = (0, 0)
    if layer.residual is not None:
        name, shift = layer.residual
        extra = (ranges[name][0] << shift, ranges[name][1] << shift)
    return int(reached[0].min()) + extra[0] - 1, int(reached[1].max()) + extra[1] + 1

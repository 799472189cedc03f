"""The whole numbers of one layer: the finest weights whose sums fit the accumulator, whatever the input."""

from dataclasses import dataclass
from math import ceil, log2

import numpy as np

from compress.scnn import bound
from compress.scnn.real import Step
from golden.scnn.layer import Layer
from spec.scnn import ScnnSpec
from spec.scnn.shape import BIAS_BITS, VALUE_BITS

TOP = (1 << VALUE_BITS - 1) - 1
SHIFT = (1 << 5) - 1                # largest shift of a sum
RESIDUAL = VALUE_BITS - 2           # a residual is a product with 2**shift, a weight


@dataclass(frozen=True, kw_only=True, eq=False)
class Fitted:
    """A layer in whole numbers.

    Parameters
    ----------
    layer : Layer
    scale : float
        Real value of one step of its outputs.
    range : tuple of int
        Bounds of the outputs for any input.
    headroom : float
        Bits between the largest sum that any input can make and the end of the stored sums, ``sum_bits``.
    lost : int
        Bits by which the weights are coarser because of these sums.
    unit : float
        Real value of one step of a weight.
    """

    layer: Layer
    scale: float
    range: tuple[int, int]
    headroom: float
    lost: int
    unit: float


def fit(spec: ScnnSpec, step: Step, scales: dict[str, float], ranges: dict[str, tuple[int, int]], sizes: dict[str, int],
        wanted: float, *, spare: int = 0) -> Fitted:
    """Return a layer in whole numbers.

    Parameters
    ----------
    spec : ScnnSpec
    step : Step
    scales, ranges : dict
        Real value of a step, and bounds, of each tensor there is.
    sizes : dict
        Channels of each tensor.
    wanted : float
        Real value of a step of the outputs; with a residual the layer's may be up to twice that.
    spare : int
        Bits to leave free at the top of the accumulator besides.

    Raises
    ------
    OverflowError
        If no weights but 0 fit.
    """
    weight = _scaled(step, scales, sizes)
    largest = float(np.abs(weight).max()) or 1.0
    lost = 0
    for unit, total, shift in _units(step, scales, wanted):
        if largest / unit > TOP:
            continue
        tried = False
        for product in range(1 << spec.product_shift_bits):
            down = total - product
            if not 0 <= down <= min(SHIFT, spec.acc_bits - VALUE_BITS - 1 - spare):
                continue
            tried = True
            layer = _layer(step, weight, unit, product, down, shift)
            if layer is None:
                continue
            low, high = bound.sums(layer, ranges)
            size = max(-low - 1, high, 1)
            if not size >> spec.sum_bits - 1:
                return Fitted(layer=layer, scale=unit * 2.0 ** total / step.divisor, range=bound.outputs(layer, low, high),
                              headroom=spec.sum_bits - 1 - log2(size), lost=lost, unit=unit)
        lost += tried
    raise OverflowError(f"{step.name}: weights must leave sums that fit {spec.sum_bits} bits, not be {largest:.3g} times the "
                        f"outputs' step of {wanted:.3g}; give other data, or a network whose layers scale less")


def _scaled(step: Step, scales: dict[str, float], sizes: dict[str, int]) -> np.ndarray:
    """Return the weights as what one step of their input adds, in real numbers."""
    channels = np.concatenate([np.full(sizes[name], scales[name]) for name in step.inputs])
    depth = step.weight.shape[1]
    group = np.arange(len(step.weight)) // (len(step.weight) // step.groups)
    return np.asarray(step.weight, np.float64) * channels[group[:, None] * depth + np.arange(depth)][:, :, None, None]


def _units(step: Step, scales: dict[str, float], wanted: float):
    """Yield real values of a weight's step, finest first, with the shifts that lead to outputs and from the residual."""
    if step.residual is None:
        for total in range(SHIFT + VALUE_BITS - 1, -1, -1):
            yield wanted * step.divisor / 2.0 ** total, total, 0
    else:
        for shift in range(RESIDUAL, -1, -1):
            unit = scales[step.residual] / 2.0 ** shift
            yield unit, max(0, ceil(log2(wanted / unit) - 1e-9)), shift


def _layer(step: Step, weight: np.ndarray, unit: float, product: int, down: int, shift: int) -> Layer | None:
    """Return the layer for a unit and shifts, None if its biases do not fit."""
    sums = unit * 2.0 ** product
    bias = None
    if step.bias is not None:
        whole = np.rint(step.bias * step.divisor / sums)
        if np.abs(whole).max(initial=0) >= 1 << BIAS_BITS - 1:
            return None
        bias = whole.astype(np.int32)
    return Layer(name=step.name, inputs=step.inputs, weight=np.rint(weight / unit).astype(np.int16), bias=bias,
                 stride=step.stride, pad=step.pad, groups=step.groups, shift=down, product_shift=product,
                 relu=step.activation.relu, pool=step.pool,
                 residual=None if step.residual is None else (step.residual, shift))

"""A network in whole numbers: scales by calibration, then what each layer's whole numbers cost and how often they saturate."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import log2

import numpy as np

from compress.frontend.execute import run
from compress.frontend.graph import INPUT, Network
from compress.scnn.fit import TOP, Fitted, fit
from compress.scnn.real import Lowered
from golden.scnn.layer import Layer, apply, rounded, source
from spec.scnn import ScnnSpec

MARGIN = 1.25       # room above the largest value of the calibration data
ROOM = 2.0          # how much larger than those of the calibration data sums may be before the flag is set
FAR = 1e100         # numbers whose squares are still numbers
CHUNK = 1 << 23     # real numbers that are kept at a time


@dataclass(kw_only=True)
class Measured:
    """What calibration found of a tensor: how many values are not 0 and saturate; the largest sum; squares of errors."""

    values: int = 0
    live: int = 0
    saturated: int = 0
    largest: int = 0
    error: float = 0.0
    size: float = 0.0

    @property
    def density(self) -> float:
        """Share of values other than 0."""
        return self.live / max(1, self.values)

    @property
    def rms(self) -> float:
        """Root mean square of the error, as a share of that of the real values."""
        return float(np.sqrt(self.error / self.size)) if self.size else 0.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Whole:
    """A network in whole numbers.

    Parameters
    ----------
    lowered : Lowered
    layers : tuple of Layer
    fitted : dict
        What was chosen for each layer, by name.
    scales : dict
        Real value of one step of each tensor; ``"input"`` is that of the input.
    measured : dict
        What the calibration data gave, by tensor.
    outputs : numpy.ndarray
        Answers to the calibration data in real numbers, in the file's order: (samples, elements).
    notices : tuple of str
    """

    lowered: Lowered
    layers: tuple[Layer, ...]
    fitted: dict[str, Fitted]
    scales: dict[str, float]
    measured: dict[str, Measured] = field(default_factory=dict)
    outputs: np.ndarray = field(default_factory=lambda: np.empty((0, 0)))
    notices: tuple[str, ...] = ()

    def inputs(self, samples: np.ndarray) -> np.ndarray:
        """Return samples of the file's shape as whole numbers: int16 (samples, channels, rows, columns)."""
        steps = np.rint(np.asarray(self.lowered.prepared(samples), np.float64) / self.scales[INPUT])
        return np.clip(steps, -TOP - 1, TOP).astype(np.int16)


def quantise(spec: ScnnSpec, network: Network, lowered: Lowered, samples: np.ndarray, *,
             input_range: tuple[float, float] | None = None) -> Whole:
    """Return a network in whole numbers.

    Parameters
    ----------
    spec : ScnnSpec
    network : Network
        What ``lowered`` was made of; it gives the real values.
    lowered : Lowered
    samples : numpy.ndarray
        Calibration data in the file's shape.
    input_range : tuple of float, optional
        Least and largest input; those of the samples with a margin when not given.
    """
    samples = samples if network.bounds is None else np.clip(samples, *network.bounds)
    largest = dict.fromkeys((step.value for step in lowered.steps), 0.0)
    with np.errstate(over="ignore", invalid="ignore"):
        for values, _ in _chunks(network, samples):
            for name in largest:
                largest[name] = max(largest[name], float(np.abs(values[name]).max()))
    if odd := next((name for name, size in largest.items() if not 0 <= size < FAR), None):
        raise OverflowError(f"{odd}: outputs of the data must be below {FAR:g}, not {largest[odd]:g}; scale the network down")
    first = input_scale(samples, input_range)
    spare = dict.fromkeys((step.name for step in lowered.steps), 0)
    finest: dict[str, Fitted] = {}
    while True:
        made = _fitted(spec, network, lowered, largest, first, spare)
        finest = finest or made.fitted
        found, outputs = measure(made, network, samples)
        tight = [name for name in spare if spare[name] < 8 and found[name].largest * ROOM >= 1 << spec.acc_bits - 1]
        if not tight:
            break
        for name in tight:
            spare[name] += 1
    lost = {name: one.lost for name, one in finest.items() if one.lost}
    notices = []
    if lost:
        notices.append(f"weights are coarser than 16 bits would allow, so that no input can make a sum leave {spec.sum_bits} "
                       f"bits: {_bits(lost)}")
    near = {name: round(log2(one.unit / finest[name].unit)) for name, one in made.fitted.items()}
    if near := {name: bits for name, bits in near.items() if bits > 0}:
        notices.append(f"weights are coarser because sums of the data come near {spec.acc_bits} bits: {_bits(near)}")
    return Whole(lowered=lowered, layers=made.layers, fitted=made.fitted, scales=made.scales, measured=found, outputs=outputs,
                 notices=tuple(notices))


def _bits(lost: dict[str, int]) -> str:
    return ", ".join(f"{name} by {count} bit{'s' * (count > 1)}" for name, count in lost.items())


def input_scale(samples: np.ndarray, input_range: tuple[float, float] | None) -> float:
    """Return the real value of one step of the input; a power of two where all samples are whole numbers."""
    size = max(map(abs, input_range)) if input_range else float(np.abs(samples.astype(np.float64)).max())
    size = size or 1.0
    if size < TOP and (samples == np.rint(samples)).all():
        return 2.0 ** -int(log2(TOP / size))
    return size * (1.0 if input_range else MARGIN) / TOP


def _fitted(spec: ScnnSpec, network: Network, lowered: Lowered, largest: dict[str, float], first: float,
            spare: dict[str, int]) -> Whole:
    if spec.weight_code_bits:
        largest = together(lowered, largest)
    scales, ranges, sizes = {INPUT: first}, {INPUT: (-TOP - 1, TOP)}, {INPUT: lowered.shape[0]}
    fitted: dict[str, Fitted] = {}
    for step in lowered.steps:
        size = network.ranges.get(step.value, (largest[step.value] or 1.0) * MARGIN)
        wanted = (step.activation.ceiling or size) / TOP
        one = fit(spec, step, scales, ranges, sizes, wanted, spare=spare[step.name])
        fitted[step.name], scales[step.name], ranges[step.name] = one, one.scale, one.range
        sizes[step.name] = step.shape[0]
    return Whole(lowered=lowered, layers=tuple(one.layer for one in fitted.values()), fitted=fitted, scales=scales)


def together(lowered: Lowered, largest: dict[str, float]) -> dict[str, float]:
    """Return largest values that are alike for tensors that a layer reads side by side: its weights keep their few values."""
    values, found = {step.name: step.value for step in lowered.steps}, dict(largest)
    for step in reversed(lowered.steps):
        read = [values[name] for name in step.inputs if name in values]
        found |= dict.fromkeys(read, max((found[value] for value in read), default=0.0))
    return found


def measure(whole: Whole, network: Network, samples: np.ndarray) -> tuple[dict[str, Measured], np.ndarray]:
    """Run samples in whole numbers beside the real network; return what was found by tensor, and the real answers."""
    found = {name: Measured() for name in whole.scales}
    steps = {step.name: step for step in whole.lowered.steps}
    answers = []
    for values, part in _chunks(network, samples):
        for number, x in enumerate(whole.inputs(part)):
            tensors = {INPUT: x}
            found[INPUT].values += x.size
            found[INPUT].live += int(np.count_nonzero(x))
            for layer in whole.layers:
                tensors[layer.name] = _one(layer, tensors, found[layer.name], steps[layer.name].activation.ceiling)
                real = values[steps[layer.name].value][number]
                if (order := network.order) is not None and layer is whole.layers[-1] and whole.lowered.order is None:
                    real = real[order]
                error = tensors[layer.name].ravel() * whole.scales[layer.name] - real
                found[layer.name].error += float(np.square(error).sum())
                found[layer.name].size += float(np.square(real).sum())
            answers.append(tensors[whole.layers[-1].name].ravel() * whole.scales[whole.layers[-1].name])
    return found, whole.lowered.answers(np.array(answers))


def _one(layer: Layer, tensors: dict[str, np.ndarray], found: Measured, ceiling: float | None) -> np.ndarray:
    given = np.concatenate([tensors[name][channels] for name, channels in map(source, layer.inputs)])
    y, total = apply(layer, given, tensors[layer.residual[0]] if layer.residual else None)
    steps = rounded(total, layer.shift)
    found.values += y.size
    found.live += int(np.count_nonzero(y))
    found.largest = max(found.largest, int(np.abs(total).max()))
    found.saturated += int((steps > TOP).sum()) * (ceiling is None) + int((steps < -TOP - 1).sum()) * (not layer.relu)
    return y


def _chunks(network: Network, samples: np.ndarray) -> Iterator[tuple[dict[str, np.ndarray], np.ndarray]]:
    """Yield real values of every layer with the samples that they are of, some samples at a time."""
    each = network.size + sum(layer.size for layer in network.layers)
    size = max(1, CHUNK // each)
    for first in range(0, len(samples), size):
        part = samples[first:first + size]
        yield run(network, part), part

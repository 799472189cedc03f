"""Trains a network on: with masks that close in and stay, then with the few values that its weights share.

A step of Adam moves a weight by a share of the root mean square of its layer's weights, and a bias by one of that of its
layer's outputs, so that neither the scale of the inputs nor that of a layer matters.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import sparse
from threadpoolctl import threadpool_limits

from compress.frontend.execute import run
from compress.frontend.graph import Conv, Dense, Network
from compress.network import rms
from compress.pruner import Pruner
from compress.share import Shared
from compress.tune.backward import Slopes, slopes
from compress.tune.lesson import Lesson

DECAYS, TINY = (0.9, 0.999), 1e-12      # of Adam
PROBE = 64                              # inputs by which the size of outputs is measured
CLOSING = 0.6                           # share of the passes with masks in which they close in
SHARED_RATE = 0.25                      # a shared value moves many weights at once


@dataclass(frozen=True, kw_only=True)
class Tuning:
    """How a network is trained on.

    Parameters
    ----------
    masked, shared : int
        Passes over the inputs with masks, and with shared weights.
    rate : float
        Share of the size of a layer's weights by which a step moves one at most; it falls along half a cosine.
    batch, seed : int
        Inputs of a step; random numbers.
    """

    masked: int = 0
    shared: int = 0
    rate: float = 0.04
    batch: int = 32
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what cannot be trained."""
        if min(self.masked, self.shared) < 0 or self.masked + self.shared < 1:
            raise ValueError(f"passes must be at least 0 with masks and with shared weights, and one of them more, not "
                             f"{self.masked},{self.shared}")
        if not 0 < self.rate < 1:
            raise ValueError(f"rate must be above 0 and below 1, not {self.rate}")

    @property
    def passes(self) -> int:
        """Passes in all."""
        return self.masked + self.shared


class Adam:
    """Moves arrays against their slopes, each by its own rate at most."""

    def __init__(self, values: list[np.ndarray], rates: list[float]) -> None:
        """Keep the arrays, which `step` changes in place."""
        self.values, self.rates, self.steps = values, rates, 0
        self.means = [(np.zeros_like(value), np.zeros_like(value)) for value in values]

    def step(self, found: list[np.ndarray], share: float) -> None:
        """Take a step; ``share`` is that of the rates."""
        self.steps += 1
        for value, slope, rate, (mean, square) in zip(self.values, found, self.rates, self.means, strict=True):
            mean += (1 - DECAYS[0]) * (slope - mean)
            square += (1 - DECAYS[1]) * (slope * slope - square)
            size = np.sqrt(square / (1 - DECAYS[1] ** self.steps))
            largest = float(size.max(initial=0.0))
            value -= share * rate / (1 - DECAYS[0] ** self.steps) * mean / (size + 1e-4 * largest + TINY)


def masked(network: Network, prune: Pruner, lesson: Lesson, tuning: Tuning, *, frozen: frozenset[str] = frozenset(),
           advance: Callable[[], None] = lambda: None) -> Network:
    """Return a network pruned bit by bit while it is trained on; what is 0 stays 0.

    Parameters
    ----------
    network : Network
    prune : Pruner
    lesson : Lesson
    tuning : Tuning
    frozen : frozenset of str
        Layers that keep their weights; they are pruned all the same.
    advance : callable
        Called after every pass.
    """
    learner = _Learner(network, lesson, tuning, frozen)
    closing = max(1, round(tuning.masked * CLOSING))
    with threadpool_limits(1):              # sums keep their order
        for number in range(tuning.masked):
            if number < closing:
                learner.mask(prune, (number + 1) / closing)
            learner.one_pass(_share(number, tuning.masked), learner.masked_step)
            advance()
    return learner.network


def centroids(network: Network, shared: Shared, lesson: Lesson, tuning: Tuning, *, frozen: frozenset[int] = frozenset(),
              advance: Callable[[], None] = lambda: None) -> tuple[Network, Shared]:
    """Return a network whose shared values have moved against their slopes, each the sum of those of its weights.

    Parameters
    ----------
    network : Network
    shared : Shared
        Of its layers with weights, in their order.
    lesson : Lesson
    tuning : Tuning
    frozen : frozenset of int
        Codebooks that stay as they are.
    advance : callable
        Called after every pass.
    """
    learner = _Learner(network, lesson, tuning, frozenset())
    learner.share(shared, frozen)
    with threadpool_limits(1):
        for number in range(tuning.shared):
            learner.one_pass(SHARED_RATE * _share(number, tuning.shared), learner.shared_step)
            advance()
    return learner.network, replace(shared, centroids=learner.values.astype(np.float64))


def grouped(network: Network) -> Shared:
    """Return the values that the weights of each layer have, at most 255 besides 0, as a codebook for each."""
    layers = [layer for layer in network.layers if isinstance(layer, Conv | Dense)]
    values = [np.unique(layer.weight[layer.weight != 0]) for layer in layers]
    most = max(map(len, values), default=0)
    if most > 255:
        raise ValueError(f"weights of a layer must have at most 255 values to be trained on as shared, not {most}")
    table = np.zeros((len(layers), 1 + most))
    codes = []
    for number, (layer, own) in enumerate(zip(layers, values, strict=True)):
        table[number, 1:1 + len(own)] = own
        flat = layer.weight.reshape(len(layer.weight), -1)
        places = sparse.csr_array(flat)
        codes.append(sparse.csr_array((np.searchsorted(own, places.data).astype(np.uint8) + np.uint8(1), places.indices,
                                       places.indptr), shape=flat.shape))
    return Shared(codes=codes, book=list(range(len(layers))), scale=[1.0] * len(layers), centroids=table)


def _share(number: int, passes: int) -> float:
    """Return the share of the rate in a pass."""
    return float(0.02 + 0.49 * (1 + np.cos(np.pi * number / passes)))


class _Learner:
    """A network whose weights are being changed, in single precision."""

    def __init__(self, network: Network, lesson: Lesson, tuning: Tuning, frozen: frozenset[str]) -> None:
        self.lesson, self.tuning, self.frozen = lesson, tuning, frozen
        self.rng = np.random.default_rng(tuning.seed)
        self.network = replace(network, ranges={}, layers=tuple(
            replace(layer, weight=np.array(layer.weight, np.float32),
                    bias=None if layer.bias is None else np.array(layer.bias, np.float32))
            if isinstance(layer, Conv | Dense) else layer for layer in network.layers))
        sizes = run(self.network, lesson.inputs[:PROBE], kind=np.float32)
        self.biases = {layer.name: tuning.rate * (rms(sizes[layer.name]) or 1.0) for layer in self.layers}
        self.adam = self._weights()

    @property
    def layers(self) -> list[Any]:
        """The layers with weights."""
        return [layer for layer in self.network.layers if isinstance(layer, Conv | Dense)]

    def _weights(self) -> Adam:
        self.moving = [layer for layer in self.layers if layer.name not in self.frozen]
        self.biased = [layer for layer in self.moving if layer.bias is not None]
        rates = [self.tuning.rate * (rms(layer.weight[layer.weight != 0]) if layer.weight.any() else 0.0)
                 for layer in self.moving]
        return Adam([layer.weight for layer in self.moving] + [layer.bias for layer in self.biased],
                    rates + [self.biases[layer.name] for layer in self.biased])

    def mask(self, prune: Pruner, way: float) -> None:
        """Prune in place; from now on what is 0 stays 0."""
        left = {layer.name: layer for layer in prune(self.network, way).layers}
        for layer in self.layers:
            layer.weight[:] = left[layer.name].weight
        self.masks = [layer.weight != 0 for layer in self.moving]

    def one_pass(self, share: float, step: Callable[[Slopes, float], None]) -> None:
        """Go once over the inputs in a new order."""
        order, size = self.rng.permutation(len(self.lesson.inputs)), self.tuning.batch
        last, turned = self.network.layers[-1].name, self.network.order
        for first in range(0, len(order), size):
            places = order[first:first + size]
            values = run(self.network, self.lesson.inputs[places], kind=np.float32)
            answers = values[last] if turned is None else values[last][:, turned]
            slope = self.lesson.slope(answers, places).astype(np.float32)
            if turned is not None:
                placed = np.zeros_like(values[last])
                placed[:, turned] = slope
                slope = placed
            step(slopes(self.network, values, slope), share)

    def masked_step(self, found: Slopes, share: float) -> None:
        """Move weights and biases, and put the zeros back."""
        self.adam.step([found[layer.name][0] for layer in self.moving] + [found[layer.name][1] for layer in self.biased], share)
        for layer, mask in zip(self.moving, self.masks, strict=True):
            layer.weight[~mask] = 0

    def share(self, shared: Shared, frozen: frozenset[int]) -> None:
        """Move shared values from now on."""
        self.shared, self.values = shared, np.array(shared.centroids, np.float32)
        self.places = [np.repeat(np.arange(codes.shape[0]), np.diff(codes.indptr)) for codes in shared.codes]
        self.still = np.array([book in frozen for book in range(len(shared.centroids))])
        rates = [self.tuning.rate * rms(own[own != 0]) if own.any() else 0.0 for own in self.values]
        self.adam = Adam([*self.values, *(layer.bias for layer in self.biased)],
                         rates + [self.biases[layer.name] for layer in self.biased])
        self._project()

    def shared_step(self, found: Slopes, share: float) -> None:
        """Move shared values and biases, and give each weight its value."""
        total = np.zeros(self.values.shape)
        for layer, codes, rows, book, scale in zip(self.layers, self.shared.codes, self.places, self.shared.book,
                                                   self.shared.scale, strict=True):
            slope = found[layer.name][0].reshape(codes.shape)[rows, codes.indices]
            total[book] += scale * np.bincount(codes.data, slope, len(total[book]))
        total[:, 0] = 0
        total[self.still] = 0
        self.adam.step([*total.astype(np.float32), *(found[layer.name][1] for layer in self.biased)], share)
        self._project()

    def _project(self) -> None:
        for layer, codes, rows, book, scale in zip(self.layers, self.shared.codes, self.places, self.shared.book,
                                                   self.shared.scale, strict=True):
            flat = layer.weight.reshape(codes.shape)
            flat[:] = 0
            flat[rows, codes.indices] = self.values[book][codes.data] * np.float32(scale)

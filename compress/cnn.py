"""Trains a small convolutional classifier in NumPy, prunes it while it trains, and shares its weights while it trains on.

Every layer is a convolution of stride 1, with ReLU and then the maxima of windows that do not overlap; a dense layer is one
whose filter is as large as its input. Values are samples x rows x columns x channels here.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from threadpoolctl import threadpool_limits

from compress.prune import gradual, masks
from compress.share import Shared, share

RATE, DECAYS, TINY = 1e-3, (0.9, 0.999), 1e-8       # of Adam


@dataclass(kw_only=True, eq=False)
class Layer:
    """``maxima(relu(weight * x + bias))``.

    Parameters
    ----------
    name : str
    weight : numpy.ndarray
        Outputs x inputs x rows x columns, float32.
    bias : numpy.ndarray
    pad : int
        Zeros on every side.
    pool : int
        Edge of the windows, 1 for none.
    relu : bool
    """

    name: str
    weight: np.ndarray
    bias: np.ndarray
    pad: int = 0
    pool: int = 1
    relu: bool = True
    _kept: tuple = field(default=(), repr=False)

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Return outputs, and keep what `backward` needs."""
        outputs, depth, high, wide = self.weight.shape
        padded = np.pad(x, ((0, 0), (self.pad, self.pad), (self.pad, self.pad), (0, 0))) if self.pad else x
        windows = sliding_window_view(padded, (high, wide), axis=(1, 2))
        size = windows.shape[:3]
        columns = windows.reshape(np.prod(size), depth * high * wide)
        y = (columns @ self.weight.reshape(outputs, -1).T + self.bias).reshape(*size, outputs)
        live = y > 0 if self.relu else None
        y = np.maximum(y, 0) if self.relu else y
        best = None
        if self.pool > 1:
            cut = y[:, :size[1] // self.pool * self.pool, :size[2] // self.pool * self.pool]
            parts = cut.reshape(size[0], size[1] // self.pool, self.pool, size[2] // self.pool, self.pool, outputs)
            parts = parts.transpose(0, 1, 3, 5, 2, 4).reshape(size[0], size[1] // self.pool, size[2] // self.pool, outputs, -1)
            best = parts.argmax(-1)
            y = np.take_along_axis(parts, best[..., None], -1)[..., 0]
        self._kept = columns, padded.shape, size, live, best
        return y

    def backward(self, slope: np.ndarray, *, first: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
        """Return the slopes of weights, biases and inputs, those not for the first layer, from the slopes of the outputs."""
        outputs, depth, high, wide = self.weight.shape
        columns, padded, size, live, best = self._kept
        if best is not None:
            parts = np.zeros((*slope.shape, self.pool ** 2), slope.dtype)
            np.put_along_axis(parts, best[..., None], slope[..., None], -1)
            parts = parts.reshape(*slope.shape, self.pool, self.pool).transpose(0, 1, 4, 2, 5, 3)
            slope = np.zeros((*size, outputs), slope.dtype)
            slope[:, :parts.shape[1] * self.pool, :parts.shape[3] * self.pool] = parts.reshape(
                size[0], parts.shape[1] * self.pool, parts.shape[3] * self.pool, outputs)
        if live is not None:
            slope = slope * live
        flat = slope.reshape(-1, outputs)
        weight = (flat.T @ columns).reshape(self.weight.shape)
        if first:
            return weight, flat.sum(0), None
        back = np.zeros(padded, slope.dtype)
        for r in range(high):
            for s in range(wide):
                back[:, r:r + size[1], s:s + size[2]] += slope @ self.weight[:, :, r, s]
        inside = slice(self.pad, -self.pad or None)
        return weight, flat.sum(0), back[:, inside, inside]


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How to train.

    Parameters
    ----------
    convolutions : tuple
        For each convolution its outputs, edge of the filter, zeros on every side, edge of the windows.
    hidden : tuple of int
        Outputs of each dense layer before the last.
    density : tuple of float
        Share of all weights to keep, or that of each layer.
    dense_passes, prune_passes, share_passes : int
        Passes over the pictures without masks, with masks (which close in over the first three fifths), with shared weights.
    batch, decay, shift, seed : int, float, int, int
        Pictures a step, weight decay, pixels by which pictures are shifted at random, random numbers.
    """

    convolutions: tuple[tuple[int, int, int, int], ...]
    hidden: tuple[int, ...] = ()
    density: tuple[float, ...] = (0.2,)
    dense_passes: int = 40
    prune_passes: int = 60
    share_passes: int = 0
    batch: int = 64
    decay: float = 1e-4
    shift: int = 0
    seed: int = 0


class Network:
    """Layers one after another, with Adam's means beside their weights."""

    def __init__(self, recipe: Recipe, edge: int, classes: int) -> None:
        """Draw weights for square pictures of one channel."""
        self.recipe, self.rng = recipe, np.random.default_rng(recipe.seed)
        self.layers: list[Layer] = []
        depth = 1
        for number, (outputs, size, pad, pool) in enumerate(recipe.convolutions, 1):
            self._add(f"conv{number}", (outputs, depth, size, size), pad, pool)
            edge, depth = (edge + 2 * pad - size + 1) // pool, outputs
        for number, outputs in enumerate((*recipe.hidden, classes), 1):
            self._add(f"fc{number}", (outputs, depth, edge, edge), 0, 1)
            edge, depth = 1, outputs
        self.layers[-1].relu = False
        self.masks: list[np.ndarray] | None = None
        self._steps = 0
        self._means = [[np.zeros_like(part) for part in (one.weight, one.weight, one.bias, one.bias)] for one in self.layers]

    def _add(self, name: str, shape: tuple[int, int, int, int], pad: int, pool: int) -> None:
        size = np.sqrt(2 / np.prod(shape[1:]))
        self.layers.append(Layer(name=name, weight=(self.rng.normal(size=shape) * size).astype(np.float32),
                                 bias=np.zeros(shape[0], np.float32), pad=pad, pool=pool))

    def forward(self, pictures: np.ndarray) -> np.ndarray:
        """Return answers (samples, classes) to pictures (samples, rows, columns)."""
        return answers(self.layers, pictures)

    def learn(self, pictures: np.ndarray, labels: np.ndarray, rate: float) -> None:
        """Take one step on some pictures."""
        answers = self.forward(pictures)
        chance = np.exp(answers - answers.max(1, keepdims=True))
        chance /= chance.sum(1, keepdims=True)
        chance[np.arange(len(labels)), labels] -= 1
        slope: np.ndarray | None = (chance / len(labels)).reshape(len(labels), 1, 1, -1)
        self._steps += 1
        for number in range(len(self.layers) - 1, -1, -1):
            layer = self.layers[number]
            weight, bias, slope = layer.backward(slope, first=number == 0)      # type: ignore[arg-type]
            self._step(number, layer, weight + self.recipe.decay * layer.weight, bias, rate)

    def _step(self, number: int, layer: Layer, weight: np.ndarray, bias: np.ndarray, rate: float) -> None:
        for at, (own, slope) in enumerate(((layer.weight, weight), (layer.bias, bias))):
            mean, square = self._means[number][2 * at:2 * at + 2]
            mean += (1 - DECAYS[0]) * (slope - mean)
            square += (1 - DECAYS[1]) * (slope * slope - square)
            change = rate * mean / (1 - DECAYS[0] ** self._steps)
            own -= change / (np.sqrt(square / (1 - DECAYS[1] ** self._steps)) + TINY)
        if self.masks is not None:
            layer.weight *= self.masks[number]

    def prune(self, density: tuple[float, ...]) -> None:
        """Keep a share of each layer's weights, the largest; or the largest of all layers for one share."""
        weights = [layer.weight for layer in self.layers]
        self.masks = masks(weights, density[0]) if len(density) == 1 else [
            masks([weight], own)[0] for weight, own in zip(weights, density, strict=True)]
        for layer, mask in zip(self.layers, self.masks, strict=True):
            layer.weight *= mask

    def copy(self) -> list[Layer]:
        """Return the layers as they are now."""
        return [replace(layer, weight=layer.weight.copy(), bias=layer.bias.copy()) for layer in self.layers]


@dataclass(frozen=True, kw_only=True, eq=False)
class Trained:
    """One network at three moments of its training: dense, pruned, and with shared weights if it was to have them."""

    dense: list[Layer]
    pruned: list[Layer]
    network: list[Layer]
    shared: Shared | None


def train(pictures: np.ndarray, labels: np.ndarray, recipe: Recipe, *, bits: int = 0,
          advance: Callable[[], None] = lambda: None) -> Trained:
    """Train on square pictures and their classes 0, 1, ...; ``advance`` is called after every pass.

    With ``bits`` weights are shared at the end, a codebook for each layer.
    """
    model = Network(recipe, pictures.shape[1], int(labels.max()) + 1)
    with threadpool_limits(1):                              # sums keep their order
        for number in range(recipe.dense_passes):
            _pass(model, pictures, labels, _rate(number, recipe.dense_passes))
            advance()
        dense, closing = model.copy(), max(1, recipe.prune_passes * 3 // 5)
        for number in range(recipe.prune_passes):
            if number < closing:
                model.prune(tuple(gradual(number + 1, closing, own) for own in recipe.density))
            _pass(model, pictures, labels, _rate(number, recipe.prune_passes))
            advance()
        pruned, shared = model.copy(), None
        if bits:
            shared = share(_matrices(model), bits=bits, codebooks=len(model.layers), trained_on=True)
            _project(model, shared)
            for number in range(recipe.share_passes):
                _pass(model, pictures, labels, _rate(number, recipe.share_passes) / 4)
                shared = shared.refit(_matrices(model))
                _project(model, shared)
                advance()
    return Trained(dense=dense, pruned=pruned, network=model.copy(), shared=shared)


def _rate(number: int, passes: int) -> float:
    """Return the learning rate of a pass: it falls along half a cosine."""
    return RATE * (0.02 + 0.49 * (1 + np.cos(np.pi * number / passes)))


def _pass(model: Network, pictures: np.ndarray, labels: np.ndarray, rate: float) -> None:
    order, step = model.rng.permutation(len(pictures)), model.recipe.batch
    for first in range(0, len(order), step):
        own = order[first:first + step]
        given = pictures[own]
        if most := model.recipe.shift:
            edge = given.shape[1]
            padded = np.pad(given, ((0, 0), (most, most), (most, most)))
            place = model.rng.integers(0, 2 * most + 1, (len(own), 2))
            given = np.stack([one[y:y + edge, x:x + edge] for one, (y, x) in zip(padded, place, strict=True)])
        model.learn(given, labels[own], rate)


def _matrices(model: Network) -> list[np.ndarray]:
    return [layer.weight.reshape(len(layer.weight), -1) for layer in model.layers]


def _project(model: Network, shared: Shared) -> None:
    for number, layer in enumerate(model.layers):
        layer.weight[:] = shared.weight(number).toarray().reshape(layer.weight.shape)


def answers(layers: list[Layer], pictures: np.ndarray) -> np.ndarray:
    """Return what layers answer to pictures (samples, rows, columns): (samples, classes)."""
    x = pictures[..., None].astype(np.float32)
    for layer in layers:
        x = layer.forward(x)
    return x.reshape(len(x), -1)

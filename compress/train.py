"""Trains a small classifier, prunes it while it trains, and shares its weights while it trains on."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits

from compress.network import Dense
from compress.prune import gradual, masks
from compress.share import Shared, share


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How to train.

    Parameters
    ----------
    hidden : tuple of int
        Sizes of the hidden layers.
    density : float
        Most weights to keep, as a share of all.
    dense_passes, prune_passes, share_passes : int
        Passes over the training set without masks, with masks (which close in over the first three fifths and
        stay afterwards), and with shared weights. The dense network's accuracy is taken after the first.
    edge : int
        Edge of the pictures in pixels, 8 of the digits as they are.
    batch, rate, decay, seed
        Of scikit-learn's MLPClassifier with Adam: minibatch, learning rate, weight decay, random numbers.
    """

    hidden: tuple[int, ...] = (256, 128)
    density: float = 0.1
    dense_passes: int = 60
    prune_passes: int = 100
    share_passes: int = 20
    edge: int = 8
    batch: int = 64
    rate: float = 1e-3
    decay: float = 1e-3
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what cannot be trained."""
        if not self.hidden or min(self.hidden) < 1:
            raise ValueError(f"hidden must be one or more sizes of at least 1, not {self.hidden}")
        if not 0 < self.density <= 1:
            raise ValueError(f"density must be above 0 and at most 1, not {self.density}")
        for name in "dense_passes", "prune_passes":
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, not {getattr(self, name)}")
        if self.share_passes < 0:
            raise ValueError(f"share_passes must be at least 0, not {self.share_passes}")
        if not 8 <= self.edge <= 64:
            raise ValueError(f"edge must be 8 to 64, not {self.edge}")

    @property
    def passes(self) -> int:
        """Passes over the training set in all."""
        return self.dense_passes + self.prune_passes + self.share_passes


@dataclass(frozen=True, kw_only=True, eq=False)
class Trained:
    """One network at three moments of its training.

    Parameters
    ----------
    dense : list of Dense
        Before pruning.
    pruned : list of Dense
        After pruning.
    shared : Shared
        After weight sharing; ``network`` has the same weights and the biases that belong to them.
    network : list of Dense
    """

    dense: list[Dense]
    pruned: list[Dense]
    shared: Shared
    network: list[Dense]


def train(inputs: np.ndarray, labels: np.ndarray, recipe: Recipe, *, bits: int, codebooks: int,
          advance: Callable[[], None] = lambda: None) -> Trained:
    """Train on vectors and their classes 0, 1, ...; ``advance`` is called after every pass."""
    model = MLPClassifier(recipe.hidden, batch_size=min(recipe.batch, len(inputs)), alpha=recipe.decay,
                          learning_rate_init=recipe.rate, random_state=recipe.seed)
    classes = np.arange(labels.max() + 1)

    def one_pass() -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            warnings.filterwarnings("error", "Training interrupted")        # scikit-learn swallows Ctrl-C and says this
            try:
                model.partial_fit(inputs, labels, classes=classes)
            except UserWarning as interrupted:
                raise KeyboardInterrupt from interrupted
        advance()

    with threadpool_limits(1):      # small matrices: threads only wait for each other, and sums keep their order
        return _train(model, one_pass, recipe, bits=bits, codebooks=codebooks)


def _train(model: MLPClassifier, one_pass: Callable[[], None], recipe: Recipe, *, bits: int,
           codebooks: int) -> Trained:
    for _ in range(recipe.dense_passes):
        one_pass()
    dense = _layers(model)
    closing = max(1, recipe.prune_passes * 3 // 5)
    kept = masks(model.coefs_, 1.0)
    for number in range(1, recipe.prune_passes + 1):
        one_pass()
        if number <= closing:
            kept = masks(model.coefs_, gradual(number, closing, recipe.density))
        for weight, mask in zip(model.coefs_, kept, strict=True):
            weight *= mask
    pruned = _layers(model)
    shared = share([layer.weight for layer in pruned], bits=bits, codebooks=codebooks, trained_on=True)
    _project(model, shared)
    for _ in range(recipe.share_passes):
        one_pass()
        shared = shared.refit([weight.T for weight in model.coefs_])
        _project(model, shared)
    return Trained(dense=dense, pruned=pruned, shared=shared, network=shared.network(_layers(model)))


def _layers(model: MLPClassifier) -> list[Dense]:
    last = len(model.coefs_) - 1
    return [Dense(name=f"fc{k + 1}", weight=weight.T.copy(), bias=bias.copy(), relu=k < last)
            for k, (weight, bias) in enumerate(zip(model.coefs_, model.intercepts_, strict=True))]


def _project(model: MLPClassifier, shared: Shared) -> None:
    for number, weight in enumerate(model.coefs_):
        weight[:] = shared.weight(number).toarray().T

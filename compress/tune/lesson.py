"""What a network is to learn from: inputs, and their classes or the answers that it gave before it was pruned."""

from dataclasses import dataclass

import numpy as np

FOLDS = 5           # one input in five is held back
LEAST = 10          # inputs, so that two are held back


@dataclass(frozen=True, kw_only=True, eq=False)
class Lesson:
    """Inputs to train on.

    Parameters
    ----------
    inputs : numpy.ndarray
        (samples, elements), float32.
    labels : numpy.ndarray or None
        Their classes; the loss is then the cross entropy, of a single output that is above 0 for class 1 the logistic one.
    wanted : numpy.ndarray or None
        Without classes, the answers wanted; the loss is then the mean square of the differences.
    """

    inputs: np.ndarray
    labels: np.ndarray | None = None
    wanted: np.ndarray | None = None

    def slope(self, answers: np.ndarray, places: np.ndarray) -> np.ndarray:
        """Return how the loss of the inputs at some places changes with the answers to them."""
        if self.wanted is not None:
            return (answers - self.wanted[places]) / len(places)
        if self.labels is None:
            raise ValueError("a lesson must have labels or wanted answers, not neither")
        own = self.labels[places]
        if answers.shape[1] == 1:
            return (1 / (1 + np.exp(-answers)) - own[:, None]) / len(places)
        chance = np.exp(answers - answers.max(1, keepdims=True))
        chance /= chance.sum(1, keepdims=True)
        chance[np.arange(len(own)), own] -= 1
        return chance / len(places)


def held_back(count: int, labels: np.ndarray | None, seed: int = 0) -> np.ndarray:
    """Return which of some inputs are held back from training: one in :data:`FOLDS`, of each class likewise.

    Raises
    ------
    ValueError
        If there are too few to train on.
    """
    if count < LEAST:
        raise ValueError(f"data must be at least {LEAST} inputs to train on, not {count}; give more, or leave out --passes")
    order = np.random.default_rng(seed).permutation(count)
    if labels is not None:
        order = order[np.argsort(labels[order], kind="stable")]
    held = np.zeros(count, bool)
    held[order[FOLDS - 1::FOLDS]] = True
    return held

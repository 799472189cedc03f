"""The example network: handwritten digits, held-back images, and what each step costs in accuracy."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import StratifiedKFold

from compress.eie.integer import quantise, run
from compress.eie.quantised import Quantised
from compress.eie.scale import scale
from compress.network import density, forward
from compress.train import Recipe, Trained, train
from spec.eie import EieSpec

EDGE, CLASSES = 8, 10
FOLDS = 5           # one part in five is held back: 360 of the 1,797 images
STEPS = ("float", "pruned", "shared", "integer")


@dataclass(frozen=True, kw_only=True, eq=False)
class Fold:
    """A network trained on four parts of the images and tried on the fifth.

    Parameters
    ----------
    trained : Trained
    quantised : Quantised
    samples : numpy.ndarray
        The images trained on.
    inputs, labels : numpy.ndarray
        The held-back images, 64 pixels of 0 to 1 each, and their digits.
    right : dict
        Held-back images recognised, by step: see ``STEPS``.
    """

    trained: Trained
    quantised: Quantised
    samples: np.ndarray
    inputs: np.ndarray
    labels: np.ndarray
    right: dict[str, int]

    @property
    def density(self) -> float:
        """Share of weights that are not 0."""
        return density(self.trained.network)


def enlarged(images: np.ndarray, edge: int) -> np.ndarray:
    """Return pictures of 8 x 8 pixels, one per row, as pictures of ``edge`` x ``edge``, interpolated linearly."""
    if edge == EDGE:
        return images
    place = np.linspace(0, EDGE - 1, edge)
    near = np.minimum(place.astype(int), EDGE - 2)
    blend = np.zeros((edge, EDGE), np.float32)
    blend[np.arange(edge), near] = 1 - (place - near)
    blend[np.arange(edge), near + 1] = place - near
    return np.einsum("ar,nrc,bc->nab", blend, images.reshape(-1, EDGE, EDGE), blend).reshape(len(images), -1)


def folds(recipe: Recipe, spec: EieSpec, *, count: int = 1, bound: str = "data",
          advance: Callable[[], None] = lambda: None) -> Iterator[Fold]:
    """Train and try ``count`` of the five folds, always the same ones for a seed; ``bound`` is that of the scales."""
    if not 1 <= count <= FOLDS:
        raise ValueError(f"folds must be 1 to {FOLDS}, not {count}")
    images, labels = load_digits(return_X_y=True)
    images = enlarged((images / 16).astype(np.float32), recipe.edge)
    parts = StratifiedKFold(FOLDS, shuffle=True, random_state=recipe.seed).split(images, labels)
    for _, (rest, held) in zip(range(count), parts, strict=False):
        trained = train(images[rest], labels[rest], recipe, bits=spec.codebook_bits,
                        codebooks=spec.codebooks, advance=advance)
        quantised = scale(trained.network, trained.shared, spec, images[rest], bound=bound,
                          input_range=(0.0, 1.0))
        whole, _ = quantise(images[held], quantised.input_scale, spec.act_bits)
        answers = {name: forward(network, images[held])[-1] for name, network in
                   zip(STEPS, (trained.dense, trained.pruned, trained.network), strict=False)}
        answers["integer"] = run(quantised.layers, quantised.codebooks, whole, spec)
        right = {name: int((answer.argmax(1) == labels[held]).sum()) for name, answer in answers.items()}
        yield Fold(trained=trained, quantised=quantised, right=right, samples=images[rest],
                   inputs=images[held], labels=labels[held])

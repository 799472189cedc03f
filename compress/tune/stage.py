"""What a build asks of training: which inputs are held back, the lesson of the others, passes as a user writes them."""

from dataclasses import dataclass

import numpy as np

from cli import command
from compress.frontend.execute import output
from compress.frontend.graph import Network
from compress.pruner import Pruner
from compress.share import Shared
from compress.tune.lesson import Lesson, held_back
from compress.tune.train import Tuning, centroids, masked

WRITE = "write --passes 20,5"


def read_passes(text: str | None, data: object) -> Tuning | None:
    """Return how a network is trained on as ``--passes MASKED,SHARED`` says; None without it."""
    if text is None:
        return None
    parts = text.split(",")
    if len(parts) != 2 or not all(part.strip().isdecimal() and len(part) < 7 for part in parts):
        raise ValueError(f"passes over the data must be two numbers, with masks and with shared weights, not {text!r}; {WRITE}")
    if data is None:
        raise ValueError("passes must come with the data to train on, not alone; give these with --data FILE")
    return Tuning(masked=int(parts[0]), shared=int(parts[1]))


@dataclass(frozen=True, kw_only=True, eq=False)
class Split:
    """Inputs apart: those to train on and choose scales by, and those on which accuracy and error are stated."""

    seen: np.ndarray
    tried: np.ndarray
    seen_labels: np.ndarray | None
    tried_labels: np.ndarray | None


def split(samples: np.ndarray, labels: np.ndarray | None, tuning: Tuning | None) -> Split:
    """Return the samples apart; all of them are both where nothing is trained."""
    if labels is not None and len(labels) != len(samples):
        raise ValueError(f"labels must be {len(samples)}, one per vector of the data, not {len(labels)}; give these")
    if tuning is None:
        return Split(seen=samples, tried=samples, seen_labels=labels, tried_labels=labels)
    held = held_back(len(samples), labels)
    return Split(seen=samples[~held], tried=samples[held], seen_labels=None if labels is None else labels[~held],
                 tried_labels=None if labels is None else labels[held])


class Trainer:
    """Trains a network on, from the inputs of a split; the answers of the network as it was serve where there are no classes.

    Parameters
    ----------
    network : Network
        As it was.
    parts : Split
    tuning : Tuning
    """

    def __init__(self, network: Network, parts: Split, tuning: Tuning) -> None:
        """Make the lesson."""
        labels = parts.seen_labels
        wanted = None if labels is not None else output(network, parts.seen).astype(np.float32)
        self.lesson = Lesson(inputs=parts.seen.astype(np.float32), labels=labels, wanted=wanted)
        self.tuning = tuning

    def masked(self, network: Network, prune: Pruner, frozen: frozenset[str] = frozenset()) -> Network:
        """Return the network pruned while it is trained on."""
        with command.progress("training with masks", self.tuning.masked) as bar:
            return masked(network, prune, self.lesson, self.tuning, frozen=frozen, advance=lambda: bar.advance(1))

    def centroids(self, network: Network, shared: Shared, frozen: frozenset[int] = frozenset()) -> tuple[Network, Shared]:
        """Return the network with the values that its weights share moved."""
        with command.progress("training with shared weights", self.tuning.shared) as bar:
            return centroids(network, shared, self.lesson, self.tuning, frozen=frozen, advance=lambda: bar.advance(1))


def said(tuning: Tuning | None, parts: Split) -> list[str]:
    """Return what was trained, in words."""
    if tuning is None:
        return []
    goal = ("the answers of the network as it was" if parts.seen_labels is None else
            "their classes, whatever the size of the outputs")
    return [(f"trained on by {tuning.masked} passes with masks and {tuning.shared} with shared weights over "
             f"{len(parts.seen):,} inputs and {goal}; {len(parts.tried):,} others were held back")]

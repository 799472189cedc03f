"""Talks that run an image on the array: all layers in one start, an input after the other."""

from collections.abc import Sequence
from functools import partial

import numpy as np

from compress.scnn import Image, load_actions, run_actions
from sim.host import Actions, Pause
from sim.session import Talk

SLACK = 20_000          # cycles beyond twice those of the model after which a run counts as hung


def together(image: Image, inputs: np.ndarray, cycles: Sequence[int], *, pause: int = 0) -> list[Talk]:
    """Return a talk for each input; the image is loaded in the first.

    Parameters
    ----------
    cycles : sequence of int
        What each input takes by the model of time.
    pause : int
        The stream of weights pauses before a transfer with a chance of so many in 256; one with a weight memory has no stream.
    """
    return [partial(run_actions if number else fresh, image, x, limit=2 * count * 256 // (256 - pause) + SLACK,
                    **({} if number else {"pause": pause}))
            for number, (x, count) in enumerate(zip(inputs, cycles, strict=True))]


def fresh(image: Image, x: np.ndarray, *, limit: int, pause: int = 0) -> Actions:
    """Load an image and run an input on it, as `run_actions` does."""
    if not image.spec.weight_memory:
        yield Pause(pause)
    yield from load_actions(image)
    return (yield from run_actions(image, x, limit=limit))

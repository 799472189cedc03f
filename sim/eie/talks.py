"""Talks that run an image on the array: layer by layer with everything read back, or all layers in one start."""

from functools import partial

import numpy as np

from compress.actions import Send, WriteRegister
from compress.eie.actions import load_actions, run_actions, start_actions
from compress.eie.image import Image
from compress.eie.stream import activation_packet
from golden.eie import Run
from sim.host import Actions, Reset
from sim.session import Talk

SLACK = 10_000          # cycles beyond twice those of the model after which a run counts as hung


def layer_by_layer(image: Image, golden: Run) -> list[Talk]:
    """Return a talk for each layer of each vector; the image is loaded in the first, each vector before its first layer."""
    talks: list[Talk] = []
    for vector, counters in zip(golden.inputs, golden.counters, strict=True):
        for number, layer in enumerate(counters):
            limit = 2 * layer.cycles + SLACK
            if number:
                talks.append(partial(start_actions, image, number, 1, limit=limit))
            else:
                talks.append(partial(run_actions if talks else fresh, image, vector, count=1, limit=limit))
    return talks


def together(image: Image, golden: Run) -> list[Talk]:
    """Return a talk for each vector, which runs all layers in one start; the image is loaded in the first."""
    return [partial(run_actions if number else fresh, image, vector,
                    limit=2 * sum(layer.cycles for layer in golden.counters[number]) + SLACK)
            for number, vector in enumerate(golden.inputs)]


def fresh(image: Image, vector: np.ndarray, *, count: int | None = None, limit: int | None = None) -> Actions:
    """Load an image and run a vector on it, as `run_actions` does."""
    yield from load_actions(image)
    return (yield from run_actions(image, vector, count=count, limit=limit))


def cut(image: Image, vector: np.ndarray, *, after: int) -> Actions:
    """Load an image, start its first layer on a vector, and reset the machine so many cycles later."""
    yield from load_actions(image)
    yield Send(activation_packet(vector, image.spec))
    yield WriteRegister("layers", {"first": 0, "count": 1})
    yield WriteRegister("control", {"start": 1})
    yield Reset(after)

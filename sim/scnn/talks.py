"""Talks that run an image on the array: all layers in one start, an input after the other."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from compress.actions import ReadRegister
from compress.scnn import Image, Result, load_actions, run_actions
from sim.host import Actions, Pause, Reset
from sim.session import Talk
from spec.scnn import ScnnSpec

SLACK = 20_000          # cycles beyond twice those of the model after which a run counts as hung
MANY = 4                # PEs from which on it takes less time to build one PE apart than all in one


def apart(spec: ScnnSpec) -> tuple[str, ...]:
    """Return the modules of an array that a simulation builds apart, as `sim.session.hold` takes them."""
    return ("scnn_pe",) if spec.pes >= MANY else ()


@dataclass(frozen=True, kw_only=True, eq=False)
class Attempt:
    """What came of a run: its result, or what was wrong, in which case the machine was reset."""

    result: Result | None = None
    fault: str = ""


def together(image: Image, inputs: np.ndarray, cycles: Sequence[int], *, pause: int = 0) -> list[Talk]:
    """Return a talk for each input; the image is loaded in the first.

    Parameters
    ----------
    cycles : sequence of int
        What each input takes by the model of time, at most: an input whose activations do not fit takes as much in vain.
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


def attempt(image: Image, x: np.ndarray, *, limit: int, pause: int = 0) -> Actions:
    """Load an image and run an input on it; return an `Attempt`, after which the machine can be loaded again."""
    try:
        return Attempt(result=(yield from fresh(image, x, limit=limit, pause=pause)))
    except RuntimeError as error:
        yield from reset()
        return Attempt(fault=str(error))


def reset() -> Actions:
    """Reset the array and wait until it takes a start again; return how many times in a row ``busy`` was read as 1."""
    yield Reset()
    reads = 0
    while (yield ReadRegister("status"))["busy"]:
        reads += 1
    return reads

"""Regions of the activation memories as large as recorded activations need, with a margin."""

import math
from collections.abc import Sequence
from copy import copy

import numpy as np

from compress.scnn import block
from compress.scnn.tensor import Tensor, planes
from golden.scnn.layer import Layer, forward
from spec.scnn import ScnnSpec

MARGIN = 1.25       # room above the most words that a tensor of the data takes in any PE
MOST = 256          # inputs that are recorded
BITS = 1 << 31      # activations that are recorded, one bit each


class Recorded:
    """Which activations of a network's tensors are not 0, for some inputs.

    Parameters
    ----------
    layers : sequence of Layer
    inputs : numpy.ndarray
        int16 (inputs, channels, rows, columns); at most :data:`MOST` of them are taken, at even distances, fewer if all of
        their activations were more than :data:`BITS`.
    """

    def __init__(self, layers: Sequence[Layer], inputs: np.ndarray) -> None:
        first = forward(layers, inputs[0])
        count = max(1, min(len(inputs), MOST, BITS // sum(values.size for values in first.values())))
        self._shapes = {name: values.shape for name, values in first.items()}
        self._live: dict[str, list[np.ndarray]] = {name: [] for name in first}
        for number in np.linspace(0, len(inputs) - 1, count).astype(int).tolist():
            for name, values in (forward(layers, inputs[number]) if number else first).items():
                self._live[name].append(np.packbits(values != 0))
        self.inputs = count
        self.margin = MARGIN

    def tighter(self) -> "Recorded":
        """Return a plan of half the words for each tensor but the network's input."""
        made = copy(self)
        made.margin = self.margin / 2
        return made

    def __call__(self, spec: ScnnSpec, tensor: Tensor) -> int:
        """Return the words of a PE's memory that are planned for a tensor, at least 1; all for the network's input.

        They are ``margin`` times the most that any input takes in any PE, and not more than a plane without a zero takes.
        """
        worst = tensor.words(spec)
        if tensor.layer < 0:
            return worst
        most = max(self._words(spec, tensor, live) for live in self._live[tensor.name])
        return min(worst, max(1, math.ceil(most * self.margin)))

    def _words(self, spec: ScnnSpec, tensor: Tensor, live: np.ndarray) -> int:
        shape = self._shapes[tensor.name]
        values = np.unpackbits(live, count=math.prod(shape)).reshape(shape)
        need = np.zeros(spec.pes, np.int64)
        for form in tensor.blocks:
            for pe in range(spec.pes):
                need[pe] += (-(-block.counts(planes(spec, tensor, values, form, pe)) // spec.i)).sum()
        return int(need.max())

"""A layer as it is mapped onto the array: level, axes, passes, segments of pairs, places of accumulators."""

from dataclasses import dataclass, field

import numpy as np

from compress.scnn.axis import Axis
from compress.scnn.tensor import Form, Tensor
from golden.scnn.layer import Layer


@dataclass(kw_only=True, eq=False)
class Segment:
    """Some consecutive pairs of a pass: the channels of one place of one tensor, in one phase.

    Parameters
    ----------
    tensor : Tensor
    form : tuple of int
    phase : tuple of int
    place : int
        Place whose channels are read, in the block that shares activations; -1 for each PE its own.
    first : int
        Number of the tensor's channel 0 among the layer's inputs, if it had all of them.
    pairs : int
    places : tuple of int
        For each input-channel group the place in the tensor's block.
    skips : tuple of int
        For each group the place's channels that come before those of the pairs.
    taken : range
        Channels of the tensor that are read.
    turn : int
        Which of the tensor's cuts these channels have.
    """

    tensor: Tensor
    form: Form
    phase: tuple[int, int]
    place: int
    first: int
    pairs: int
    places: tuple[int, ...] = ()
    skips: tuple[int, ...] = ()
    taken: range = range(0)
    turn: int = 0

    def channels(self, group: int) -> np.ndarray:
        """Return the tensor's channels of the pairs in a group, -1 for a pair without one."""
        own = self.tensor.orders[self.places[group]][self.skips[group]:self.skips[group] + self.pairs]
        read = np.where((own >= self.taken.start) & (own < self.taken.stop), own, -1)
        return np.pad(read, (0, self.pairs - len(read)), constant_values=-1)


@dataclass(kw_only=True, eq=False)
class LayerMapping:
    """A layer on the array.

    Parameters
    ----------
    layer : Layer
    number : int
    level, kc, passes, pitch, stride : int
        ``stride`` is the distance of two channels' accumulators, ``pitch`` that of two rows'.
    groups, shared : int
        Input-channel groups, and the level of their blocks; without groups one, of the layer's own level.
    rows, cols : Axis
    segments : list of Segment
    output : Tensor
    first_pass : int
        Number of the layer's first pass in a run from the first layer on.
    word, limit : int
        Region of the activation memories for the output.
    taps : int
        Place of the layer's first tap offset.
    codebook : int
    book : numpy.ndarray, optional
        Number and values of its codebook, where the machine has codes.
    """

    layer: Layer
    number: int
    level: int
    groups: int
    shared: int
    rows: Axis
    cols: Axis
    segments: list[Segment]
    output: Tensor
    kc: int = 0
    passes: int = 0
    pitch: int = 0
    stride: int = 0
    first_pass: int = 0
    word: int = 0
    limit: int = 0
    taps: int = 0
    codebook: int = 0
    book: np.ndarray | None = None
    slots: tuple[int, int] = (0, 0)
    reasons: list[str] = field(default_factory=list)

    @property
    def channels(self) -> int:
        """Output channels that a PE accumulates in a pass: ``kc`` of its own and as many for each other group."""
        return self.kc * self.groups

    @property
    def pairs(self) -> int:
        """Pairs of a pass."""
        return sum(segment.pairs for segment in self.segments)

    @property
    def alike(self) -> list[Segment]:
        """The segments that differ from the first one in their channels alone: itself, and more if channels take turns."""
        def kind(segment: Segment) -> tuple[Tensor, tuple[int, int], int]:
            return segment.tensor, segment.phase, segment.place
        return [segment for segment in self.segments if kind(segment) == kind(self.segments[0])]

    @property
    def high(self) -> int:
        """Rows of accumulators of the largest tile."""
        return max(self.rows.size(tile) for tile in range(self.rows.tiles))

    @property
    def wide(self) -> int:
        """Columns of accumulators of the largest tile."""
        return max(self.cols.size(tile) for tile in range(self.cols.tiles))

    @property
    def gather(self) -> bool:
        """Whether activations come from tiles of a lower level."""
        return any(segment.tensor.level < self.level for segment in self.segments)


def most_channels(mapping: LayerMapping) -> int:
    """Return the most output channels of a PE."""
    return max(map(len, mapping.output.orders))


def passes_of(mapping: LayerMapping, kc: int) -> int:
    """Return the passes of a layer with ``kc`` channels each."""
    return -(-most_channels(mapping) // kc)

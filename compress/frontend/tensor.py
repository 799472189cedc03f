"""What a value of a file is in terms of our values: whose elements, in which order, and where its batch axis is.

Reshape, Transpose, Flatten and their like compute nothing: they change a `Tensor` and no layer is made of them.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from compress.frontend.refuse import NodeRefusedError

MOST = 1 << 24
"""Elements of a sample of one value; a picture of 1024 x 1024 with 16 channels."""


RAW = (0.0, 0.0)


@dataclass(frozen=True, kw_only=True, eq=False)
class Tensor:
    """A value of a file.

    Parameters
    ----------
    source : str
        Our value that holds its elements.
    shape : tuple of int
        With the batch axis.
    batch : int or None
        Where the batch axis is, if there is one.
    index : numpy.ndarray or None
        Element j of a sample (C order) is element ``index[j]`` of the source; None where they are the same.
    grid : tuple of float, or None
        For whole numbers: the scale and zero point of the QuantizeLinear that made them, in which case the source holds the
        real values that they stand for, or `RAW`, when the source holds the numbers themselves. None for real numbers.
    """

    source: str
    shape: tuple[int, ...]
    batch: int | None
    index: np.ndarray | None = None
    grid: tuple[float, float] | None = None

    @property
    def sample(self) -> tuple[int, ...]:
        """Shape without the batch axis."""
        return tuple(size for axis, size in enumerate(self.shape) if axis != self.batch)

    @property
    def size(self) -> int:
        """Elements of one sample."""
        return math.prod(self.sample)

    def transposed(self, order: tuple[int, ...]) -> "Tensor":
        """Return the same elements with axes in another order."""
        batch = None if self.batch is None else order.index(self.batch)
        axes = [axis - (self.batch is not None and axis > self.batch) for axis in order if axis != self.batch]
        places = (np.arange(self.size) if self.index is None else self.index).reshape(self.sample).transpose(axes).ravel()
        return replace(self, shape=tuple(self.shape[axis] for axis in order), batch=batch, index=tidy(places))

    def reshaped(self, shape: tuple[int, ...]) -> "Tensor":
        """Return the same elements in the same order in another shape, which must leave every sample its own."""
        if math.prod(shape) != math.prod(self.shape):
            raise NodeRefusedError("shape", f"one of {math.prod(self.shape)} elements", list(shape), "export the network again")
        if self.batch is None:
            return replace(self, shape=shape)
        count = self.shape[self.batch]
        if math.prod(self.shape[:self.batch]) == 1:
            for axis, size in enumerate(shape):
                if size == count:
                    return replace(self, shape=shape, batch=axis)
                if size != 1:
                    break
            if count == 1:
                return replace(self, shape=shape, batch=None)
        raise NodeRefusedError("shape", "one that keeps the samples of a batch apart", list(shape),
                               "reshape each sample alone, with the batch axis first")

    def spread(self, values: np.ndarray) -> np.ndarray:
        """Return one number for each element of the source, in its order, of a constant that goes with this value.

        The constant is broadcast as ONNX does; it must be the same for every sample.
        """
        values = np.asarray(values)
        try:
            if np.broadcast_shapes(values.shape, self.shape) != self.shape:
                raise ValueError
        except ValueError as error:
            raise NodeRefusedError("shape of the constant", f"one that fits {list(self.shape)}", list(values.shape),
                                   "let the constant not be larger than the value") from error
        axis = None if self.batch is None else self.batch - len(self.shape) + values.ndim
        if axis is not None and axis >= 0:
            if values.shape[axis] > 1 and (values != values.take([0], axis)).any():
                raise NodeRefusedError("constant", "the same for every sample of a batch", "one for each sample",
                                       "export with a batch of 1 or a dynamic one")
            values = values.take(0, axis)
        flat = np.broadcast_to(values, self.sample).ravel()
        if self.index is None:
            return flat
        placed = np.empty_like(flat)
        placed[self.index] = flat
        return placed


def tidy(index: np.ndarray) -> np.ndarray | None:
    """Return an index, or None where it changes nothing."""
    return None if (index == np.arange(len(index))).all() else index


def same_order(first: Tensor, second: Tensor) -> bool:
    """Tell whether the elements of two values lie alike in their sources."""
    a, b = first.index, second.index
    return a is b or (a is not None and b is not None and np.array_equal(a, b))

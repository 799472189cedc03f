"""How the fragments of live columns lie in matrix words, which is all the cycle model asks of a matrix."""

from collections.abc import Iterator

import numpy as np

from golden.eie.layer import Layer, fragments
from spec.eie import EieSpec

CHUNK = 256
"""Columns prepared at a time, which bounds the memory that a long vector takes."""


class Words:
    """The fragments of the columns ``live``, in the order of their broadcasts.

    Attributes
    ----------
    length : numpy.ndarray
        (live, pes) words that F sends for the fragment: 0 where the column is dropped in the pointer read,
        and 1, of no entries, for an empty column that is not.
    busy, padding, empty : int
        Entries that S4 picks and columns that the pointer read finds empty, as the counters count them.
    """

    def __init__(self, spec: EieSpec, layer: Layer, live: np.ndarray):
        self.spec = spec
        self.start, self.end = fragments(layer, live)
        size = spec.word_entries
        vacant = self.end == self.start
        span = (self.end - 1) // size - self.start // size + 1
        self.length = np.where(vacant, 0 if spec.skip_empty else 1, span)
        self.empty = int(vacant.sum())
        self._bases = layer.bases()[:-1]
        code = np.asarray(layer.entries) & layer.entries.dtype.type((1 << spec.codebook_bits) - 1)
        self._real = np.concatenate([[0], np.cumsum(code != 0, dtype=np.int64)])
        self.useful_macs = int(self._count(self.start, self.end).sum())
        self.padding = 0 if spec.skip_padding else int((self.end - self.start).sum()) - self.useful_macs

    def _count(self, first: np.ndarray, past: np.ndarray) -> np.ndarray:
        return self._real[past + self._bases] - self._real[first + self._bases]

    def __iter__(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield, for each broadcast, ``length`` and the cycles that each of its words takes in S4.

        The cycles are an array (words, pes); 0 is a word of padding alone, which never enters S3.
        """
        size = self.spec.word_entries
        for chunk in range(0, len(self.length), CHUNK):
            part = slice(chunk, chunk + CHUNK)
            start, end, length = self.start[part, None], self.end[part, None], self.length[part]
            word = start // size + np.arange(length.max(initial=0))[:, None]
            first = np.minimum(np.maximum(start, word * size), end)
            past = np.minimum((word + 1) * size, end)
            takes = self._count(first, past) if self.spec.skip_padding else past - first
            takes[(start == end) & (np.arange(takes.shape[1])[:, None] == 0)] = 1
            yield from zip(length, takes, strict=True)

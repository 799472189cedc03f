"""A matrix of codebook indices as two streams of Huffman codes: the indices, and the gaps between them."""

from dataclasses import dataclass

import numpy as np

from compress.huffman.code import decode, encode, lengths

FAR = 255           # a gap symbol that stands for so many empty places and no weight
CODES = 256


@dataclass(frozen=True, kw_only=True, eq=False)
class Coded:
    """Streams of a matrix.

    Parameters
    ----------
    nonzeros, gaps : int
        Symbols in the two streams.
    code_bits, gap_bits : numpy.ndarray
        Lengths of the code words.
    codes, runs : numpy.ndarray
        Bytes.
    """

    nonzeros: int
    gaps: int
    code_bits: np.ndarray
    gap_bits: np.ndarray
    codes: np.ndarray
    runs: np.ndarray

    @property
    def bits(self) -> tuple[int, int, int]:
        """Bits of the indices, of the gaps, and of the two tables of lengths."""
        return 8 * len(self.codes), 8 * len(self.runs), 8 * (len(self.code_bits) + len(self.gap_bits))


def pack(codes: np.ndarray, place: np.ndarray) -> Coded:
    """Return the streams of indices, none of them 0, at ascending places of a matrix counted column by column."""
    gap = np.diff(place, prepend=-1) - 1
    far, near = np.divmod(gap, FAR)
    ends = np.cumsum(far + 1)
    symbols = np.full(int(ends[-1]) if len(ends) else 0, FAR, np.int64)
    symbols[ends - 1] = near
    code_bits, gap_bits = (_table(stream) for stream in (codes, symbols))
    return Coded(nonzeros=len(codes), gaps=len(symbols), code_bits=code_bits, gap_bits=gap_bits,
                 codes=encode(codes.astype(np.int64), code_bits), runs=encode(symbols, gap_bits))


def _table(stream: np.ndarray) -> np.ndarray:
    """Return code lengths, without those of symbols above the highest that occurs."""
    found = lengths(np.bincount(stream, minlength=1))
    return found[:int(np.flatnonzero(found).max(initial=-1)) + 1]


def unpack(coded: Coded, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return indices and places, of a matrix of ``size`` places."""
    codes = decode(coded.codes, coded.nonzeros, coded.code_bits)
    symbols = decode(coded.runs, coded.gaps, coded.gap_bits)
    weight = symbols != FAR
    if int(weight.sum()) != coded.nonzeros or (codes == 0).any() or codes.max(initial=0) >= CODES:
        raise ValueError("gaps must be as many as weights, not others; the file is damaged")
    place = np.cumsum(np.where(weight, symbols + 1, FAR))[weight] - 1
    if len(place) and place[-1] >= size:
        raise ValueError(f"weights must lie within {size:,} places, not at {place[-1]:,}; the file is damaged")
    return codes, place

"""Canonical Huffman codes of small whole numbers: lengths from counts, a stream of bits from numbers, and back."""

import heapq

import numpy as np

LONGEST = 16        # bits of a code word


def lengths(counts: np.ndarray) -> np.ndarray:
    """Return the bits of each symbol's code word, 0 for a symbol that never occurs; 1 for one that is alone.

    Where the best code has words of more than 16 bits, counts are halved until it has none.
    """
    counts = np.asarray(counts, np.int64)
    while True:
        found = _lengths(counts)
        if found.max(initial=0) <= LONGEST:
            return found
        counts = np.where(counts > 0, counts // 2 + 1, 0)


def _lengths(counts: np.ndarray) -> np.ndarray:
    found = np.zeros(len(counts), np.uint8)
    heap: list[tuple[int, int, list[int]]] = [(int(counts[symbol]), int(symbol), [int(symbol)])
                                             for symbol in np.flatnonzero(counts)]
    if len(heap) == 1:
        found[heap[0][1]] = 1
    heapq.heapify(heap)
    while len(heap) > 1:
        first, second = heapq.heappop(heap), heapq.heappop(heap)
        together = first[2] + second[2]
        found[together] += 1
        heapq.heappush(heap, (first[0] + second[0], min(first[1], second[1]), together))
    return found


def words(bits: np.ndarray) -> np.ndarray:
    """Return the code word of each symbol: in ascending order of length, then of symbol."""
    made, word, last = np.zeros(len(bits), np.int64), 0, 0
    for symbol in np.lexsort((np.arange(len(bits)), bits)):
        size = int(bits[symbol])
        if size:
            word <<= size - last
            made[symbol], word, last = word, word + 1, size
    return made


def encode(symbols: np.ndarray, bits: np.ndarray) -> np.ndarray:
    """Return the code words of symbols one after another, highest bit first, in bytes; the last is filled with zeros."""
    size, made = bits[symbols].astype(np.int64), words(bits)[symbols]
    ends = np.cumsum(size)
    total = int(ends[-1]) if len(ends) else 0
    left = np.repeat(ends, size) - np.arange(total) - 1
    return np.packbits((np.repeat(made, size) >> left & 1).astype(np.uint8))


def decode(data: np.ndarray, count: int, bits: np.ndarray) -> np.ndarray:
    """Return the ``count`` symbols that bytes hold.

    Raises
    ------
    ValueError
        If the lengths are those of no code, or the stream ends too early or too late or holds what is no code word.
    """
    used = bits[bits > 0].astype(np.int64)
    if bits.max(initial=0) > LONGEST or (count and not len(used)) or int((1 << LONGEST - used).sum()) > 1 << LONGEST:
        raise ValueError("code lengths must be those of a prefix code, not others; the file is damaged")
    if not count:
        _ended(data, 0)
        return np.zeros(0, np.int64)
    symbol, size = _table(bits)
    stream = np.concatenate([data, np.zeros(4, np.uint8)]).astype(np.int64)
    window = (stream[:-3] << 16 | stream[1:-2] << 8 | stream[2:-1])     # 24 bits from each byte on
    found, place, total = np.empty(count, np.int64), 0, 8 * len(data)
    sizes, symbols, windows = size.tolist(), symbol.tolist(), window.tolist()
    for number in range(count):
        if place >= total:
            raise ValueError("code words must be as many as the header says, not fewer; the file is cut short")
        look = windows[place >> 3] >> 8 - (place & 7) & 0xFFFF
        if not sizes[look]:
            raise ValueError("stream must be code words, not others; the file is damaged")
        found[number] = symbols[look]
        place += sizes[look]
    if place > total:
        raise ValueError("code words must be as many as the header says, not fewer; the file is cut short")
    _ended(data, place)
    return found


def _ended(data: np.ndarray, place: int) -> None:
    if len(data) != -(-place // 8) or (place % 8 and data[-1] & 0xFF >> place % 8):
        raise ValueError("stream must end after its last code word, filled with zeros, not go on; the file is damaged")


def _table(bits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return symbol and length for every 16 bits that a stream may go on with, length 0 where no word fits."""
    symbol, size = np.zeros(1 << LONGEST, np.int64), np.zeros(1 << LONGEST, np.int64)
    made = words(bits)
    for number in np.flatnonzero(bits):
        shift = LONGEST - int(bits[number])
        first = int(made[number]) << shift
        symbol[first:first + (1 << shift)] = number
        size[first:first + (1 << shift)] = int(bits[number])
    return symbol, size

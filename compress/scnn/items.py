"""The weight stream of an image taken apart: for each layer its biases, and its weights with the places they have; and back."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from compress.image import AGAIN
from compress.scnn.block import SPAN
from compress.scnn.stream import ahead, woven
from spec.scnn import ScnnSpec
from spec.scnn.program import LANE_LAYER, LAYER, unpack
from spec.scnn.shape import ABSENT, MAX_RUN, VALUE_BITS


@dataclass(frozen=True, kw_only=True, eq=False)
class Items:
    """What a layer has in the weight stream.

    Parameters
    ----------
    biases : numpy.ndarray
        uint32 items, in the order of the stream.
    values : numpy.ndarray
        Values, or codes, of the weights, as unsigned numbers other than 0.
    place : numpy.ndarray
        Ascending: number of the block in the stream x ``span`` + position in the block.
    span : int
        One more than the highest position of any block.
    """

    biases: np.ndarray
    values: np.ndarray
    place: np.ndarray
    span: int


def heads(layers: np.ndarray, lanes: np.ndarray, items: int) -> list[dict[str, int]]:
    """Return the head of each layer in the lanes' program; refuse more blocks than there are items, for each takes one."""
    words = lanes.tolist()
    found = [unpack(LANE_LAYER, words[at:at + 2]) for at in (unpack(LAYER, [int(word)])["lanes"] for word in layers)]
    blocks = sum(head["passes"] * head["sets"] * (head["pairs"] + head["bias"] * head["kc"]) for head in found)
    if blocks > items:
        raise ValueError(f"weights must hold every block of the program, {blocks:,}, not be {items:,} items; {AGAIN}")
    return found


def split(spec: ScnnSpec, arrays: dict[str, np.ndarray]) -> list[Items]:
    """Return what each layer has in the stream of an image with these members."""
    found = []
    streams = [own[own[:, 0] != ABSENT].ravel() if spec.weight_lanes > 1 else own.ravel()
               for own in arrays["weights"].transpose(1, 0, 2)]
    at = [0] * spec.weight_lanes
    for head in heads(arrays["layers"], arrays["lanes"], arrays["weights"].size):
        biases, entries, counts = list[np.ndarray](), list[np.ndarray](), list[int]()
        for lane, block, _ in _order(spec, head):
            stream, first = streams[lane], at[lane]
            if not block:
                at[lane] = first + head["kc"] * spec.bias_items
                biases.append(stream[first:at[lane]])
                continue
            if first >= len(stream):
                raise ValueError(f"weights must hold every block of the program, not end before; {AGAIN}")
            count = int(stream[first])
            at[lane] = first + 1 + count
            counts.append(count)
            entries.append(stream[first + 1:at[lane]])
        found.append(_items(spec, _joined(biases), _joined(entries).astype(np.int64), np.array(counts, np.int64)))
    return found


def join(spec: ScnnSpec, layers: np.ndarray, lanes: np.ndarray, items: Sequence[Items], beats: int) -> np.ndarray:
    """Return the member ``weights`` of ``beats`` beats: the inverse of :func:`split`."""
    bits = spec.weight_code_bits or VALUE_BITS
    streams: list[list[np.ndarray]] = [[np.empty(0, np.uint32)] for _ in range(spec.weight_lanes)]
    needs: list[list[np.ndarray]] = [[np.empty(0, np.int64)] for _ in range(spec.weight_lanes)]
    base = 0
    found = heads(layers, lanes, beats * spec.f * spec.weight_lanes)
    for head, own in zip(found, items, strict=True):
        block, position = np.divmod(own.place, own.span)
        before = np.concatenate(([-1], position[:-1]))
        gap = position - np.where(np.diff(block, prepend=-1) != 0, -1, before) - 1
        padding, run = np.divmod(gap, SPAN)
        ends = np.cumsum(padding + 1)
        entries = np.full(int(ends[-1]) if len(ends) else 0, MAX_RUN << bits, np.uint32)
        entries[ends - 1] = own.values | run << bits
        order = list(_order(spec, head))
        counts = np.bincount(block, padding + 1, sum(blocks for _, blocks, _ in order)).astype(np.int64)
        stops = np.cumsum(counts).tolist()
        number, taken = 0, 0
        for lane, blocks, pair in order:
            if blocks:
                size = int(counts[number])
                streams[lane] += [np.array([size], np.uint32), entries[stops[number] - size:stops[number]]]
                number, size = number + 1, size + 1
            else:
                size = head["kc"] * spec.bias_items
                streams[lane].append(own.biases[taken:taken + size])
                taken += size
            needs[lane].append(np.full(size, base + pair))
        base += head["passes"] * head["pairs"]
    sizes = [(head["passes"] * head["pairs"], head["slot_log2"]) for head in found]
    made = woven(spec, [np.concatenate(own) for own in streams], [np.concatenate(own) for own in needs], ahead(spec, sizes))
    if len(made) != beats:
        raise ValueError(f"weights must fit {beats} beats, not be {len(made)}; the file is damaged")
    return made


def _order(spec: ScnnSpec, head: dict[str, int]) -> Iterator[tuple[int, bool, int]]:
    """Yield a lane, whether a block comes next in it or the biases of a set, and its pair; lane by lane, as in the streams."""
    for lane in range(spec.weight_lanes):
        sets = len(range(lane, head["sets"], spec.weight_lanes))
        for number in range(head["passes"]):
            first = number * head["pairs"]
            yield from [(lane, False, first)] * (sets * head["bias"])
            yield from ((lane, True, first + pair) for pair in range(head["pairs"]) for _ in range(sets))


def _items(spec: ScnnSpec, biases: np.ndarray, entries: np.ndarray, counts: np.ndarray) -> Items:
    bits = spec.weight_code_bits or VALUE_BITS
    value, run = entries & (1 << bits) - 1, entries >> bits
    steps = np.cumsum(run + 1)
    block = np.repeat(np.arange(len(counts)), counts)
    starts = np.concatenate(([0], steps))[np.concatenate(([0], np.cumsum(counts)))[:-1]]
    position = steps - 1 - starts[block]
    span = int(position.max(initial=0)) + 1
    live = value != 0
    return Items(biases=biases.astype(np.uint32), values=value[live], place=block[live] * span + position[live], span=span)


def _joined(parts: list[np.ndarray]) -> np.ndarray:
    return np.concatenate(parts) if parts else np.empty(0, np.uint32)

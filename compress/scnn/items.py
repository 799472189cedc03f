"""The weight stream of an image taken apart: for each layer its biases, and its weights with the places they have; and back."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from compress.image import AGAIN
from compress.scnn.block import SPAN
from compress.scnn.stream import ahead, ended, woven
from spec.scnn import ScnnSpec
from spec.scnn.program import LANE_LAYER, LAYER, unpack
from spec.scnn.shape import MAX_RUN, VALUE_BITS


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
    streams, at = _streams(spec, arrays["weights"]), [0] * spec.weight_lanes
    ends = [np.flatnonzero(own >> spec.entry_bits) + 1 for own in streams]
    for head in heads(arrays["layers"], arrays["lanes"], arrays["weights"].size):
        biases, entries, counts = list[np.ndarray](), list[np.ndarray](), list[np.ndarray]()
        for lane, sets in enumerate(_sets(spec, head)):
            for _ in range(head["passes"] if sets else 0):
                first = at[lane] + sets * head["bias"] * head["kc"] * spec.bias_items
                biases.append(streams[lane][at[lane]:first])
                many, number = sets * head["pairs"], int(np.searchsorted(ends[lane], first + 1))
                own = ends[lane][number:number + many]
                if len(own) < many:
                    raise ValueError(f"weights must hold every block of the program, not end before; {AGAIN}")
                sizes, at[lane] = np.diff(own, prepend=first), int(own[-1])
                items = streams[lane][first:at[lane]] & (1 << spec.entry_bits) - 1
                starts = np.cumsum(sizes) - sizes
                none = (sizes == 1) & (items[starts] == 0)
                counts.append(sizes - none)
                entries.append(np.delete(items, starts[none]))
        found.append(_items(spec, _joined(biases) & (1 << spec.entry_bits) - 1, _joined(entries).astype(np.int64),
                            np.concatenate(counts)))
    return found


def join(spec: ScnnSpec, layers: np.ndarray, lanes: np.ndarray, items: Sequence[Items], transfers: int) -> np.ndarray:
    """Return the member ``weights`` of so many transfers: the inverse of :func:`split`."""
    bits = spec.weight_code_bits or VALUE_BITS
    streams: list[list[np.ndarray]] = [[np.empty(0, np.int64)] for _ in range(spec.weight_lanes)]
    needs: list[list[np.ndarray]] = [[np.empty(0, np.int64)] for _ in range(spec.weight_lanes)]
    base = 0
    found = heads(layers, lanes, transfers * spec.transfer_items)
    for head, own in zip(found, items, strict=True):
        block, position = np.divmod(own.place, own.span)
        blocks = head["passes"] * head["sets"] * head["pairs"]
        if block.max(initial=0) >= blocks:
            raise ValueError(f"weights of a layer must be of its {blocks} blocks, not of block {block.max()}; {AGAIN}")
        before = np.concatenate(([-1], position[:-1]))
        gap = position - np.where(np.diff(block, prepend=-1) != 0, -1, before) - 1
        padding, run = np.divmod(gap, SPAN)
        stops = np.cumsum(padding + 1)
        entries = np.full(int(stops[-1]) if len(stops) else 0, MAX_RUN << bits, np.int64)
        entries[stops - 1] = own.values | run << bits
        counts = np.bincount(block, padding + 1, blocks).astype(np.int64)
        sizes, whole = ended(spec, counts, entries)
        edges = np.concatenate(([0], np.cumsum(sizes)))
        number = taken = 0
        for lane, sets in enumerate(_sets(spec, head)):
            for one in range(head["passes"] if sets else 0):
                many, size = sets * head["pairs"], sets * head["bias"] * head["kc"] * spec.bias_items
                pairs = base + one * head["pairs"] + np.repeat(np.arange(many) // sets, sizes[number:number + many])
                streams[lane] += [own.biases[taken:taken + size].astype(np.int64) | 1 << spec.entry_bits,
                                  whole[edges[number]:edges[number + many]]]
                needs[lane] += [np.full(size, base + one * head["pairs"]), pairs]
                number, taken = number + many, taken + size
        base += head["passes"] * head["pairs"]
    layout = [(head["passes"] * head["pairs"], head["slot_log2"]) for head in found]
    made = woven(spec, [np.concatenate(own) for own in streams], [np.concatenate(own) for own in needs], ahead(spec, layout))
    if len(made) != transfers:
        raise ValueError(f"weights must fit {transfers} transfers, not be {len(made)}; the file is damaged")
    return made


def _streams(spec: ScnnSpec, weights: np.ndarray) -> list[np.ndarray]:
    """Return the items of each lane."""
    number = np.arange(len(weights))
    begins = np.concatenate(([True], weights[:-1, 0] != 0))[:len(weights)]
    lane = number - np.maximum.accumulate(np.where(begins, number, 0)) if spec.weight_lanes > 1 else np.zeros_like(number)
    lane[(weights[:, 1] == 0) & (spec.weight_lanes > 1)] = -1
    return [weights[lane == one, 1:].ravel() for one in range(spec.weight_lanes)]


def _sets(spec: ScnnSpec, head: dict[str, int]) -> list[int]:
    """Return how many sets each lane serves in a layer."""
    return [len(range(lane, head["sets"], spec.weight_lanes)) for lane in range(spec.weight_lanes)]


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

"""The weight stream as golden reads it: items of each lane become biases and blocks of weights."""

from dataclasses import dataclass

import numpy as np

from golden.image import AGAIN
from golden.scnn.program import Program
from spec.scnn import ScnnSpec
from spec.scnn.shape import BIAS_BITS, MAX_RUN, VALUE_BITS


@dataclass(frozen=True, kw_only=True, eq=False)
class Weights:
    """What the lanes send in one layer.

    Parameters
    ----------
    counts, live : numpy.ndarray
        int64 (passes, pairs, sets): entries of each block, and those that are not placeholders.
    starts : numpy.ndarray
        int64 (passes, pairs, sets): place of each block's first entry in ``values`` and ``places``.
    values, places : numpy.ndarray
        int64: value of each entry, and its position in its block.
    biases : numpy.ndarray
        int64 (passes, sets, kc), 0 in a layer without.
    """

    counts: np.ndarray
    live: np.ndarray
    starts: np.ndarray
    values: np.ndarray
    places: np.ndarray
    biases: np.ndarray

    def block(self, number: int, pair: int, place: int) -> tuple[np.ndarray, np.ndarray]:
        """Return values and positions of a block."""
        first = self.starts[number, pair, place]
        entries = slice(first, first + self.counts[number, pair, place])
        return self.values[entries], self.places[entries]


def turns(spec: ScnnSpec, stream: np.ndarray) -> np.ndarray:
    """Return for each transfer of a weight stream (transfers, 1 + items) the lane that it is for; -1 if its first item is 0.

    Lanes have their turns one after another, until a transfer says that lane 0 is next.
    """
    if spec.weight_lanes == 1:
        return np.zeros(len(stream), np.int64)
    number = np.arange(len(stream))
    begins = np.concatenate(([True], stream[:-1, 0] != 0))[:len(stream)]
    lane = number - np.maximum.accumulate(np.where(begins, number, 0))
    if len(lane) and lane.max() >= spec.weight_lanes:
        raise ValueError(f"turns of the weight stream must be of {spec.weight_lanes} lanes, not {lane.max() + 1}; {AGAIN}")
    return np.where(stream[:, 1] != 0, lane, -1)


class Reader:
    """Reads the items of a weight stream, layer by layer.

    Parameters
    ----------
    spec : ScnnSpec
    stream : numpy.ndarray
        (transfers, 1 + items).
    codebooks : numpy.ndarray, optional
        (codebooks, 16) values, for a machine with codes.
    """

    def __init__(self, spec: ScnnSpec, stream: np.ndarray, codebooks: np.ndarray | None = None) -> None:
        self._spec, self._codebooks = spec, codebooks
        to = turns(spec, stream)
        self._items = [stream[to == lane, 1:].astype(np.int64).ravel() for lane in range(spec.weight_lanes)]
        self._last = [np.flatnonzero(own >> spec.entry_bits) for own in self._items]      # places of items that end a block
        self._at = [0] * spec.weight_lanes

    def layer(self, program: Program) -> Weights:
        """Return what the lanes send in the next layer."""
        spec, head = self._spec, program.lane
        shape = (head["passes"], head["pairs"], head["sets"])
        counts, firsts = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
        biases = np.zeros((head["passes"], head["sets"], head["kc"]), np.int64)
        found: list[np.ndarray] = []
        total = 0
        for lane in range(min(spec.weight_lanes, head["sets"])):
            places = range(lane, head["sets"], spec.weight_lanes)
            for number in range(head["passes"]):
                for place in places if head["bias"] else ():
                    biases[number, place] = self._biases(lane, head["kc"])
                items, sizes = self._blocks(lane, head["pairs"] * len(places))
                none = np.zeros(len(items), bool)
                starts = np.cumsum(sizes) - sizes
                none[starts[sizes == 1]] = items[starts[sizes == 1]] == 0
                own = sizes - none[starts]
                found.append(items[~none])
                counts[number, :, lane::spec.weight_lanes] = own.reshape(head["pairs"], -1)
                firsts[number, :, lane::spec.weight_lanes] = (total + np.cumsum(own) - own).reshape(head["pairs"], -1)
                total += int(own.sum())
        return self._decode(counts, firsts, np.concatenate(found) if found else np.empty(0, np.int64), biases, head["codebook"])

    def _blocks(self, lane: int, many: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the items of a lane's next blocks, without their last bits, and the items of each."""
        at, last = self._at[lane], self._last[lane]
        first = int(np.searchsorted(last, at))
        ends = last[first:first + many] + 1
        if len(ends) < many:
            raise ValueError(f"weight stream must have {many} blocks more for lane {lane}, not {len(ends)}; {AGAIN}")
        self._at[lane] = int(ends[-1])
        items = self._items[lane][at:self._at[lane]] & (1 << self._spec.entry_bits) - 1
        return items, np.diff(ends, prepend=at)

    def _biases(self, lane: int, kc: int) -> np.ndarray:
        at, size = self._at[lane], kc * self._spec.bias_items
        if at + size > len(self._items[lane]):
            raise ValueError(f"weight stream must have {at + size} items for lane {lane}, not {len(self._items[lane])}; "
                             f"{AGAIN}")
        self._at[lane] = at + size
        bits = self._spec.entry_bits
        items = (self._items[lane][at:at + size] & (1 << bits) - 1).reshape(kc, -1)
        whole = sum(items[:, k] << bits * k for k in range(items.shape[1])) & (1 << BIAS_BITS) - 1
        return np.where(whole >> BIAS_BITS - 1, whole - (1 << BIAS_BITS), whole)

    def _decode(self, counts, firsts, entries, biases, codebook: int) -> Weights:
        spec = self._spec
        bits = spec.weight_code_bits or VALUE_BITS
        codes, runs = entries & (1 << bits) - 1, entries >> bits
        if spec.weight_code_bits:
            if self._codebooks is None:
                raise ValueError("codebooks must be given for a machine with codes")
            values = self._codebooks[codebook].astype(np.int64)[codes]
        else:
            values = codes - ((codes >> VALUE_BITS - 1) << VALUE_BITS)
        if (odd := (codes == 0) & (runs != MAX_RUN)).any():
            raise ValueError(f"run of an entry of value 0 must be {MAX_RUN}, not {int(runs[odd][0])}")
        order = np.argsort(firsts.ravel(), kind="stable")
        sizes = counts.ravel()[order]
        steps = np.concatenate(([0], np.cumsum(runs + 1)))
        begins = np.repeat(firsts.ravel()[order], sizes)
        places = steps[1:] - steps[begins] - 1 if len(entries) else entries
        live = np.concatenate(([0], np.cumsum(values != 0)))
        return Weights(counts=counts, live=live[firsts + counts] - live[firsts], starts=firsts, values=values, places=places,
                       biases=biases)

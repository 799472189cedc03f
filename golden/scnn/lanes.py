"""The weight stream as golden reads it: items of each lane become biases and blocks of weights."""

from dataclasses import dataclass

import numpy as np

from golden.scnn.program import Program
from spec.scnn import ScnnSpec
from spec.scnn.shape import ABSENT, BIAS_BITS, MAX_RUN, VALUE_BITS


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


class Reader:
    """Reads the items of a weight stream, layer by layer.

    Parameters
    ----------
    spec : ScnnSpec
    stream : numpy.ndarray
        (beats, weight_lanes, F) items; an absent word has `ABSENT` in each place.
    codebooks : numpy.ndarray, optional
        (codebooks, 16) values, for a machine with codes.
    """

    def __init__(self, spec: ScnnSpec, stream: np.ndarray, codebooks: np.ndarray | None = None) -> None:
        self._spec, self._codebooks = spec, codebooks
        words = [stream[:, lane].astype(np.int64) for lane in range(spec.weight_lanes)]
        self._items = [own[own[:, 0] != ABSENT].ravel() for own in words]
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
            for number in range(head["passes"]):
                for place in range(lane, head["sets"], spec.weight_lanes):
                    if head["bias"]:
                        biases[number, place] = self._biases(lane, head["kc"])
                for pair in range(head["pairs"]):
                    for place in range(lane, head["sets"], spec.weight_lanes):
                        count = int(self._take(lane, 1)[0])
                        entries = self._take(lane, count)
                        counts[number, pair, place], firsts[number, pair, place] = count, total
                        found.append(entries)
                        total += count
        return self._decode(counts, firsts, np.concatenate(found) if found else np.empty(0, np.int64), biases, head["codebook"])

    def _take(self, lane: int, count: int) -> np.ndarray:
        at = self._at[lane]
        if at + count > len(self._items[lane]):
            raise ValueError(f"weight stream must have {at + count} items for lane {lane}, not {len(self._items[lane])}")
        self._at[lane] += count
        return self._items[lane][at:at + count]

    def _biases(self, lane: int, kc: int) -> np.ndarray:
        items = self._take(lane, kc * self._spec.bias_items).reshape(kc, -1)
        whole = sum(items[:, k] << self._spec.entry_bits * k for k in range(items.shape[1])) & (1 << BIAS_BITS) - 1
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

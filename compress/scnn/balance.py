"""Which output channels a place of a block of PEs gets: about as many vectors of weights everywhere."""

from collections.abc import Sequence

import numpy as np

SWAPS, LIGHTEST = 400, 8    # most exchanges of two channels, and places with which the heaviest one tries to exchange


def ordered(live: np.ndarray, places: int, order: str, cuts: Sequence[int], *, width: int = 1) -> list[np.ndarray]:
    """Return the channels of each place; channels between two cuts stay together, so that a reader may take them alone.

    Parameters
    ----------
    live : numpy.ndarray
        (outputs, inputs): live weights of each output channel's filter for each input channel.
    order : str
        ``balanced``, or as they come.
    width : int
        Weights of a vector.
    """
    edges = [0, *cuts, len(live)]
    found: list[list[np.ndarray]] = [[] for _ in range(places)]
    for low, high in zip(edges, edges[1:], strict=False):
        own = balanced(live[low:high], places, width) if order == "balanced" else [
            np.arange(high - low)[place::places] for place in range(places)]
        if order == "balanced" and low:                     # the place with the fewest channels so far gets the most
            own = sorted(own, key=len, reverse=True)
            ranks = np.argsort([sum(map(len, given)) for given in found], kind="stable")
            own = [own[at] for at in np.argsort(ranks)]
        for place, channels in enumerate(own):
            found[place].append(channels + low)
    return [np.concatenate(given) for given in found]


def balanced(live: np.ndarray, places: int, width: int) -> list[np.ndarray]:
    """Return channels for each place: the heaviest first, each to the lightest place with room, sorted by weight.

    Channels of about the same weight so have about the same number in every place, and every pass is balanced too. Then the
    heaviest place exchanges channels with light ones as long as that makes the longer of both shorter, in vectors of weights.
    """
    total = live.sum(axis=1)
    room = -(-len(live) // places)
    load, found = np.zeros(places), [[] for _ in range(places)]       # type: tuple[np.ndarray, list[list[int]]]
    ranked = np.argsort(-total, kind="stable").tolist()
    for channel in ranked:
        place = min((place for place in range(places) if len(found[place]) < room), key=lambda place: load[place])
        found[place].append(channel)
        load[place] += total[channel]
    if places > 1 and total.any():
        _exchange(live, found, width)
    rank = np.argsort(ranked)
    return [np.array(sorted(channels, key=lambda channel: rank[channel]), np.int64) for channels in found]


def _exchange(live: np.ndarray, found: list[list[int]], width: int) -> None:
    """Exchange channels of places until the heaviest one finds none that makes it lighter."""
    sums = np.stack([live[own].sum(axis=0) for own in found])
    loads = _vectors(sums, width)
    for _ in range(SWAPS):
        heavy = int(loads.argmax())
        for light in np.argsort(loads, kind="stable")[:LIGHTEST].tolist():
            if light == heavy or not found[light]:
                continue
            moved = live[found[light]][None] - live[found[heavy]][:, None]      # what the heavy place would gain
            one, other = _vectors(sums[heavy] + moved, width), _vectors(sums[light] - moved, width)
            longer = np.maximum(one, other)
            at, its = np.unravel_index(int(longer.argmin()), longer.shape)
            if longer[at, its] < loads[heavy]:
                sums[heavy] += moved[at, its]
                sums[light] -= moved[at, its]
                loads[heavy], loads[light] = one[at, its], other[at, its]
                found[heavy][at], found[light][its] = found[light][its], found[heavy][at]
                break
        else:
            return


def _vectors(sums: np.ndarray, width: int) -> np.ndarray:
    """Return the vectors of weights, one at least for each input channel, of live weights (..., inputs)."""
    return np.maximum(1, -(-sums // width)).sum(axis=-1)

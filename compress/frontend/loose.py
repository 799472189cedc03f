"""Ends of bounds far beyond what data reach are left out: a machine's numbers end before, and a step would be too coarse.

A Clip at 65,504, as networks for half precision have it, would make the step of a value that never exceeds 3 as large as 2.
"""

from dataclasses import replace

import numpy as np

from compress.frontend.execute import run
from compress.frontend.graph import Network

FAR = 8.0           # times what the data reach: how far an end must lie to be left out; it would cost 3 bits
CHUNK = 1 << 24     # values kept at a time


def loosened(network: Network, samples: np.ndarray) -> Network:
    """Return a network as its file had it without those ends, with a notice for each; it must not have been changed since."""
    if network.again is None or not network.ends:
        return network
    reached = _reached(network, samples)
    left: dict[str, tuple[bool, bool]] = {}
    notices = []
    for layer, end in network.ends.items():
        size = max(map(abs, reached[layer]))
        far = end.low < -FAR * size < 0 and end.low > -np.inf, end.high > FAR * size > 0 and end.high < np.inf
        if any(far):
            left[end.value] = far
            gone = " and ".join(f"{value:g}" for value, one in zip((end.low, end.high), far, strict=True) if one)
            notices.append(f"{end.node}: no bound at {gone}, for the inputs given reach {size:.4g} there and the machine's "
                           f"numbers end nearer")
    if not left:
        return network
    again = network.again(left)
    return replace(again, notices=(*again.notices, *notices), again=None)


def _reached(network: Network, samples: np.ndarray) -> dict[str, tuple[float, float]]:
    """Return the least and the largest real value that stands for each layer's output with a bound, on samples."""
    size = max(1, CHUNK // (network.size + sum(layer.size for layer in network.layers)))
    found = {name: (np.inf, -np.inf) for name in network.ends}
    for first in range(0, len(samples), size):
        values = run(network, samples[first:first + size])
        for name, end in network.ends.items():
            both = end.factor * values[name].min() + end.summand, end.factor * values[name].max() + end.summand
            found[name] = float(min(found[name][0], *both)), float(max(found[name][1], *both))
    return found

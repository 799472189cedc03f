"""What a quantised file keeps of its values, beside the values of data: a Clip may have been folded into such a range."""

import numpy as np

from compress.frontend.execute import run
from compress.frontend.graph import Network

FEW = 0.002         # share of the values that a calibration may leave out
SLACK = 0.02        # of the range: how far a value must lie beyond to count
CHUNK = 1 << 24     # values kept at a time


def beyond(network: Network, samples: np.ndarray) -> list[str]:
    """Return a line for each value of which the file's quantisation cuts off more than a few on samples, which we do not."""
    if not network.limits:
        return []
    size = max(1, CHUNK // (network.size + sum(layer.size for layer in network.layers)))
    out, count = dict.fromkeys(network.limits, 0), dict.fromkeys(network.limits, 0)
    for first in range(0, len(samples), size):
        values = run(network, samples[first:first + size])
        for name, (low, high, _) in network.limits.items():
            slack = SLACK * (high - low)
            out[name] += int(((values[name] < low - slack) | (values[name] > high + slack)).sum())
            count[name] += values[name].size
    return [f"{network.limits[name][2]} keeps {network.limits[name][0]:.4g} to {network.limits[name][1]:.4g}, and "
            f"{out[name] / count[name]:.1%} of the values that it takes lie beyond: a Clip may have been folded into it, which "
            f"is not done here; give data like those of its calibration, or build the network as it was before it was quantised"
            for name in network.limits if out[name] > FEW * count[name]]

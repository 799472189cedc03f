"""Pruning by sensitivity: each layer keeps as many weights as the network's answers need of it, measured on data."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from compress.frontend.execute import run
from compress.frontend.graph import Conv, Dense, Network
from compress.prune import masks

SHARES = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.25, 0.2, 0.15, 0.1, 0.07, 0.05, 0.03)
"""Densities at which each layer is tried."""

MOST = 1 << 22      # values of samples, all layers together, on which it is tried
HALVINGS = 60


def densities(network: Network, density: float, samples: np.ndarray, *, advance: Callable[[], None] = lambda: None,
              ) -> dict[str, float]:
    """Return the share of weights that each layer keeps, so that all together keep at most ``density``.

    Each layer is pruned alone to each of :data:`SHARES`, and the mean square change of the answers is measured. Of all choices
    that keep so many weights, the one with the least sum of changes is taken.

    Parameters
    ----------
    network : Network
    density : float
    samples : numpy.ndarray
        Inputs; as many of them as :data:`MOST` allows are taken, evenly.
    advance : callable
        Called after every layer.
    """
    each = network.size + sum(layer.size for layer in network.layers)
    few = samples[::max(1, -(-len(samples) * each // MOST))]
    values = run(network, few)
    order = [layer.name for layer in network.layers]
    wanted = values[order[-1]]
    weighted = [layer for layer in network.layers if isinstance(layer, Conv | Dense)]
    cost = np.zeros((len(weighted), len(SHARES)))
    kept = np.zeros((len(weighted), len(SHARES)))
    for number, layer in enumerate(weighted):
        before = {name: values[name] for name in order[:order.index(layer.name)]}
        for at, share in enumerate(SHARES):
            less = pruned(network, {layer.name: share})
            if share < 1:
                cost[number, at] = np.mean(np.square(run(less, few, before)[order[-1]] - wanted))
            kept[number, at] = next(np.count_nonzero(one.weight) for one in less.layers if one.name == layer.name)
        advance()
    room = density * sum(np.asarray(layer.weight).size for layer in weighted)
    chosen = _choose(np.maximum.accumulate(cost, axis=1), kept, room)
    return {layer.name: SHARES[at] for layer, at in zip(weighted, chosen, strict=True)}


def pruned(network: Network, shares: dict[str, float]) -> Network:
    """Return a network whose layers named keep a share of their weights, the largest."""
    layers = [layer if layer.name not in shares else
              replace(layer, weight=layer.weight * masks([np.asarray(layer.weight)], shares[layer.name])[0])
              for layer in network.layers]
    return replace(network, layers=tuple(layers))


def _choose(cost: np.ndarray, kept: np.ndarray, room: float) -> list[int]:
    """Return for each layer the place of its share: the least cost among those that keep at most ``room`` weights.

    A price for each weight kept is halved in until the room is used; then single layers go up as far as room is left.
    """
    least = kept.argmin(axis=1)
    if kept[np.arange(len(kept)), least].sum() > room:
        raise ValueError(f"density must be at least {SHARES[-1]}, the least that a layer is tried at; take a larger one")
    low, high = 1e-300, 1e300
    for _ in range(HALVINGS):
        price = float(np.sqrt(low) * np.sqrt(high))
        at = (cost + price * kept).argmin(axis=1)
        low, high = (low, price) if kept[np.arange(len(kept)), at].sum() <= room else (price, high)
    at = (cost + high * kept).argmin(axis=1)
    at = at if kept[np.arange(len(kept)), at].sum() <= room else least
    while True:
        best: tuple[float, int, int] | None = None
        total = kept[np.arange(len(kept)), at].sum()
        for number in range(len(kept)):
            for new in range(at[number]):
                more, gain = kept[number, new] - kept[number, at[number]], cost[number, at[number]] - cost[number, new]
                if gain > 0 and total + more <= room and (best is None or gain / max(more, 1) > best[0]):
                    best = gain / max(more, 1), number, new
        if best is None:
            return [int(one) for one in at]
        at[best[1]] = best[2]

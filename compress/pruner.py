"""How a network's weights are pruned, and how far along the way to the density that is asked for."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from compress import sensitivity
from compress.frontend.graph import Conv, Dense, Network
from compress.prune import balanced, gradual, masks

KINDS = ("magnitude", "sensitivity", "balanced")
"""The largest weights of all layers; of each layer as many as the answers to data need of it; as many for every PE."""


@dataclass(frozen=True, kw_only=True)
class Pruner:
    """Prunes a network, at once or bit by bit while it is trained on.

    Parameters
    ----------
    kind : str
        One of :data:`KINDS`.
    density : float or None
        Most weights to keep, as a share of all; None to keep all that are not 0.
    shares : mapping
        That of each layer, for ``sensitivity``.
    pes : int
        PEs that are to have the same work, for ``balanced``.
    """

    kind: str = KINDS[0]
    density: float | None = None
    shares: Mapping[str, float] = field(default_factory=dict)
    pes: int = 1

    def __call__(self, network: Network, way: float = 1.0) -> Network:
        """Return a network with the weights that are left at some share of the way; what is 0 stays 0."""
        if self.density is None:
            return network
        weighted = [layer for layer in network.layers if isinstance(layer, Conv | Dense)]
        weights = [np.asarray(layer.weight) for layer in weighted]
        density = gradual(way, 1, self.density)
        if self.shares:
            kept = [masks([weight], gradual(way, 1, self.shares[layer.name]))[0]
                    for layer, weight in zip(weighted, weights, strict=True)]
        else:
            kept = masks(weights, density) if self.kind == "magnitude" else balanced(weights, density, self.pes)
        made = {layer.name: replace(layer, weight=layer.weight * mask) for layer, mask in zip(weighted, kept, strict=True)}
        return replace(network, layers=tuple(made.get(layer.name, layer) for layer in network.layers))


def pruner(network: Network, kind: str, density: float | None, samples: np.ndarray | None = None, *, pes: int = 1) -> Pruner:
    """Return what prunes a network; ``sensitivity`` measures on samples how much each layer is to keep."""
    shares = {}
    if kind == "sensitivity" and density is not None and samples is not None and 0 < density <= 1:
        shares = sensitivity.densities(network, density, samples)
    return Pruner(kind=kind, density=density, shares=shares, pes=pes)

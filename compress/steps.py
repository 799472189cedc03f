"""Dense layers from a file, step by step: pruned, trained on with masks, shared, trained on with shared weights."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from cli import command
from compress.frontend.file import from_dense
from compress.frontend.graph import Network
from compress.made import Request
from compress.network import Dense, Given, forward, importance
from compress.pruner import pruner
from compress.share import Shared, share
from compress.tune.stage import Split, Trainer
from spec.eie import EieSpec


@dataclass(frozen=True, kw_only=True, eq=False)
class Steps:
    """A network after each step.

    Parameters
    ----------
    pruned : list of Dense
        With the weights and biases that are shared, before sharing.
    network : list of Dense
        The same with the biases of the end.
    shared : Shared
        Codes and codebooks of the end.
    masses : list of numpy.ndarray
        Mean square of each input of every layer.
    kinds : dict
        Layers after each step in floats, by the step's name.
    """

    pruned: list[Dense]
    network: list[Dense]
    shared: Shared
    masses: list[np.ndarray]
    kinds: dict[str, list[Dense]]

    def answers(self, samples: np.ndarray) -> dict[str, np.ndarray]:
        """Return the network's answers after each step in floats."""
        return {name: forward(layers, samples)[-1] for name, layers in self.kinds.items()}


def steps(layers: Sequence[Dense], spec: EieSpec, request: Request, parts: Split) -> Steps:
    """Prune and share layers as wanted; with passes, train on in between."""
    tuning, samples = request.tuning, parts.seen
    kinds: dict[str, list[Dense]] = {"float": list(layers)}
    graph = from_dense(list(layers), "network")
    trainer = None if tuning is None else Trainer(graph, parts, tuning)
    with command.progress("pruning"):
        cut = pruner(graph, request.prune, request.density, samples, pes=spec.pes)
        kinds["pruned"] = pruned = list(layers) if request.density is None else _as(layers, cut(graph))
    frozen = frozenset(layer.name for layer in layers if layer.given is not None)
    if trainer is not None and trainer.tuning.masked:
        graph = trainer.masked(graph, cut, frozen)
        pruned = kinds["pruned+trained"] = _as(layers, graph)
    more = trainer is not None and trainer.tuning.shared > 0
    with command.progress("sharing weights"):
        masses = importance(pruned, samples)
        shared = share([layer.weight for layer in pruned], bits=spec.codebook_bits, codebooks=spec.codebooks,
                       importance=masses, given=[layer.given for layer in pruned], trained_on=more)
        kinds["shared"] = network = shared.network(pruned)
    if trainer is not None and more:
        still = frozenset(shared.book[number] for number, layer in enumerate(layers) if layer.given is not None)
        graph, shared = trainer.centroids(from_dense(pruned, "network"), shared, still)
        pruned = [replace(layer, bias=own.bias) for layer, own in zip(pruned, _as(layers, graph), strict=True)]
        kinds["shared+trained"] = network = shared.network(pruned)
    return Steps(pruned=pruned, network=network, shared=shared, masses=masses, kinds=kinds)


def _as(layers: Sequence[Dense], network: Network) -> list[Dense]:
    """Return layers with the weights and biases of a network; codes that came with them lose those that are 0."""
    return [_with(layer, own) for layer, own in zip(layers, network.layers, strict=True)]


def _with(layer: Dense, own: Any) -> Dense:
    given = layer.given and Given(codes=csr_array(layer.given.codes.toarray() * (own.weight != 0)),
                                  codebook=layer.given.codebook)
    return replace(layer, weight=own.weight, bias=own.bias, given=given)

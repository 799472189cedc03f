"""A graph of dense layers that follow each other, as the list of layers that an EIE array takes."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from scipy import sparse

from compress.frontend.assign import refusals
from compress.frontend.graph import INPUT, Dense, Network
from compress.frontend.refuse import NetworkRefusedError, Refusal
from compress.network import Dense as Plain
from compress.network import Given
from spec.eie import EieSpec


def chain(network: Network, spec: EieSpec, path: Any) -> list[Plain]:
    """Return the layers of a network, the last one's rows in the order of the file's output.

    A layer whose weights come shared, with few distinct values, keeps exactly these as its codebook.

    Raises
    ------
    NetworkRefusedError
        With one line for each layer that is no dense one, does not fit the machine, or does not follow the one before it.
    """
    lost = refusals(network, spec)
    before = INPUT
    for layer in network.layers:
        name, _, operator = (layer.nodes[-1] if layer.nodes else layer.name).rpartition(" (")
        if not isinstance(layer, Dense):
            lost.append(Refusal(node=name, operator=operator.rstrip(")"), what="layer", rule="dense, for an eie",
                                value=f"a {type(layer).__name__.lower()} of {' x '.join(map(str, layer.shape))}",
                                way_out="take --design scnn for the whole network, or give its dense layers alone"))
        elif layer.inputs != (before,):
            lost.append(Refusal(node=name, operator=operator.rstrip(")"), what="input", rule=f"the output of {before!r}",
                                value=f"{layer.inputs[0]!r}", way_out="take --design scnn, which adds and joins values"))
        before = layer.name
    if lost:
        raise NetworkRefusedError(path, lost)
    layers = [_plain(layer) for layer in network.layers]
    if network.order is not None:
        last = layers[-1]
        layers[-1] = replace(last, weight=last.weight[network.order],
                             bias=None if last.bias is None else last.bias[network.order])
    return shared_already(layers, spec)


def _plain(layer: Dense) -> Plain:
    return Plain(name=layer.name, weight=layer.weight, bias=layer.bias, relu=layer.activation.relu,
                 ceiling=layer.activation.ceiling)


def shared_already(layers: Sequence[Plain], spec: EieSpec) -> list[Plain]:
    """Return layers with codes and codebook where their weights have few distinct values, as far as codebooks go.

    A layer counts as shared if it holds at most ``2**codebook_bits - 1`` values besides 0, and four times as many weights.
    """
    most = (1 << spec.codebook_bits) - 1
    found: list[Plain] = []
    for layer in layers:
        free = layer.given is None and layer.ceiling is None    # a ceiling needs a codebook to itself, to end exactly there
        values = np.unique(layer.weight[layer.weight != 0]) if free else np.empty(0)
        few = 0 < len(values) <= most and np.count_nonzero(layer.weight) >= 4 * len(values)
        found.append(replace(layer, given=_given(layer.weight, values)) if few else layer)
    books = {tuple(layer.given.codebook.tolist()) for layer in found if layer.given is not None}
    if len(books) + any(layer.given is None for layer in found) > spec.codebooks:
        return list(layers)
    return found


def _given(weight: np.ndarray, values: np.ndarray) -> Given:
    codes = np.where(weight != 0, np.searchsorted(values, weight) + 1, 0).astype(np.uint8)
    return Given(codes=sparse.csr_array(codes), codebook=np.concatenate([[0.0], values]))

"""Codebooks of a machine whose weights are codes: the few values that a layer's weights have."""

from collections.abc import Sequence

import numpy as np

from compress.scnn.mapping import LayerMapping
from spec.scnn import ScnnSpec
from spec.scnn.packet import CODEBOOKS


def books(spec: ScnnSpec, mappings: Sequence[LayerMapping]) -> np.ndarray:
    """Return int16 (codebooks, values) with entry 0 of each 0, and tell every mapping which is its own.

    Layers whose values fit one codebook together share it.

    Raises
    ------
    ValueError
        If a layer has more values than a codebook, or all of them need more codebooks than the machine keeps.
    """
    room, sets = (1 << spec.weight_code_bits) - 1, list[set[int]]()
    for mapping in mappings:
        own = set(np.unique(mapping.layer.weight).tolist()) - {0}
        if mapping.layer.residual is not None:
            own.add(1 << mapping.layer.residual[1])
        if len(own) > room:
            raise ValueError(f"weights of {mapping.layer.name} must have at most {room} values other than 0, not {len(own)}; "
                             f"share them, or take weight_code_bits 0")
        fitting = [number for number, there in enumerate(sets) if len(there | own) <= room]
        mapping.codebook = min(fitting, key=lambda number: len(own - sets[number]), default=len(sets))
        if mapping.codebook == len(sets):
            sets.append(set())
        sets[mapping.codebook] |= own
    if len(sets) > CODEBOOKS:
        raise ValueError(f"codebooks must be at most {CODEBOOKS}, not {len(sets)}; let layers share their values")
    made = np.zeros((len(sets), room + 1), np.int16)
    for number, values in enumerate(sets):
        made[number, 1:1 + len(values)] = sorted(values)
    for mapping in mappings:
        mapping.book = made[mapping.codebook]
    return made


def codes(book: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return the codes of values in a codebook; 0 is code 0."""
    order = np.argsort(book, kind="stable")
    found = order[np.searchsorted(book, values, sorter=order)]
    return np.where(values == 0, 0, found)

"""EIE's golden values against the GPU's sparse library, where every sum is an exact integer for both."""
from typing import Protocol

import numpy as np

from golden.eie import values
from golden.eie.layer import Layer
from golden.eie.patterns import TABLE, Pattern, draw
from spec.eie import EieSpec

SMALL = 7
"""Largest weight and activation: sums of a few hundred products stay within 16 bits, so nothing saturates."""


class Library(Protocol):
    """What is needed of a device; `golden.gpu.device.Device` is one."""

    def sparse_product(self, rows, columns, values, shape: tuple[int, int], x) -> np.ndarray: ...


def compare(device: Library, *, pes: int = 64, seed: int = 1) -> list[dict]:
    """Run EIE's benchmark layers, drawn with small integers, through both; one row per layer."""
    answers = []
    for name, benchmark in TABLE.items():
        pattern, rng = draw(benchmark, seed=seed), np.random.default_rng(seed)
        code = rng.integers(1, 2 * SMALL + 1, len(pattern.indices))
        codebook = np.array([0, *range(-SMALL, 0), *range(1, SMALL + 1)])
        x = np.zeros(pattern.columns, np.int64)
        x[pattern.live] = rng.choice(codebook[1:], len(pattern.live))
        spec = EieSpec(pes=pes, codebook_bits=4, index_bits=4)
        layer = encode(spec, pattern, code, codebook)
        given = np.zeros((1, pes * layer.in_slots), np.int64)
        given[0, :pattern.columns] = x
        ours, saturated = values.layer(spec, layer, given)
        column = np.repeat(np.arange(pattern.columns), np.diff(pattern.indptr))
        theirs = device.sparse_product(pattern.indices, column, codebook[code], (pattern.rows, pattern.columns), x)
        answers.append({"layer": name, "results": pattern.rows, "match": int((ours[0, :pattern.rows] == theirs).sum()),
                        "largest": int(np.abs(theirs).max()), "saturated": int(saturated.sum())})
    return answers


def encode(spec: EieSpec, pattern: Pattern, code, codebook) -> Layer:
    """Return a layer in EIE's format: runs of zeros between entries, padding entries where a run is too long."""
    column = np.repeat(np.arange(pattern.columns), np.diff(pattern.indptr))
    pe, slot, reach = pattern.indices % spec.pes, pattern.indices // spec.pes, 1 << spec.index_bits
    order = np.lexsort((slot, column, pe))
    pe, column, slot, code = pe[order], column[order], slot[order], np.asarray(code)[order]
    head = np.ones(len(pe), bool)
    head[1:] = (pe[1:] != pe[:-1]) | (column[1:] != column[:-1])
    gap = slot - np.where(head, 0, np.concatenate([[0], slot[:-1] + 1]))         # zeros before this one
    padding = gap // reach
    entries = np.full(len(pe) + int(padding.sum()), reach - 1 << spec.codebook_bits)
    place = np.arange(len(pe)) + np.cumsum(padding)
    entries[place] = code | gap % reach << spec.codebook_bits
    in_slots, out_slots = (-(-size // spec.pes) for size in (pattern.columns, pattern.rows))
    count = np.zeros((spec.pes, spec.pes * in_slots), np.int64)
    np.add.at(count, (pe, column), 1 + padding)
    pointers = np.concatenate([np.zeros((spec.pes, 1), np.int64), np.cumsum(count, axis=1)], axis=1)
    return Layer(entries=entries, pointers=pointers, codebook=codebook, inputs=pattern.columns, outputs=pattern.rows,
                 in_slots=in_slots, out_slots=out_slots)

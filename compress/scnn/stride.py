"""The distance of two channels' accumulators: some distances let the products of a vector meet in few banks, so it is tried."""

import numpy as np

from compress.scnn.mapping import LayerMapping
from compress.scnn.program import tap_place, taps
from compress.scnn.stream import matrices
from golden.scnn.crossbar import Crossbars, Queues, lanes
from spec.scnn import ScnnSpec

RESIDUES = (21, 13, 19, 11, 5, 1)
"""Distances modulo 32 that are tried after the smallest one."""

ISSUES, GOOD = 1200, 0.005
"""Issue cycles that a trial has, and the share of stops that is good enough."""


def settle(spec: ScnnSpec, mapping: LayerMapping, density: float) -> None:
    """Choose the stride of a mapping: the first of some that hardly ever stops the issue, or the one that stops it least.

    Activations without a zero are tried too: a stride that is bad for them is bad for the dense parts of any others. A stride
    that is a row's modulo the banks is not tried: a channel further would be the bank of a row further.
    """
    least, best = mapping.pitch * mapping.high, (2.0, mapping.stride)
    for residue in (least % 32, *RESIDUES):
        mapping.stride = least + (residue - least) % 32
        if (mapping.channels * mapping.stride > spec.accumulators
                or mapping.stride % spec.banks == mapping.pitch % spec.banks != 0):
            continue
        best = min(best, (max(stops(spec, mapping, share) for share in (density, 1.0)), mapping.stride))
        if best[0] <= GOOD:
            break
    mapping.stride = best[1]


def stops(spec: ScnnSpec, mapping: LayerMapping, density: float) -> float:
    """Return stopped cycles over issue cycles for the mapping's own weights and random activations of a density."""
    rng, segment = np.random.default_rng(0), mapping.segments[0]
    tile = max(range(mapping.rows.tiles), key=mapping.rows.size), max(range(mapping.cols.tiles), key=mapping.cols.size)
    high, wide = mapping.rows.phase(tile[0], segment.phase[0])[1], mapping.cols.phase(tile[1], segment.phase[1])[1]
    places = spec.block_sides[mapping.level][0] * spec.block_sides[mapping.level][1]
    rows = np.concatenate([matrices(spec, mapping, one, 0, places // 2) for one in mapping.alike])
    bits, offsets = (mapping.channels - 1).bit_length(), np.array(taps(mapping))[tap_place(mapping, segment.phase):]
    products, issues = {}, 0
    for pair in range(len(rows)):
        position = np.flatnonzero(rows[pair])
        y, x = np.nonzero(rng.random((high, wide)) < density)
        wo = offsets[position >> bits] + (position & (1 << bits) - 1) * mapping.stride
        ao = y * mapping.pitch + x
        ao = ao[:spec.i * max(1, ISSUES // max(1, -(-len(wo) // spec.f)))]
        products[0, pair, 0] = lanes(wo, np.ones(len(wo), bool), spec.f), lanes(ao, np.ones(len(ao), bool), spec.i)
        issues += len(products[0, pair, 0][0]) * len(products[0, pair, 0][1])
        if issues >= ISSUES:
            break
    crossbars, now, stopped = Crossbars(spec, products, [Queues(spec)]), 0, 0
    for (number, pair, _), (weights, acts) in products.items():
        new = int(crossbars.pair(number, pair, np.array([now]))[0])
        now, stopped = now + new + max(1, len(weights) * len(acts)), stopped + new
    return stopped / max(1, issues)

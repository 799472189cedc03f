"""The distance of two channels' accumulators: some distances let the products of a vector meet in few banks, so it is tried."""

import numpy as np

from compress.scnn.plan import Plan
from compress.scnn.program import tap_place, taps
from compress.scnn.stream import matrices
from golden.scnn.crossbar import Crossbars, Queues, lanes
from spec.scnn import ScnnSpec

RESIDUES = (21, 13, 19, 11, 5, 1)
"""Distances modulo 32 that are tried behind the smallest one."""

ISSUES, GOOD = 1200, 0.005
"""Issue cycles that a trial has, and the share of stops that is good enough."""


def settle(spec: ScnnSpec, plan: Plan, density: float) -> None:
    """Choose the stride of a plan: the first of some that hardly ever stops the issue, or the one that stops it least.

    Activations without a zero are tried too: a stride that is bad for them is bad for the dense parts of any others. A stride
    that is a row's modulo the banks is not tried: a channel further would be the bank of a row further.
    """
    least, best = plan.pitch * plan.high, (2.0, plan.stride)
    for residue in (least % 32, *RESIDUES):
        plan.stride = least + (residue - least) % 32
        if plan.channels * plan.stride > spec.accumulators or plan.stride % spec.banks == plan.pitch % spec.banks != 0:
            continue
        best = min(best, (max(stops(spec, plan, share) for share in (density, 1.0)), plan.stride))
        if best[0] <= GOOD:
            break
    plan.stride = best[1]


def stops(spec: ScnnSpec, plan: Plan, density: float) -> float:
    """Return stopped cycles over issue cycles for the plan's own weights and random activations of a density."""
    rng, segment = np.random.default_rng(0), plan.segments[0]
    tile = max(range(plan.rows.tiles), key=plan.rows.size), max(range(plan.cols.tiles), key=plan.cols.size)
    high, wide = plan.rows.phase(tile[0], segment.phase[0])[1], plan.cols.phase(tile[1], segment.phase[1])[1]
    places = spec.block_sides[plan.level][0] * spec.block_sides[plan.level][1]
    rows = matrices(spec, plan, segment, 0, places // 2)
    bits, offsets = (plan.channels - 1).bit_length(), np.array(taps(plan))[tap_place(plan, segment.phase):]
    products, issues = {}, 0
    for pair in range(len(rows)):
        position = np.flatnonzero(rows[pair])
        y, x = np.nonzero(rng.random((high, wide)) < density)
        wo = offsets[position >> bits] + (position & (1 << bits) - 1) * plan.stride
        ao = y * plan.pitch + x
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

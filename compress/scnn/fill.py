"""Channels and passes of a layer on its level: those that are expected to take the least time, or why none fit."""

from typing import Any

import numpy as np

from compress.scnn.block import SPAN
from compress.scnn.mapping import LayerMapping, most_channels, passes_of
from compress.scnn.room import grows
from compress.scnn.tensor import TURN
from spec.scnn import ScnnSpec
from spec.scnn.shape import POST, STEP

CROWDED = 1.1               # how much longer it takes if a vector of weights has several taps of a channel: their sums coincide
SAMPLES = 256               # pairs whose work is drawn to predict a layer's cycles
MOST_IN_TURN = 64           # channels of a pass that take turns: every few of them have steps of their own in the drain program
COUNTS = (*range(1, 17), 18, 20, 24, 28, 32, 40, 48, 64, 96, 128, 256)      # passes that are tried


def fill(spec: ScnnSpec, mapping: LayerMapping, pitch: int, density: float, passes: int | None = None) -> float | str:
    """Choose passes and strides for a pitch; return the cycles that the layer is expected to take, or why it cannot fit.

    ``density`` is the expected share of activations other than 0.
    """
    mapping.pitch, mapping.stride = pitch, pitch * mapping.high
    most = most_channels(mapping)
    fit = min(spec.kc, spec.accumulators // max(1, mapping.stride)) // mapping.groups
    if not fit and mapping.groups > 1:
        return (f"input-channel groups must leave a channel of {mapping.stride} accumulators to each, of {spec.accumulators}, "
                f"not be {mapping.groups}")
    if not fit:
        return (f"accumulators of a tile of {mapping.high} x {pitch} must be at most {spec.accumulators}, "
                f"not {mapping.stride}; take a larger array{' or more bank_entries' * grows(spec, 'bank_entries')}")
    best: tuple[float, int] | None = None
    sides = [spec.block_sides[mapping.level], *(spec.block_sides[segment.tensor.level] for segment in mapping.segments)]
    parts = sides[0][0] * sides[0][1] // min(high * wide for high, wide in sides)
    weighed = np.count_nonzero(mapping.layer.weight) / mapping.layer.weight.size
    least = -(-most // fit)
    numbers = {*COUNTS, *range(least, least + 4)}
    tried = {-(-most // _kc(mapping, most, number)) for number in numbers if number <= most} if passes is None else {passes}
    for count in sorted(tried):
        kc = _kc(mapping, most, count)
        if kc > fit or -(-most // kc) != count or mapping.output.turns and kc > MOST_IN_TURN:
            continue
        taps = -(-mapping.rows.taps // mapping.rows.stride) * -(-mapping.cols.taps // mapping.cols.stride)
        live = kc * mapping.groups * taps * weighed
        if live > spec.weight_words * spec.f:
            mapping.reasons.append(f"weight block of {live:.0f} entries must fit {spec.weight_words} vectors")
            continue
        cycles = expect(spec, mapping, kc, taps * weighed, parts, density) * count
        if best is None or cycles < best[0]:
            best = cycles, count
    if best is None:
        return f"channels per pass must fit {fit}, with {most} per PE in {passes or 'any number of'} passes"
    mapping.passes = best[1]
    mapping.kc = _kc(mapping, most, mapping.passes)
    mapping.output.kc, mapping.output.span = mapping.kc, mapping.kc * mapping.passes
    if mapping.segments[-1].place < 0:
        mapping.segments[-1].pairs = mapping.kc
    return best[0]


def _kc(mapping: LayerMapping, most: int, count: int) -> int:
    """Return the channels per pass of ``most`` in ``count`` passes; each pass begins with the first turn."""
    kc = -(-most // count)
    return kc if count == 1 or not mapping.output.turns else -(-kc // (2 * TURN)) * 2 * TURN


def expect(spec: ScnnSpec, mapping: LayerMapping, kc: int, live: float, parts: int, density: float) -> float:
    """Return the cycles that a pass is expected to take, from samples of random weights and activations.

    Parameters
    ----------
    kc : int
        Channels of the pass that a PE finishes.
    live : float
        Live weights for each of them in a block.
    parts : int
        Parts of an activation block.
    density : float
        Share of activations other than 0.
    """
    rng = np.random.default_rng(0)
    groups, channels = mapping.groups, kc * mapping.groups
    places = spec.block_sides[mapping.level][0] * spec.block_sides[mapping.level][1]
    pairs, sizes = min(mapping.pairs, SAMPLES), _sizes(mapping)
    tile, tiles = int(sizes.max()), sizes.shape[1]
    seen: Any = max(1, tile // parts)
    if len(sizes) > 1:
        seen = np.maximum(1, sizes // parts)[[mapping.segments[0].tensor.turn(at) for at in range(pairs)]][:, :, None, None]
    taps = -(-mapping.rows.taps // mapping.rows.stride) * -(-mapping.cols.taps // mapping.cols.stride)
    share = min(1.0, live / taps)
    gap, zero = (1 << (channels - 1).bit_length()) - channels, 1 - share
    padding = taps * (gap // SPAN + zero ** (SPAN - gap % SPAN) if gap else 0) + channels * taps * share * zero ** SPAN
    sets = pairs, 1, groups, places // groups
    entries = rng.binomial(channels * taps, share, sets) + rng.poisson(padding, sets)
    weights = -(-entries // spec.f)
    acts = sum(-(-rng.binomial(seen, density, (pairs, tiles, groups, 1)) // spec.i) for _ in range(parts))
    work = np.maximum(1, weights * acts).reshape(pairs, -1)
    bus = (np.maximum(parts, acts).reshape(pairs, -1).max(axis=1) + (12 * parts if parts > 1 else 0)).mean()
    slots = max(1, min(spec.act_words // max(1, 1 << (-(-tile // spec.i) - 1).bit_length()),
                       spec.weight_words // max(1, 1 << int(weights.max() - 1).bit_length() if weights.max() else 1), pairs))
    whole = pairs // slots * slots
    mean = work[:whole].reshape(-1, slots, work.shape[1]).sum(axis=1).max(axis=1).mean() / slots
    lanes = max(-(-places // spec.weight_lanes) * np.maximum(1, weights).mean(),
                places * np.maximum(1, entries).mean() / spec.transfer_items)
    reduction = 2 * (groups - 1) * mapping.high * mapping.wide
    drain = kc * (reduction + 2 * (mapping.high * mapping.wide - tile) * (tiles > 1) + tile * 1.2) + 4 * STEP + 40
    if mapping.output.turns:
        drain += kc // TURN * (POST + 5 * STEP)
    sources = len({segment.place for segment in mapping.segments})
    turns = sources * (4 + 2 * mapping.shared) if sources > 1 else 0
    crowded = CROWDED if channels < min(spec.f, most_channels(mapping)) and taps > 1 else 1.0
    whole = max(mapping.pairs * max(mean, lanes, bus), mapping.pairs * bus + turns, drain)
    return crowded * whole + (0.6 * drain + 40) / passes_of(mapping, kc)


def _sizes(mapping: LayerMapping) -> np.ndarray:
    """Return how many inputs each tile has, (turns, tiles): those of the largest phase."""
    sides = [np.array([[max(axis.phase(tile, phase, turn)[1] for phase in axis.phases()) for tile in range(axis.tiles)]
                       for turn in range(len(axis.inputs))]) for axis in (mapping.rows, mapping.cols)]
    return (sides[0][:, :, None] * sides[1][:, None, :]).reshape(len(sides[0]), -1)

"""A layer laid over the blocks of one level: its tiles, the order of its channels and its segments, or why that cannot be."""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import zip_longest

import numpy as np

from compress.scnn.axis import EVEN, FOLLOW, FULL, TURNS, Axis, Cut, bounds, follow, mirrored
from compress.scnn.balance import ordered
from compress.scnn.group import members, ranges
from compress.scnn.mapping import LayerMapping, Segment
from compress.scnn.tensor import PLAIN, Form, Tensor, pieces
from golden.scnn.layer import Layer
from spec.scnn import ScnnSpec
from spec.scnn.program import DRAIN_STEP

SIDE = (1 << DRAIN_STEP["nx"][1]) - 1       # rows and columns of accumulators that a drain step can name
SIDES = "rows", "cols"


def form_of(layer: Layer) -> Form:
    """Return the form in which a layer reads its inputs."""
    return (*layer.stride, layer.pad[0] % layer.stride[0], layer.pad[2] % layer.stride[1])


def axis(layer: Layer, which: int, inputs: Sequence[Cut], sums: int, outputs: Sequence[Cut]) -> Axis:
    """Return the axis of a layer: rows if ``which`` is 0, columns if 1. ``inputs`` and ``outputs`` hold one cut per turn."""
    pool = layer.pool
    extra = {} if pool is None else {"window": pool.size[which], "hop": pool.stride[which], "blank": pool.pad[which]}
    return Axis(inputs=tuple(inputs), outputs=tuple(outputs), taps=layer.weight.shape[2 + which], stride=layer.stride[which],
                before=layer.pad[2 * which], sums=sums, **extra)


def lay(spec: ScnnSpec, layer: Layer, number: int, level: int, inputs: list[tuple[Tensor, slice]], residual: Tensor | None,
        order: str = "balanced", cuts: Sequence[int] = (), cut: str = EVEN, groups: int = 1) -> LayerMapping | str:
    """Return a layer at a level, without passes and addresses, or why the level does not do.

    ``inputs`` are tensors with the channels that are read of each; ``cuts`` are where readers cut the layer's output into
    ranges of channels, ``cut`` says how its plane is cut into tiles, ``groups`` is the number of input-channel groups.
    """
    shared = spec.grouped(level, groups)
    if shared is None:
        return f"input-channel groups must be pairs of blocks in blocks, up to {spec.input_groups} of them, not {groups}"
    if groups > 1 and any(tensor.level != level for tensor, _ in inputs):
        return f"inputs must be at level {level} for {groups} input-channel groups, not at a lower one"
    high, wide = spec.block_sides[level]
    tiles, places = (spec.rows // high, spec.cols // wide), high * wide
    channels = sum(len(range(*taken.indices(tensor.shape[0]))) for tensor, taken in inputs)
    plane = inputs[0][0].shape[1:]
    if any(tensor.shape[1:] != plane for tensor, _ in inputs):
        return f"planes of its inputs must be alike, not {', '.join(str(tensor.shape[1:]) for tensor, _ in inputs)}"
    if channels != layer.weight.shape[1] * layer.groups:
        return f"inputs must be {layer.weight.shape[1] * layer.groups}, not {channels}"
    edges = []
    for tensor, _ in inputs:
        steps = [spec.block_sides[level][k] // spec.block_sides[tensor.level][k] for k in range(2)]
        if tensor.level > level:
            return f"level must be at least that of input {tensor.name}, {tensor.level}, not {level}"
        edges.append([(rows[::steps[0]], cols[::steps[1]]) for rows, cols in tensor.cuts])
    if any(edge != edges[0] for edge in edges):
        return "tiles of its inputs must be alike, not cut in different ways"
    if groups > 1 and len(edges[0]) > 1:
        return "channels of its inputs must not take turns for input-channel groups"
    if residual is not None and (residual.turns or cut == TURNS):
        return "channels must not take turns for a residual, which meets its own sums"
    sums, outputs = layer.plane(*plane), layer.outputs(*plane)
    if min(sums) < 1 or min(outputs) < 1:
        return f"plane must be at least as large as the filter and the pool, not {plane[0]} x {plane[1]}"
    if residual is not None and (residual.level != level or residual.shape != (len(layer.weight), *outputs)):
        return (f"residual {residual.name} must have shape {(len(layer.weight), *outputs)} and level {level}, "
                f"not {residual.shape} and {residual.level}")
    both = []
    for which in range(2):
        hop = layer.stride[which] * (layer.pool.stride[which] if layer.pool else 1)
        given = [edge[which] for edge in edges[0]]
        if residual is not None:
            out = (residual.rows, residual.cols)[which]
        elif cut == FOLLOW:
            out = follow(given[0], hop, outputs[which])
        else:
            out = bounds(outputs[which], tiles[which], FULL if cut == FULL else EVEN)
        if cut == EVEN and residual is None:
            out = axis(layer, which, given, sums[which], [out]).nearest(out)
        one = axis(layer, which, given, sums[which], [out, mirrored(out)] if cut == TURNS else [out])
        if (why := one.fault()) is not None:
            return why
        if (side := max(one.size(tile) for tile in range(one.tiles))) > SIDE:
            return f"{SIDES[which]} of a tile must be at most {SIDE}, not {side}; take an array of more {SIDES[which]}"
        both.append(one)
    if cut == TURNS and all(one.outputs[0] == one.outputs[1] for one in both):
        return "tiles must differ in size for channels that take turns"
    orders = residual.orders if residual else _orders(layer, places, order, tuple(cuts), spec.f)
    made = Tensor(name=layer.name, shape=(len(layer.weight), *outputs), level=level, rows=both[0].outputs[0],
                  cols=both[1].outputs[0], orders=orders, layer=number, kc=0, span=0, turns=cut == TURNS)
    segments, first = list[Segment](), 0
    for tensor, taken in inputs:
        low, high, _ = taken.indices(tensor.shape[0])
        sharing = members(spec, level, shared) if groups > 1 else [(place,) for place in range(len(tensor.orders))]
        read = [Segment(tensor=tensor, form=form_of(layer), phase=(row, col), place=place, first=first - low, pairs=pairs,
                        places=own, skips=skips, taken=range(low, high))
                for row in both[0].phases() for col in both[1].phases() for place, own in enumerate(sharing)
                for pairs, skips in [ranges(tensor, own, low, high)] if pairs]
        segments += _in_turn(read) if tensor.turns else read
        first += high - low
    if residual is not None:
        segments.append(Segment(tensor=residual, form=PLAIN, phase=(0, 0), place=-1, first=-1, pairs=0))
    return LayerMapping(layer=layer, number=number, level=level, groups=groups, shared=shared, rows=both[0], cols=both[1],
                        segments=segments, output=made)


def _in_turn(segments: list[Segment]) -> list[Segment]:
    """Return segments of channels that take turns as one for each piece with one cut, the first pieces of all before others.

    So every PE has a large tile and a small one in turn, and the weights that it holds ahead last until others have caught up.
    """
    cut = [[replace(one, skips=(start,), pairs=end - start, turn=one.tensor.turn(start))
            for start, end in pieces(one.tensor, one.skips[0], one.skips[0] + one.pairs)] for one in segments]
    return [piece for together in zip_longest(*cut) for piece in together if piece is not None]


@lru_cache(maxsize=32)
def _orders(layer: Layer, places: int, order: str, cuts: tuple[int, ...], width: int) -> list[np.ndarray]:
    """Return the output channels of each place; a search asks for those of a layer many times."""
    return ordered(np.count_nonzero(layer.weight, axis=(2, 3)), places, order, cuts, width=width)

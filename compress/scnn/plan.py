"""How a layer is laid over the array: level, axes, passes, order of channels, pairs; and why a layer cannot fit."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from compress.scnn.axis import EVEN, FOLLOW, Axis, bounds, follow
from compress.scnn.balance import ordered
from compress.scnn.block import SPAN
from compress.scnn.group import members, ranges
from compress.scnn.tensor import PLAIN, Form, Tensor
from golden.scnn.layer import Layer
from spec.scnn import ScnnSpec
from spec.scnn.program import DRAIN_STEP
from spec.scnn.shape import STEP

CROWDED = 1.1               # how much longer it takes if a vector of weights has several taps of a channel: their sums coincide
SIDE = (1 << DRAIN_STEP["nx"][1]) - 1       # rows and columns of accumulators that a drain step can name
SIDES = "rows", "cols"
SAMPLES = 256               # pairs whose work is drawn to predict a layer's cycles
COUNTS = (*range(1, 17), 18, 20, 24, 28, 32, 40, 48, 64, 96, 128, 256)      # passes that are tried


@dataclass(kw_only=True, eq=False)
class Segment:
    """Some consecutive pairs of a pass: the channels of one place of one tensor, in one phase.

    Parameters
    ----------
    tensor : Tensor
    form : tuple of int
    phase : tuple of int
    place : int
        Place whose channels are read, in the block that shares activations; -1 for each PE its own.
    first : int
        Number of the tensor's channel 0 among the layer's inputs, if it had all of them.
    pairs : int
    places : tuple of int
        For each input-channel group the place in the tensor's block.
    skips : tuple of int
        For each group the place's channels that come before those of the pairs.
    taken : range
        Channels of the tensor that are read.
    """

    tensor: Tensor
    form: Form
    phase: tuple[int, int]
    place: int
    first: int
    pairs: int
    places: tuple[int, ...] = ()
    skips: tuple[int, ...] = ()
    taken: range = range(0)

    def channels(self, group: int) -> np.ndarray:
        """Return the tensor's channels of the pairs in a group, -1 for a pair without one."""
        own = self.tensor.orders[self.places[group]][self.skips[group]:self.skips[group] + self.pairs]
        read = np.where((own >= self.taken.start) & (own < self.taken.stop), own, -1)
        return np.pad(read, (0, self.pairs - len(read)), constant_values=-1)


@dataclass(kw_only=True, eq=False)
class Plan:
    """A layer on the array.

    Parameters
    ----------
    layer : Layer
    number : int
    level, kc, passes, pitch, stride : int
        ``stride`` is the distance of two channels' accumulators, ``pitch`` that of two rows'.
    groups, shared : int
        Input-channel groups, and the level of their blocks; without groups one, of the layer's own level.
    rows, cols : Axis
    segments : list of Segment
    output : Tensor
    first_pass : int
        Number of the layer's first pass in a run from the first layer on.
    word, limit : int
        Region of the activation memories for the output.
    taps : int
        Place of the layer's first tap offset.
    codebook : int
    book : numpy.ndarray, optional
        Number and values of its codebook, where the machine has codes.
    """

    layer: Layer
    number: int
    level: int
    groups: int
    shared: int
    rows: Axis
    cols: Axis
    segments: list[Segment]
    output: Tensor
    kc: int = 0
    passes: int = 0
    pitch: int = 0
    stride: int = 0
    first_pass: int = 0
    word: int = 0
    limit: int = 0
    taps: int = 0
    codebook: int = 0
    book: np.ndarray | None = None
    slots: tuple[int, int] = (0, 0)
    reasons: list[str] = field(default_factory=list)

    @property
    def channels(self) -> int:
        """Output channels that a PE accumulates in a pass: ``kc`` of its own and as many for each other group."""
        return self.kc * self.groups

    @property
    def pairs(self) -> int:
        """Pairs of a pass."""
        return sum(segment.pairs for segment in self.segments)

    @property
    def high(self) -> int:
        """Rows of accumulators of the largest tile."""
        return max(self.rows.size(tile) for tile in range(self.rows.tiles))

    @property
    def wide(self) -> int:
        """Columns of accumulators of the largest tile."""
        return max(self.cols.size(tile) for tile in range(self.cols.tiles))

    @property
    def gather(self) -> bool:
        """Whether activations come from tiles of a lower level."""
        return any(segment.tensor.level < self.level for segment in self.segments)


def form_of(layer: Layer) -> Form:
    """Return the form in which a layer reads its inputs."""
    return (*layer.stride, layer.pad[0] % layer.stride[0], layer.pad[2] % layer.stride[1])


def axis(layer: Layer, which: int, inputs: Sequence[int], sums: int, outputs: Sequence[int]) -> Axis:
    """Return one axis of a layer: 0 for rows, 1 for columns."""
    pool = layer.pool
    extra = {} if pool is None else {"window": pool.size[which], "hop": pool.stride[which], "blank": pool.pad[which]}
    return Axis(inputs=tuple(inputs), outputs=tuple(outputs), taps=layer.weight.shape[2 + which], stride=layer.stride[which],
                before=layer.pad[2 * which], sums=sums, **extra)


def lay(spec: ScnnSpec, layer: Layer, number: int, level: int, inputs: list[tuple[Tensor, slice]], residual: Tensor | None,
        order: str = "balanced", cuts: Sequence[int] = (), cut: str = EVEN, groups: int = 1) -> Plan | str:
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
        edges.append((tensor.rows[::steps[0]], tensor.cols[::steps[1]]))
    if any(edge != edges[0] for edge in edges):
        return "tiles of its inputs must be alike, not cut in different ways"
    sums, outputs = layer.plane(*plane), layer.outputs(*plane)
    if min(sums) < 1 or min(outputs) < 1:
        return f"plane must be at least as large as the filter and the pool, not {plane[0]} x {plane[1]}"
    if residual is not None and (residual.level != level or residual.shape != (len(layer.weight), *outputs)):
        return (f"residual {residual.name} must have shape {(len(layer.weight), *outputs)} and level {level}, "
                f"not {residual.shape} and {residual.level}")
    both = []
    for which in range(2):
        hop = layer.stride[which] * (layer.pool.stride[which] if layer.pool else 1)
        given = edges[0][which]
        if residual is not None:
            out = (residual.rows, residual.cols)[which]
        elif cut == FOLLOW:
            out = follow(given, hop, outputs[which])
        else:
            out = bounds(outputs[which], tiles[which], cut)
        one = axis(layer, which, given, sums[which], out)
        if (why := one.fault()) is not None:
            return why
        if (side := max(one.size(tile) for tile in range(one.tiles))) > SIDE:
            return f"{SIDES[which]} of a tile must be at most {SIDE}, not {side}; take an array of more {SIDES[which]}"
        both.append(one)
    orders = residual.orders if residual else _orders(layer, places, order, tuple(cuts), spec.f)
    made = Tensor(name=layer.name, shape=(len(layer.weight), *outputs), level=level, rows=both[0].outputs, cols=both[1].outputs,
                  orders=orders, layer=number, kc=0, span=0)
    segments, first = [], 0
    for tensor, taken in inputs:
        low, high, _ = taken.indices(tensor.shape[0])
        sharing = members(spec, level, shared) if groups > 1 else [(place,) for place in range(len(tensor.orders))]
        for row in both[0].phases():
            for col in both[1].phases():
                segments += [Segment(tensor=tensor, form=form_of(layer), phase=(row, col), place=place, first=first - low,
                                     pairs=pairs, places=own, skips=skips, taken=range(low, high))
                             for place, own in enumerate(sharing) for pairs, skips in [ranges(tensor, own, low, high)] if pairs]
        first += high - low
    if residual is not None:
        segments.append(Segment(tensor=residual, form=PLAIN, phase=(0, 0), place=-1, first=-1, pairs=0))
    return Plan(layer=layer, number=number, level=level, groups=groups, shared=shared, rows=both[0], cols=both[1],
                segments=segments, output=made)


@lru_cache(maxsize=32)
def _orders(layer: Layer, places: int, order: str, cuts: tuple[int, ...], width: int) -> list[np.ndarray]:
    """Return the output channels of each place; a search asks for those of a layer many times."""
    return ordered(np.count_nonzero(layer.weight, axis=(2, 3)), places, order, cuts, width=width)


def fill(spec: ScnnSpec, plan: Plan, pitch: int, density: float, passes: int | None = None) -> float | str:
    """Choose passes and strides for a pitch; return the cycles that the layer is expected to take, or why it cannot fit.

    ``density`` is the expected share of activations other than 0.
    """
    plan.pitch, plan.stride = pitch, pitch * plan.high
    most = most_channels(plan)
    fit = min(spec.kc, spec.accumulators // max(1, plan.stride)) // plan.groups
    if not fit and plan.groups > 1:
        return (f"input-channel groups must leave a channel of {plan.stride} accumulators to each, of {spec.accumulators}, "
                f"not be {plan.groups}")
    if not fit:
        return (f"accumulators of a tile of {plan.high} x {pitch} must be at most {spec.accumulators}, not {plan.stride}; "
                f"take a larger array or more bank_entries")
    best: tuple[float, int] | None = None
    sides = [spec.block_sides[plan.level], *(spec.block_sides[segment.tensor.level] for segment in plan.segments)]
    parts = sides[0][0] * sides[0][1] // min(high * wide for high, wide in sides)
    weighed = np.count_nonzero(plan.layer.weight) / plan.layer.weight.size
    least = -(-most // fit)
    numbers = {*COUNTS, *range(least, least + 4)}
    tried = {-(-most // -(-most // number)) for number in numbers if number <= most} if passes is None else {passes}
    for count in sorted(tried):
        kc = -(-most // count)
        if kc > fit or -(-most // kc) != count:
            continue
        taps = -(-plan.rows.taps // plan.rows.stride) * -(-plan.cols.taps // plan.cols.stride)
        live = kc * plan.groups * taps * weighed
        if live > spec.weight_words * spec.f:
            plan.reasons.append(f"weight block of {live:.0f} entries must fit {spec.weight_words} vectors")
            continue
        cycles = expect(spec, plan, kc, taps * weighed, parts, density) * count
        if best is None or cycles < best[0]:
            best = cycles, count
    if best is None:
        return f"channels per pass must fit {fit}, with {most} per PE in {passes or 'any number of'} passes"
    plan.passes = best[1]
    plan.kc = -(-most // plan.passes)
    plan.output.kc, plan.output.span = plan.kc, plan.kc * plan.passes
    if plan.segments[-1].place < 0:
        plan.segments[-1].pairs = plan.kc
    return best[0]


def expect(spec: ScnnSpec, plan: Plan, kc: int, live: float, parts: int, density: float) -> float:
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
    groups, channels = plan.groups, kc * plan.groups
    places = spec.block_sides[plan.level][0] * spec.block_sides[plan.level][1]
    most = max(max(plan.rows.phase(tile, phase)[1] for phase in plan.rows.phases()) for tile in range(plan.rows.tiles)), max(
        max(plan.cols.phase(tile, phase)[1] for phase in plan.cols.phases()) for tile in range(plan.cols.tiles))
    tile, tiles = most[0] * most[1], plan.rows.tiles * plan.cols.tiles
    taps = -(-plan.rows.taps // plan.rows.stride) * -(-plan.cols.taps // plan.cols.stride)
    pairs, share = min(plan.pairs, SAMPLES), min(1.0, live / taps)
    gap, zero = (1 << (channels - 1).bit_length()) - channels, 1 - share
    padding = taps * (gap // SPAN + zero ** (SPAN - gap % SPAN) if gap else 0) + channels * taps * share * zero ** SPAN
    sets = pairs, 1, groups, places // groups
    entries = rng.binomial(channels * taps, share, sets) + rng.poisson(padding, sets)
    weights = -(-entries // spec.f)
    acts = sum(-(-rng.binomial(max(1, tile // parts), density, (pairs, tiles, groups, 1)) // spec.i) for _ in range(parts))
    work = np.maximum(1, weights * acts).reshape(pairs, -1)
    bus = (np.maximum(parts, acts).reshape(pairs, -1).max(axis=1) + (12 * parts if parts > 1 else 0)).mean()
    slots = max(1, min(spec.act_words // max(1, 1 << (-(-tile // spec.i) - 1).bit_length()),
                       spec.weight_words // max(1, 1 << int(weights.max() - 1).bit_length() if weights.max() else 1), pairs))
    whole = pairs // slots * slots
    mean = work[:whole].reshape(-1, slots, work.shape[1]).sum(axis=1).max(axis=1).mean() / slots
    lanes = max(-(-places // spec.weight_lanes) * np.maximum(1, weights).mean(),
                places * np.maximum(1, entries).mean() / spec.transfer_items)
    reduction = 2 * (groups - 1) * plan.high * plan.wide
    drain = kc * (reduction + 2 * (plan.high * plan.wide - tile) * (tiles > 1) + tile * 1.2) + 4 * STEP + 40
    sources = len({segment.place for segment in plan.segments})
    turns = sources * (4 + 2 * plan.shared) if sources > 1 else 0
    crowded = CROWDED if channels < min(spec.f, most_channels(plan)) and taps > 1 else 1.0
    whole = max(plan.pairs * max(mean, lanes, bus), plan.pairs * bus + turns, drain)
    return crowded * whole + (0.6 * drain + 40) / plan_passes(plan, kc)


def most_channels(plan: Plan) -> int:
    """Return the most output channels of a PE."""
    return max(map(len, plan.output.orders))


def plan_passes(plan: Plan, kc: int) -> int:
    """Return the passes of a layer with ``kc`` channels each."""
    return -(-most_channels(plan) // kc)

"""How a layer is laid over the array: level, axes, passes, order of channels, pairs; and why a layer cannot fit."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from compress.scnn.axis import Axis, bounds
from compress.scnn.tensor import PLAIN, Form, Tensor
from golden.scnn.layer import Layer
from spec.scnn import ScnnSpec
from spec.scnn.shape import STEP


@dataclass(kw_only=True, eq=False)
class Segment:
    """Some consecutive pairs of a pass: the channels of one place of one tensor, in one phase.

    Parameters
    ----------
    tensor : Tensor
    form : tuple of int
    phase : tuple of int
    place : int
        Place whose channels are read; -1 for each PE its own.
    first : int
        Number of the tensor's channel 0 among the layer's inputs.
    pairs : int
    """

    tensor: Tensor
    form: Form
    phase: tuple[int, int]
    place: int
    first: int
    pairs: int


@dataclass(kw_only=True, eq=False)
class Plan:
    """A layer on the array.

    Parameters
    ----------
    layer : Layer
    number : int
    level, kc, passes, pitch, stride : int
        ``stride`` is the distance of two channels' accumulators, ``pitch`` that of two rows'.
    rows, cols : Axis
    segments : list of Segment
    output : Tensor
    first_pass : int
        Number of the layer's first pass in a run from the first layer on.
    word, limit : int
        Region of the activation memories for the output.
    taps : int
        Place of the layer's first tap offset.
    """

    layer: Layer
    number: int
    level: int
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
    slots: tuple[int, int] = (0, 0)
    reasons: list[str] = field(default_factory=list)

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


def balanced(live: np.ndarray, places: int) -> list[np.ndarray]:
    """Return channels for each place: the heaviest first, each to the lightest place with room, sorted by weight.

    Channels of about the same weight so have about the same number in every place, and every pass is balanced too.
    """
    room = -(-len(live) // places)
    load, found = np.zeros(places), [[] for _ in range(places)]       # type: tuple[np.ndarray, list[list[int]]]
    for channel in np.argsort(-live, kind="stable").tolist():
        place = min((place for place in range(places) if len(found[place]) < room), key=lambda place: load[place])
        found[place].append(channel)
        load[place] += live[channel]
    return [np.array(channels, np.int64) for channels in found]


def lay(spec: ScnnSpec, layer: Layer, number: int, level: int, inputs: list[Tensor], residual: Tensor | None,
        order: str = "balanced") -> Plan | str:
    """Return a layer at a level, without passes and addresses, or why the level does not do."""
    high, wide = spec.block_sides[level]
    tiles, places = (spec.rows // high, spec.cols // wide), high * wide
    channels, plane = sum(tensor.shape[0] for tensor in inputs), inputs[0].shape[1:]
    if any(tensor.shape[1:] != plane for tensor in inputs):
        return f"planes of its inputs must be alike, not {', '.join(str(tensor.shape[1:]) for tensor in inputs)}"
    if channels != layer.weight.shape[1] * layer.groups:
        return f"inputs must be {layer.weight.shape[1] * layer.groups}, not {channels}"
    edges = []
    for tensor in inputs:
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
    out = (residual.rows, residual.cols) if residual else tuple(map(bounds, outputs, tiles))
    both = [axis(layer, which, edges[0][which], sums[which], out[which]) for which in range(2)]
    for one in both:
        if (why := one.fault()) is not None:
            return why
    live = np.count_nonzero(layer.weight, axis=(1, 2, 3))
    orders = residual.orders if residual else balanced(live, places) if order == "balanced" else [
        np.arange(len(live))[place::places] for place in range(places)]
    made = Tensor(name=layer.name, shape=(len(live), *outputs), level=level, rows=out[0], cols=out[1], orders=orders,
                  layer=number, kc=0, span=0)
    segments, first = [], 0
    for tensor in inputs:
        for row in both[0].phases():
            for col in both[1].phases():
                segments += [Segment(tensor=tensor, form=form_of(layer), phase=(row, col), place=place, first=first,
                                     pairs=len(own)) for place, own in enumerate(tensor.orders) if len(own)]
        first += tensor.shape[0]
    if residual is not None:
        segments.append(Segment(tensor=residual, form=PLAIN, phase=(0, 0), place=-1, first=-1, pairs=0))
    return Plan(layer=layer, number=number, level=level, rows=both[0], cols=both[1], segments=segments, output=made)


def fill(spec: ScnnSpec, plan: Plan, pitch: int, density: float, passes: int | None = None) -> float | str:
    """Choose passes and strides for a pitch; return the cycles that the layer is expected to take, or why it cannot fit.

    ``density`` is the expected share of activations other than 0.
    """
    plan.pitch, plan.stride = pitch, pitch * plan.high
    most = max(map(len, plan.output.orders))
    fit = min(spec.kc, spec.accumulators // max(1, plan.stride))
    if not fit:
        return (f"accumulators of a tile of {plan.high} x {pitch} must be at most {spec.accumulators}, not {plan.stride}; "
                f"take a larger array or more bank_entries")
    live = np.count_nonzero(plan.layer.weight, axis=(2, 3)).mean() * plan.layer.weight.shape[1] / max(1, sum(
        segment.pairs for segment in plan.segments if segment.place >= 0))
    tile = max(plan.rows.phase(t, p)[1] for t in range(plan.rows.tiles) for p in plan.rows.phases()) * max(
        plan.cols.phase(t, p)[1] for t in range(plan.cols.tiles) for p in plan.cols.phases())
    parts = max(1, (spec.block_sides[plan.level][0] * spec.block_sides[plan.level][1]) // max(1, min(
        spec.block_sides[segment.tensor.level][0] * spec.block_sides[segment.tensor.level][1] for segment in plan.segments)))
    acts = parts * np.ceil(max(0.6, tile / parts * density) / spec.i)
    sets = spec.block_sides[plan.level][0] * spec.block_sides[plan.level][1]
    best: tuple[float, int] | None = None
    for count in range(1, most + 1) if passes is None else [passes]:
        kc = -(-most // count)
        if kc > fit or -(-most // kc) != count:
            continue
        if (size := kc * plan.rows.taps * plan.cols.taps / (plan.rows.stride * plan.cols.stride) / spec.f) > spec.weight_words:
            plan.reasons.append(f"weight block of {size:.0f} vectors must fit {spec.weight_words}")
            continue
        vectors = max(0.6, kc * live / spec.f)
        work = acts * (np.floor(vectors) + min(1.0, 1.4 * (vectors % 1) + 0.5 / max(1.0, vectors)))
        lanes = sets / spec.weight_lanes * max(1, (1 + kc * live) / spec.f) if spec.weight_lanes < sets else 0
        bus = acts + (12 * parts if parts > 1 else 0)
        halo = plan.high * plan.wide - tile if tile else 0
        drain = kc * (2 * halo * (plan.rows.tiles * plan.cols.tiles > 1) + tile * 1.2) + 4 * STEP + 40
        cycles = count * max(plan.pairs * max(work, lanes, bus, 1.0), drain) + 0.5 * drain
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

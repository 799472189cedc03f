"""A whole network laid over the array: levels by predicted cycles, pitches, passes, block indices and memory regions."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from compress.scnn.axis import CUTS, TURNS, bounds
from compress.scnn.balance import ordered
from compress.scnn.fill import fill
from compress.scnn.lay import lay
from compress.scnn.mapping import LayerMapping
from compress.scnn.room import RegionError, RoomError, memory, more
from compress.scnn.stride import settle
from compress.scnn.tensor import PLAIN, Form, Tensor
from golden.scnn.layer import Layer, source
from spec.scnn import ScnnSpec
from spec.scnn.shape import MOST_PLANE

Share = Callable[[Layer, str], float]
Need = Callable[[ScnnSpec, Tensor], int]

GROUPS = (1, 2, 4)      # input-channel groups that are tried
GAP = 15        # widest gap between rows in the positions of a tensor: a placeholder then always saves a place


def arrange(spec: ScnnSpec, layers: Sequence[Layer], shape: tuple[int, int, int], *, density: float | dict[str, float] = 0.5,
            levels: Sequence[int] | None = None, passes: Sequence[int | None] | None = None, order: str = "balanced",
            groups: Sequence[int | None] | None = None, need: Need | None = None) -> tuple[Tensor, list[LayerMapping]]:
    """Lay a network over the array.

    A network whose layers do not fit with the input-channel groups of the fewest expected cycles is laid without any.

    Parameters
    ----------
    spec : ScnnSpec
    layers : sequence of Layer
        In the order in which they run.
    shape : tuple of int
        Channels, rows and columns of the network's input.
    density : float or dict
        Expected share of activations other than 0, or that of each tensor by name.
    levels : sequence of int, optional
        Level of each layer; chosen by predicted cycles if left out.
    passes : sequence of int or None, optional
        Passes of each layer, where they are not to be chosen.
    order : str
        ``"balanced"`` or ``"given"``: how output channels go to the PEs of a block.
    groups : sequence of int or None, optional
        Input-channel groups of each layer, where they are not to be chosen.
    need : callable, optional
        Takes the machine and a tensor, and returns how many words per PE to reserve for the tensor. If left out, enough for
        a tensor without zeros, so for every input.

    Returns
    -------
    Tensor, list of LayerMapping
        The network's input and the layers.

    Raises
    ------
    ValueError
        If a layer cannot fit, with the reason for each level.
    """
    if max(shape[1:]) > MOST_PLANE:
        raise ValueError(f"plane of input must be at most {MOST_PLANE} x {MOST_PLANE}, not {shape[1]} x {shape[2]}; "
                         f"cut it into several inputs")
    share = density if isinstance(density, dict) else {}
    common = 0.5 if isinstance(density, dict) else density
    names = ["input"]
    for layer in layers:
        for name in (*(source(text)[0] for text in layer.inputs), *([layer.residual[0]] if layer.residual else [])):
            if name not in names:
                raise ValueError(f"{layer.name}: inputs must be made by earlier layers, not {name!r}")
        names.append(layer.name)
    choices = Choices(levels=levels, passes=passes, groups=groups, order=order, need=need or _worst, lone=_lone(layers),
                      share=lambda layer, name: share.get(f"{layer.name} < {name}", share.get(name, common)))
    try:
        return _laid(spec, layers, shape, choices)
    except ValueError:
        if spec.input_groups == 1 or groups is not None:
            raise
    return _laid(spec, layers, shape, replace(choices, groups=[1] * len(layers)))


def _worst(spec: ScnnSpec, tensor: Tensor) -> int:
    return tensor.words(spec)


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What :func:`arrange` was asked for.

    ``share`` is the expected share of activations other than 0 that a layer reads. ``lone`` is true for
    each layer whose output is not a result and is read only by layers with one input.
    """

    levels: Sequence[int] | None
    passes: Sequence[int | None] | None
    groups: Sequence[int | None] | None
    order: str
    need: Need
    share: Share
    lone: Sequence[bool]


def _laid(spec: ScnnSpec, layers: Sequence[Layer], shape: tuple[int, int, int],
          choices: Choices) -> tuple[Tensor, list[LayerMapping]]:
    found = _search(spec, layers, shape, choices)
    _pitches(spec, found.mappings, choices.share, choices.passes)
    for mapping in found.mappings:
        settle(spec, mapping, choices.share(mapping.layer, source(mapping.layer.inputs[0])[0]))
    _place(spec, found.network, found.mappings, choices.need)
    return found.network, found.mappings


@dataclass(frozen=True, kw_only=True, eq=False)
class Way:
    """The first layers of a network, laid in one way: ``level`` is that of the last one, ``cycles`` what is expected."""

    network: Tensor
    tensors: dict[str, Tensor]
    mappings: list[LayerMapping]
    level: int
    cycles: float


def _search(spec: ScnnSpec, layers, shape, choices: Choices) -> Way:
    """Lay layer after layer at levels that never fall, keeping for each level the best way so far to get there."""
    cuts = _cuts(layers)
    ways: list[Way] = []
    given = [cut for cut in CUTS if cut != TURNS]           # images describe inputs and outputs by one cut
    for level, (high, wide), cut in ((level, side, cut) for level, side in enumerate(spec.block_sides) for cut in given):
        orders = ordered(np.zeros((shape[0], 1)), high * wide, choices.order, cuts.get("input", []))
        rows, cols = bounds(shape[1], spec.rows // high, cut), bounds(shape[2], spec.cols // wide, cut)
        network = Tensor(name="input", shape=shape, level=level, rows=rows, cols=cols, orders=orders, layer=-1, kc=0,
                         span=max(map(len, orders)))
        ways.append(Way(network=network, tensors={"input": network}, mappings=[], level=level, cycles=0.0))
    needed = _needed(layers)
    for number, layer in enumerate(layers):
        best: dict[tuple[int, str], Way] = {}
        faults: dict[int, str] = {}
        for way in ways:
            for level, groups, cut in _splits(spec, way, number, choices):
                new = _next(spec, way, layer, level, groups, cuts.get(layer.name, []), cut, choices)
                if isinstance(new, str):
                    faults.setdefault(level, new)
                elif (level, cut) not in best or new.cycles < best[level, cut].cycles:
                    best[level, cut] = new
        if not best:
            why = "; ".join(f"at level {level} {fault}" for level, fault in sorted(faults.items()))
            raise ValueError(f"{layer.name} must fit the array; {why or f'levels must not fall, not {choices.levels}'}")
        ways = _apart(best.values(), needed[number])
    return min(ways, key=lambda way: way.cycles)


def _needed(layers: Sequence[Layer]) -> list[set[str]]:
    """Return for each layer the tensors that layers after it read."""
    found: list[set[str]] = [set()]
    for layer in reversed(layers[1:]):
        names = {source(text)[0] for text in layer.inputs} | ({layer.residual[0]} if layer.residual else set())
        found.append(found[-1] | names)
    return found[::-1]


def _apart(ways: Iterable[Way], needed: set[str]) -> list[Way]:
    """Keep, of ways with the same tiles in all ``needed`` tensors, the cheapest one: what follows costs the same for all."""
    found: dict[tuple[Any, ...], Way] = {}
    for way in ways:
        lie = way.level, *((name, one.level, one.rows, one.cols, one.turns)
                           for name, one in way.tensors.items() if name in needed)
        if lie not in found or way.cycles < found[lie].cycles:
            found[lie] = way
    return list(found.values())


def _splits(spec: ScnnSpec, way: Way, number: int, choices: Choices) -> Iterator[tuple[int, int, str]]:
    """Yield level, input-channel groups and cut of the plane of the ways to lay the next layer."""
    asked = None if choices.groups is None else choices.groups[number]
    for level in range(way.level, len(spec.block_sides)) if number else [way.level]:
        if choices.levels is not None and level != choices.levels[number]:
            continue
        for groups in [asked] if asked is not None else [count for count in GROUPS if spec.grouped(level, count) is not None]:
            for cut in CUTS:
                if cut != TURNS or choices.lone[number]:
                    yield level, groups, cut


def _next(spec: ScnnSpec, way: Way, layer: Layer, level: int, groups: int, cuts: list[int], cut: str,
          choices: Choices) -> Way | str:
    """Return a way with one layer more, or why the layer cannot be laid at the level."""
    inputs = [(way.tensors[name], channels) for name, channels in map(source, layer.inputs)]
    residual = way.tensors[layer.residual[0]] if layer.residual else None
    mapping = lay(spec, layer, len(way.mappings), level, inputs, residual, choices.order, cuts, cut, groups)
    if isinstance(mapping, str):
        return mapping
    passes = None if choices.passes is None else choices.passes[mapping.number]
    cycles = fill(spec, mapping, mapping.wide, choices.share(layer, inputs[0][0].name), passes)
    if isinstance(cycles, str):
        return cycles
    return Way(network=way.network, tensors=way.tensors | {layer.name: mapping.output}, mappings=[*way.mappings, mapping],
               level=level, cycles=way.cycles + cycles)


def _lone(layers: Sequence[Layer]) -> list[bool]:
    """Return for each layer whether its output is not a result and is read only by layers with one input."""
    alone, together = set[str](), set[str]()
    for layer in layers:
        names = [source(text)[0] for text in layer.inputs] + ([layer.residual[0]] if layer.residual else [])
        (alone if len(names) == 1 else together).update(names)
    return [layer.name in alone - together for layer in layers[:-1]] + [False]


def _cuts(layers: Sequence[Layer]) -> dict[str, list[int]]:
    """Return where readers cut each tensor into ranges of channels; a residual is cut like the output it is added to."""
    found: dict[str, set[int]] = {}
    for layer in layers:
        for name, channels in map(source, layer.inputs):
            if channels.start is not None:
                found.setdefault(name, set()).update((channels.start, channels.stop))
    for layer in reversed(layers):
        if layer.residual:
            found.setdefault(layer.residual[0], set()).update(found.get(layer.name, ()))
    return {name: sorted(cut for cut in cuts if cut) for name, cuts in found.items()}


def _pitches(spec: ScnnSpec, mappings: list[LayerMapping], share: Share, passes) -> None:
    """Give forms that any layer reads together one pitch, wide enough for all their readers; fill the mappings again."""
    group: dict[tuple[str, Form], int] = {}
    wide: list[int] = []
    for mapping in mappings:
        read = {(segment.tensor.name, segment.form) for segment in mapping.segments}
        met = sorted({group[key] for key in read if key in group})
        number = met[0] if met else len(wide)
        if not met:
            wide.append(0)
        for key in [*read, *(key for key, own in group.items() if own in met)]:
            group[key] = number
        wide[number] = max([wide[own] for own in met] + [mapping.wide, wide[number]])
    for mapping in mappings:
        for segment in mapping.segments:
            segment.tensor.pitches[segment.form] = wide[group[segment.tensor.name, segment.form]]
            segment.tensor.blocks.setdefault(segment.form, 0)
        count = passes[mapping.number] if passes is not None else None
        pitch = mapping.segments[0].tensor.pitches[mapping.segments[0].form]
        why = fill(spec, mapping, pitch, share(mapping.layer, source(mapping.layer.inputs[0])[0]), count)
        if isinstance(why, str):
            raise ValueError(f"{mapping.layer.name}: {why}")
    for mapping in mappings:
        if not mapping.output.blocks:                          # read by the host alone
            cols = mapping.output.cols
            mapping.output.blocks[PLAIN] = 0
            mapping.output.pitches[PLAIN] = max(1, max(end - first for first, end in zip(cols, cols[1:], strict=False)))
        for form, pitch in mapping.output.pitches.items():
            narrow = min((len(range(first + (phase - first - form[3]) % form[1], end, form[1]))
                          for _, edges in mapping.output.cuts for first, end in pairwise(edges) if end > first
                          for phase in range(form[1])), default=1)
            if pitch - max(narrow, 0) > GAP:
                raise ValueError(f"{mapping.layer.name}: rows of its tiles must be at most {GAP} shorter than the pitch "
                                 f"{pitch} that readers need, not {pitch - narrow}")


def _place(spec: ScnnSpec, network: Tensor, mappings: list[LayerMapping], size: Need) -> None:
    """Give tensors their block indices and regions of memory, first fit over their lives, and number passes and taps."""
    last = {network.name: 0}
    for mapping in mappings:
        for segment in mapping.segments:
            last[segment.tensor.name] = mapping.number
    taken: list[tuple[int, int, int, int, int]] = []        # end of life, first word, words, first block, blocks
    passes = taps = 0
    for number, tensor in enumerate([network, *(mapping.output for mapping in mappings)]):
        taken = [one for one in taken if one[0] >= number - 1]
        words = size(spec, tensor)
        need = sum(tensor.span * form[0] * form[1] for form in tensor.blocks)
        word = _first([(one[1], one[2]) for one in taken], words)
        block = _first([(one[3], one[4]) for one in taken], need)
        if word + words > spec.memory_words:
            other = ", or --activations recorded" if size is _worst and number else ""      # the input is never planned so
            raise RegionError(f"activations of {tensor.name} must fit memory_words, not need {word + words} of "
                            f"{spec.memory_words} words per PE; take a larger array{memory(spec)}{other}")
        if block + need > spec.blocks:
            raise RoomError(f"blocks of {tensor.name} must fit {spec.blocks}, not need {block + need}; "
                            f"{more('blocks', block + need)}")
        taken.append((last.get(tensor.name, len(mappings)), word, words, block, need))
        for form in tensor.blocks:
            tensor.blocks[form] = block
            block += tensor.span * form[0] * form[1]
        if number:
            mapping = mappings[number - 1]
            mapping.word, mapping.limit, mapping.first_pass, mapping.taps = word, word + words, passes, taps
            passes += mapping.passes
            taps += mapping.rows.taps * mapping.cols.taps + (mapping.layer.residual is not None)
    if taps > spec.taps:
        raise RoomError(f"taps of all layers together must be at most {spec.taps}, not {taps}; {more('taps', taps)}")


def _first(taken: list[tuple[int, int]], need: int) -> int:
    """Return the least place from which ``need`` places are free."""
    at = 0
    for first, size in sorted(taken):
        if at + need <= first:
            break
        at = max(at, first + size)
    return at

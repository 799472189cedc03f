"""A whole network laid over the array: levels by predicted cycles, pitches, passes, block indices and memory regions."""

from collections.abc import Sequence

import numpy as np

from compress.scnn.axis import bounds
from compress.scnn.plan import Plan, fill, form_of, lay
from compress.scnn.tensor import PLAIN, Form, Tensor
from golden.scnn.layer import Layer
from spec.scnn import ScnnSpec

GAP = 15        # widest gap between rows in the positions of a tensor: a placeholder then always saves a place


def arrange(spec: ScnnSpec, layers: Sequence[Layer], shape: tuple[int, int, int], *, density: float | dict[str, float] = 0.5,
            levels: Sequence[int] | None = None, passes: Sequence[int | None] | None = None, order: str = "balanced",
            ) -> tuple[Tensor, list[Plan]]:
    """Lay a network over the array.

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

    Returns
    -------
    Tensor, list of Plan
        The network's input and the layers.

    Raises
    ------
    ValueError
        If a layer cannot fit, with the reason for each level.
    """
    share = density if isinstance(density, dict) else {}
    common = 0.5 if isinstance(density, dict) else density
    names = ["input"]
    for layer in layers:
        for name in (*layer.inputs, *([layer.residual[0]] if layer.residual else [])):
            if name not in names:
                raise ValueError(f"{layer.name}: inputs must be made by earlier layers, not {name!r}")
        names.append(layer.name)
    best: tuple[float, Tensor, list[Plan]] | None = None
    faults: list[str] = []
    starts = range(len(spec.block_sides)) if levels is None else [levels[0]]
    for start in starts:
        try:
            source, plans, cycles = _follow(spec, layers, shape, start, levels, passes, order, share, common)
        except ValueError as error:
            faults.append(f"level {start}: {error}")
            continue
        if best is None or cycles < best[0]:
            best = cycles, source, plans
    if best is None:
        raise ValueError("; ".join(faults))
    _, source, plans = best
    _place(spec, source, plans)
    return source, plans


def _follow(spec, layers, shape, start, levels, passes, order, share, common) -> tuple[Tensor, list[Plan], float]:
    """Lay layer after layer, each at the level that is predicted to be fastest, beginning with an input at ``start``."""
    side = spec.block_sides[start]
    tiles, places = (spec.rows // side[0], spec.cols // side[1]), side[0] * side[1]
    source = Tensor(name="input", shape=shape, level=start, rows=bounds(shape[1], tiles[0]), cols=bounds(shape[2], tiles[1]),
                    orders=[np.arange(shape[0])[place::places] for place in range(places)], layer=-1,
                    kc=0, span=-(-shape[0] // places))
    tensors: dict[str, Tensor] = {"input": source}
    plans, total = [], 0.0
    for number, layer in enumerate(layers):
        inputs = [tensors[name] for name in layer.inputs]
        residual = tensors[layer.residual[0]] if layer.residual else None
        found: list[tuple[float, Plan]] = []
        why = []
        for level in range(len(spec.block_sides)) if levels is None else [levels[number]]:
            plan = lay(spec, layer, number, level, inputs, residual, order)
            if isinstance(plan, Plan):
                count = passes[number] if passes is not None else None
                cycles = fill(spec, plan, plan.wide, share.get(layer.inputs[0], common), count)
                if not isinstance(cycles, str):
                    found.append((cycles, plan))
                    continue
                plan = cycles
            why.append(f"at level {level} {plan}")
        if not found:
            raise ValueError(f"{layer.name} must fit the array; {'; '.join(why)}")
        cycles, plan = min(found, key=lambda pair: pair[0])
        if number == 0 and source.level < plan.level:
            raise ValueError(f"{layer.name}: the input's level must be that of the layer, {plan.level}, not {source.level}")
        total += cycles
        tensors[layer.name] = plan.output
        plans.append(plan)
    _pitches(spec, plans, share, common, passes)
    return source, plans, total


def _pitches(spec, plans: list[Plan], share, common, passes) -> None:
    """Give forms that any layer reads together one pitch, wide enough for all their readers; fill the plans again."""
    group: dict[tuple[str, Form], int] = {}
    wide: list[int] = []
    for plan in plans:
        read = {(segment.tensor.name, segment.form) for segment in plan.segments}
        met = sorted({group[key] for key in read if key in group})
        number = met[0] if met else len(wide)
        if not met:
            wide.append(0)
        for key in [*read, *(key for key, own in group.items() if own in met)]:
            group[key] = number
        wide[number] = max([wide[own] for own in met] + [plan.wide, wide[number]])
    for plan in plans:
        for segment in plan.segments:
            segment.tensor.pitches[segment.form] = wide[group[segment.tensor.name, segment.form]]
            segment.tensor.blocks.setdefault(segment.form, 0)
        count = passes[plan.number] if passes is not None else None
        pitch = plan.segments[0].tensor.pitches[plan.segments[0].form]
        why = fill(spec, plan, pitch, share.get(plan.layer.inputs[0], common), count)
        if isinstance(why, str):
            raise ValueError(f"{plan.layer.name}: {why}")
    for plan in plans:
        if not plan.output.blocks:                          # read by the host alone
            cols = plan.output.cols
            plan.output.blocks[PLAIN] = 0
            plan.output.pitches[PLAIN] = max(1, max(end - first for first, end in zip(cols, cols[1:], strict=False)))
        for form, pitch in plan.output.pitches.items():
            edges = plan.output.cols
            narrow = min((len(range(first + (phase - first - form[3]) % form[1], end, form[1]))
                          for first, end in zip(edges, edges[1:], strict=False) if end > first for phase in range(form[1])),
                         default=1)
            if pitch - max(narrow, 0) > GAP:
                raise ValueError(f"{plan.layer.name}: rows of its tiles must be at most {GAP} shorter than the pitch "
                                 f"{pitch} that readers need, not {pitch - narrow}; take another level")


def _place(spec: ScnnSpec, source: Tensor, plans: list[Plan]) -> None:
    """Give tensors their block indices and regions of memory, first fit over their lives, and number passes and taps."""
    last = {source.name: 0}
    for plan in plans:
        for segment in plan.segments:
            last[segment.tensor.name] = plan.number
    taken: list[tuple[int, int, int, int, int]] = []        # end of life, first word, words, first block, blocks
    passes = taps = 0
    for number, tensor in enumerate([source, *(plan.output for plan in plans)]):
        taken = [one for one in taken if one[0] >= number - 1]
        words = tensor.words(spec)
        need = sum(tensor.span * form[0] * form[1] for form in tensor.blocks)
        word = _first([(one[1], one[2]) for one in taken], words)
        block = _first([(one[3], one[4]) for one in taken], need)
        if word + words > spec.memory_words:
            raise ValueError(f"activations of {tensor.name} must fit memory_words, not need {word + words} of "
                             f"{spec.memory_words} words per PE; take a larger array or memory")
        if block + need > spec.blocks:
            raise ValueError(f"blocks of {tensor.name} must fit {spec.blocks}, not need {block + need}; take more blocks")
        taken.append((last.get(tensor.name, len(plans)), word, words, block, need))
        for form in tensor.blocks:
            tensor.blocks[form] = block
            block += tensor.span * form[0] * form[1]
        if number:
            plan = plans[number - 1]
            plan.word, plan.limit, plan.first_pass, plan.taps = word, word + words, passes, taps
            passes += plan.passes
            taps += plan.rows.taps * plan.cols.taps + (plan.layer.residual is not None)
    if taps > spec.taps:
        raise ValueError(f"taps of all layers together must be at most {spec.taps}, not {taps}; take more taps")


def _first(taken: list[tuple[int, int]], need: int) -> int:
    """Return the least place from which ``need`` places are free."""
    at = 0
    for first, size in sorted(taken):
        if at + need <= first:
            break
        at = max(at, first + size)
    return at


__all__ = ["arrange", "form_of"]

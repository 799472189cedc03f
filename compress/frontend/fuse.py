"""Turn steps into layers. An elementwise step becomes part of the previous layer or of the next one, or a separate layer.

A factor and summand (batch norm, bias, scale) after a dense layer or convolution changes its weights and bias; before one,
likewise, unless zero padding is in the way. An activation becomes part of the layer whose output it takes. Where no layer can
include the step, it becomes a separate layer, and a notice says so.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import Any

import numpy as np

from compress.frontend.bound import between, settle
from compress.frontend.graph import INPUT, Activation, Conv, Dense, Network, Relabel
from compress.frontend.order import behind_orders
from compress.frontend.state import Pending, State, alone, by_channel, taken, times
from compress.frontend.trace import Step
from compress.frontend.weigh import layer

OPEN = Activation()


def fuse(name: str, shape: tuple[int, ...], steps: list[Step], answer: str, *,
         left: Mapping[str, tuple[bool, bool]] = MappingProxyType({}), **rest: Any) -> Network:
    """Return the network of steps whose output is the value ``answer``; the other arguments are those of `Network`.

    ``left`` says of some bounds whether their low and high ends are left out.
    """
    again = partial(_again, name, shape, steps, answer, dict(rest))
    needed = _needed(steps, answer)
    settled = settle([step for step in steps if step.name in needed], answer, left)
    answer = settled.name(answer)
    steps = behind_orders(settled.steps, answer)
    uses = Counter(source for step in steps for source in step.inputs) + Counter([answer])
    state = State(shape=shape, uses=uses, names={INPUT: INPUT}, taken={step.name for step in steps},
                  planes=any(step.kind in ("conv", "pool") for step in steps))
    readers: dict[str, list[Step]] = {}
    for step in steps:
        for source in step.inputs:
            readers.setdefault(source, []).append(step)
    for step in steps:
        if step.kind == "affine":
            _affine(state, step, readers.get(step.name, []), step.name == answer)
        elif step.kind == "clip":
            _clip(state, step)
        else:
            layer(state, step)
    ranges = {settled.name(key): size for key, size in rest.get("ranges", {}).items()}
    rest["ranges"] = {state.names[key]: size for key, size in ranges.items() if key in state.names and key not in state.changed}
    notices = (*rest.pop("notices", ()), *state.notices)
    if settled.inputs is not None:
        said = between(settled.inputs)
        notices += (f"inputs are kept {said} by the host, as {settled.nodes[0]} does: sim.run and boards.run do so",)
    ordered = tuple(replace(one, nodes=tuple(dict.fromkeys(one.nodes))) for one in state.layers.values())
    if ordered and state.names[answer] != ordered[-1].name:
        raise ValueError(f"output must be that of the last layer, {ordered[-1].name!r}, not {state.names[answer]!r}; "
                         f"export the network again")
    return Network(name=name, shape=shape, layers=ordered, notices=notices, bounds=settled.inputs, again=again,
                   ends={state.names[value]: end for value, end in settled.ends.items()}, **rest)


def _again(name: str, shape: tuple[int, ...], steps: list[Step], answer: str, rest: dict[str, Any],
           left: Mapping[str, tuple[bool, bool]]) -> Network:
    return fuse(name, shape, steps, answer, left=left, **rest)


def _needed(steps: list[Step], answer: str) -> set[str]:
    """Return the values that the answer comes from."""
    found = {answer}
    for step in reversed(steps):
        if step.name in found:
            found.update(step.inputs)
    return found


def _affine(state: State, step: Step, readers: list[Step], last: bool) -> None:
    """Fold a scale and an offset into the previous layer or into the next layers, or make a separate layer of them."""
    source, scale, shift = step.inputs[0], step.numbers["scale"], step.numbers["shift"]
    ours = state.names[source]
    if (scale == 1).all() and not shift.any() and source not in state.open:
        state.call(step.name, ours)
        state.uses[source] += state.uses[step.name] - 1
        return
    layer = state.layers.get(ours)
    if source in state.open:                    # after another one that is not applied yet
        before = state.pending[state.open[source]]
        scale, shift = scale * before.scale, scale * before.shift + shift
        step = replace(step, nodes=[*before.nodes, *step.nodes])
    elif layer is not None and state.uses[source] == 1 and (merged := _behind(layer, scale, shift, step.nodes)) is not None:
        state.layers[ours] = merged
        state.changed.update(state.before.pop(ours, []))
        state.call(step.name, ours)
        return
    if not last and all(_takes(reader, scale, shift) for reader in readers):
        state.hold(step, ours, Pending(scale=scale, shift=shift, nodes=tuple(step.nodes)))
        return
    if any(reader.kind == "affine" for reader in readers) and len(readers) == 1 and not last:
        state.hold(step, ours, Pending(scale=scale, shift=shift, nodes=tuple(step.nodes)))
        return
    alone(state, step, ours, scale, shift)


def _takes(reader: Step, scale: np.ndarray, shift: np.ndarray) -> bool:
    """Tell whether a step can take a factor and summand of its input into its weights."""
    if reader.kind == "add":
        return len(reader.shape) == 3 and all(by_channel(part, reader.shape[0]) is not None for part in (scale, shift))
    if reader.kind != "conv":
        return reader.kind == "dense"
    channels, padded = reader.numbers["picture"][0], any(reader.numbers["pads"])
    return not (padded and shift.any()) and all(by_channel(part, channels) is not None for part in (scale, shift))


def _behind(layer: Any, scale: np.ndarray, shift: np.ndarray, nodes: list[str]) -> Any:
    """Return a layer with a factor and summand of its output in its weights and bias, None where that cannot be."""
    if layer.activation != OPEN or not isinstance(layer, Dense | Conv):
        return None
    if isinstance(layer, Conv):
        parts = by_channel(scale, layer.shape[0]), by_channel(shift, layer.shape[0])
        if parts[0] is None or parts[1] is None:
            return None
        scale, shift = parts[0], parts[1]
    bias = shift if layer.bias is None else layer.bias * scale + shift
    return replace(layer, weight=times(layer.weight, scale.reshape(-1, *[1] * (layer.weight.ndim - 1))),
                   bias=bias if bias.any() or layer.bias is not None else None, nodes=(*layer.nodes, *nodes))


def _clip(state: State, step: Step) -> None:
    source = step.inputs[0]
    ours = state.names[source]
    layer = state.layers.get(ours)
    wanted = Activation(relu=step.numbers["low"] == 0, ceiling=None if np.isinf(step.numbers["high"]) else step.numbers["high"])
    if source in state.open:
        ours = alone(state, step, ours, *taken(state, source))
        layer = state.layers[ours]
    elif layer is None or isinstance(layer, Relabel) or state.uses[source] > 1:
        ours = alone(state, step, ours, None, None)
        layer = state.layers[ours]
    else:
        layer = replace(layer, nodes=(*layer.nodes, *step.nodes))
    ceilings = [limit for limit in (layer.activation.ceiling, wanted.ceiling) if limit is not None]
    state.layers[ours] = replace(layer, activation=Activation(relu=layer.activation.relu or wanted.relu,
                                                              ceiling=min(ceilings, default=None)))
    state.call(step.name, ours)



"""Steps with weights or windows, sums and joins become layers, which take in what is still to be applied to their inputs."""

from typing import Any

import numpy as np

from compress.frontend.graph import Add, Concat, Conv, Dense, Pool, Relabel
from compress.frontend.node import Step, free
from compress.frontend.state import Pending, State, alone, by_channel, taken, times


def layer(state: State, step: Step) -> None:
    """Make a layer of a step; a factor and summand that it cannot take in become a layer ahead of it."""
    if step.kind == "add" and any(source in state.open for source in step.inputs) and _weighed(state, step):
        return
    sources: list[str] = []
    for source in step.inputs:
        ours = state.names[source]
        if source in state.open and step.kind not in ("dense", "conv"):
            before = state.pending[state.open[source]]
            first = Step(name=free(state.taken, f"{step.name} input {len(sources) + 1}"), kind="affine", inputs=[source],
                         shape=state.size(ours), nodes=list(before.nodes))
            ours = alone(state, first, ours, before.scale, before.shift)
        sources.append(ours)
    nodes = tuple(step.nodes)
    numbers = dict(step.numbers)
    if step.inputs[0] in state.open and step.kind in ("dense", "conv"):
        before = state.pending[state.open[step.inputs[0]]]
        numbers |= _before(step, before)
        nodes = (*before.nodes, *nodes)
    common: dict[str, Any] = {"name": step.name, "inputs": tuple(sources), "shape": step.shape, "nodes": nodes}
    state.layers[step.name] = KINDS[step.kind](**common, **numbers)
    state.call(step.name, step.name)


def _operand(state: State, source: str, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray] | None:
    """Return factor and summand of each channel that are still to be applied to a value, None where a channel has several."""
    channels = shape[0]
    if len(shape) != 3 or state.size(state.names[source]) != shape:
        return None
    if source not in state.open:
        return np.ones(channels), np.zeros(channels)
    scale, shift = (by_channel(part, channels) for part in taken(state, source))
    return None if scale is None or shift is None else (scale, shift)


def _weighed(state: State, step: Step) -> bool:
    """Make a sum of values with a factor and summand each, if they are by channel: a convolution of 1 x 1 over both of them."""
    operands = [part for source in step.inputs if (part := _operand(state, source, step.shape)) is not None]
    if len(operands) < len(step.inputs):
        return False
    nodes = [node for source in step.inputs if source in state.open for node in state.pending[state.open[source]].nodes]
    shape, both = step.shape, free(state.taken, f"{step.name} operands")
    state.layers[both] = Concat(name=both, inputs=tuple(state.names[source] for source in step.inputs),
                                shape=(2 * shape[0], *shape[1:]))
    weight = np.concatenate([np.diag(scale) for scale, _ in operands], axis=1)[:, :, None, None]
    bias = np.sum([shift for _, shift in operands], axis=0)
    state.layers[step.name] = Conv(name=step.name, inputs=(both,), shape=shape, nodes=(*nodes, *step.nodes), weight=weight,
                                   bias=bias, picture=(2 * shape[0], *shape[1:]))
    state.call(step.name, step.name)
    return True


KINDS: dict[str, type] = {"dense": Dense, "conv": Conv, "pool": Pool, "add": Add, "concat": Concat, "order": Relabel}


def _before(step: Step, before: Pending) -> dict[str, Any]:
    """Return weights and bias of a layer that takes in a factor and summand of its input."""
    weight, bias = step.numbers["weight"], step.numbers["bias"]
    if step.kind == "dense":
        more = weight @ before.shift
        scaled = times(weight, before.scale)
    else:
        channels = step.numbers["picture"][0]
        scale, shift = (values.reshape(channels, -1)[:, 0] for values in (before.scale, before.shift))
        groups = step.numbers["groups"]
        own = np.repeat(np.arange(groups), len(weight) // groups)[:, None] * weight.shape[1] + np.arange(weight.shape[1])
        more = (weight.sum((2, 3)) * shift[own]).sum(1)
        scaled = times(weight, scale[own][:, :, None, None])
    return {"weight": scaled, "bias": more if bias is None and more.any() else bias if bias is None else bias + more}

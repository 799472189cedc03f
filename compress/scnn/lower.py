"""A network in real numbers becomes steps of the array: dense layers are 1 x 1 planes, pools and sums join the layer before."""

import math
from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np

from compress.frontend.execute import counts
from compress.frontend.graph import INPUT, Activation, Add, Concat, Conv, Dense, Network, Pool, Relabel
from compress.frontend.refuse import NetworkRefusedError, Refusal
from compress.scnn.real import Lowered, Step, same
from compress.scnn.reform import can, channels
from compress.scnn.state import State, StepRefusedError, picture
from golden.scnn.layer import Pool as Windows

OPEN = Activation()


def lower(network: Network, path: Any = None) -> Lowered:
    """Return a network as steps of the array.

    Raises
    ------
    NetworkRefusedError
        With one line for each layer that the array cannot do.
    """
    found, lost = attempt(network)
    if lost or found is None:
        raise NetworkRefusedError(path or network.name, lost)
    return found


def attempt(network: Network) -> tuple[Lowered | None, list[Refusal]]:
    """Return a network as steps of the array, or one line for each layer that it cannot do."""
    lost: list[Refusal] = []
    first = network.layers[0]
    given = first.order if isinstance(first, Relabel) and first.inputs == (INPUT,) else None
    uses = Counter(name for layer in network.layers for name in layer.inputs)
    start = first.name if given is not None and uses[INPUT] == 1 else INPUT
    shapes = {layer.name: picture(layer.shape) for layer in network.layers}
    shapes[start] = _entry(network, start)
    state = State(network=network, shapes=shapes, uses=uses, parts={start: (INPUT,)})
    for layer in network.layers:
        if layer.name == start:
            continue
        if any(name not in state.parts for name in layer.inputs):
            continue                        # after a refused one
        try:
            RULES[type(layer)](state, layer)
        except StepRefusedError as error:
            name, _, operator = (layer.nodes[0] if layer.nodes else f"{layer.name} ({type(layer).__name__})").rpartition(" (")
            lost.append(Refusal(node=name, operator=operator.rstrip(")"), **error.parts))
    if lost:
        return None, lost
    last = network.layers[-1].name
    if last == start:
        raise ValueError(f"{network.name} must have a layer with weights or windows, not only a new order of elements")
    answer = state.one(last, ())
    steps = [*(step for name, step in state.steps.items() if name != answer), state.steps[answer]]
    order = network.order
    if order is not None and (sorted_last := _ordered(steps[-1], order)) is not None:
        steps[-1], order = sorted_last, None
    return Lowered(shape=shapes[start], steps=tuple(steps), given=given if start != INPUT else None, order=order,
                   bounds=network.bounds), []


def _entry(network: Network, start: str) -> tuple[int, int, int]:
    """Return channels, rows and columns of the input: those in which the first layers read it."""
    shape = network.shape if start == INPUT else network.layers[0].shape
    read = {layer.picture for layer in network.layers if start in layer.inputs and isinstance(layer, Conv | Pool)}
    return picture(next(iter(read)) if len(read) == 1 else shape)


def _conv(state: State, layer: Conv) -> None:
    top, left, bottom, right = layer.pads
    given = state.seen(layer.inputs[0], picture(layer.picture), layer.nodes)
    state.add(Step(name=state.name(layer.name), value=layer.name, inputs=given, shape=picture(layer.shape),
                   weight=layer.weight, bias=layer.bias, stride=layer.strides, pad=(top, bottom, left, right),
                   groups=layer.groups, activation=layer.activation, nodes=layer.nodes))


def _dense(state: State, layer: Dense) -> None:
    """Take a dense layer as a filter as large as the plane."""
    value = layer.inputs[0]
    weight = layer.weight.reshape(len(layer.weight), *state.shapes[value])
    state.shapes[layer.name] = (len(weight), 1, 1)
    state.add(Step(name=state.name(layer.name), value=layer.name, inputs=state.parts[value],
                   shape=(len(weight), 1, 1), weight=weight, bias=layer.bias, activation=layer.activation, nodes=layer.nodes))


def _pool(state: State, layer: Pool) -> None:
    value, shape = layer.inputs[0], picture(layer.picture)
    given = state.seen(value, shape, layer.nodes)
    behind = tuple((out - 1) * hop + size - extent - before for out, hop, size, extent, before in
                   zip(layer.shape[1:], layer.strides, layer.kernel, layer.picture[1:], layer.pads[:2], strict=True))
    high, wide = (max(size, hop) if out == 1 else hop                    # a single window: its sums are read once and gone
                  for out, size, hop in zip(layer.shape[1:], layer.kernel, layer.strides, strict=True))
    windows = Windows(kind="sum" if layer.average else "max", size=layer.kernel, stride=(high, wide), pad=layer.pads[:2],
                      behind=(max(behind[0], 0), max(behind[1], 0)))
    divisor = 1
    if layer.average:
        divided = np.unique(counts(layer))
        if len(divided) > 1:
            raise StepRefusedError("mean of a window", "over as many values everywhere",
                                   f"over {divided[0]:g} to {divided[-1]:g}", "pad with count_include_pad=1, or not at all")
        divisor = int(divided[0])
    source = state.alone(value)
    if source is not None and (not layer.average or _linear(source, windows)):
        del state.steps[source.name]
        source = replace(source, nodes=(*source.nodes, *layer.nodes))
    else:
        source = same(shape, name="", value=value, inputs=given, nodes=layer.nodes)
    state.add(replace(source, name=state.name(layer.name), value=layer.name, shape=picture(layer.shape), pool=windows,
                      divisor=divisor, activation=_both(source.activation, layer.activation)))


def _linear(step: Step, windows: Windows) -> bool:
    """Tell whether means of a step's outputs are its bias and means of its sums: a bias does not lie in the padding."""
    return step.activation == OPEN and (step.bias is None or not any((*windows.pad, *windows.ends)))


def _both(first: Activation, second: Activation) -> Activation:
    """Return two activations one after another."""
    ceilings = [one.ceiling for one in (first, second) if one.ceiling is not None]
    return Activation(relu=first.relu or second.relu, ceiling=min(ceilings, default=None))


def _add(state: State, layer: Add) -> None:
    """Add a tensor to the sums of the layer that makes the other; where that cannot be, a 1 x 1 layer adds both."""
    shape = max((state.shapes[value] for value in layer.inputs), key=lambda one: one[1:])       # a plane rather than channels
    given = [state.seen(value, shape, layer.nodes) for value in layer.inputs]
    state.shapes[layer.name] = shape
    for value, other in (layer.inputs[::-1], layer.inputs):
        step = state.alone(value)
        if step is not None and step.activation == OPEN and layer.activation.ceiling is None and value != other:
            residual = state.one(other, layer.nodes) if state.shapes[other] == shape else given[layer.inputs.index(other)][0]
            del state.steps[step.name]
            state.add(replace(step, name=state.name(layer.name), value=layer.name, activation=layer.activation,
                              residual=residual, nodes=(*step.nodes, *layer.nodes)))
            return
    weight = np.concatenate([np.eye(shape[0])] * 2, axis=1)[:, :, None, None]
    state.add(Step(name=state.name(layer.name), value=layer.name, inputs=tuple(part for parts in given for part in parts),
                   shape=shape, weight=weight, activation=layer.activation, nodes=layer.nodes))


def _concat(state: State, layer: Concat) -> None:
    """Let readers take the parts one after another; after an activation the parts become one tensor."""
    planes = {state.shapes[value][1:] for value in layer.inputs}
    size = planes.pop() if len(planes) == 1 else picture(layer.shape)[1:]
    parts, depth = list[str](), 0
    for value in layer.inputs:
        own = math.prod(state.shapes[value]) // math.prod(size)
        parts += state.seen(value, (own, *size), layer.nodes)
        depth += own
    state.shapes[layer.name], state.parts[layer.name] = (depth, *size), tuple(parts)
    if layer.activation != OPEN:
        state.add(same(state.shapes[layer.name], name=state.name(layer.name), value=layer.name,
                       inputs=state.parts[layer.name], activation=layer.activation, nodes=layer.nodes))


def _relabel(state: State, layer: Relabel) -> None:
    """Take channels in another order by a filter of 1 x 1 with one weight for each; elements of any other order are moved."""
    value = layer.inputs[0]
    shape, wanted = state.shapes[value], state.shapes[layer.name]
    places = layer.order.reshape(shape[0], -1)
    whole = np.arange(places.shape[1])
    common: dict[str, Any] = {"value": layer.name, "inputs": state.parts[value], "nodes": layer.nodes,
                              "activation": layer.activation}
    if wanted == shape and (places == places[:, :1] + whole).all() and not (places[:, 0] % len(whole)).any():
        weight = np.eye(shape[0])[places[:, 0] // len(whole)][:, :, None, None]
        state.add(Step(name=state.name(layer.name), shape=shape, weight=weight, **common))
        return
    if not can(shape, wanted):
        raise StepRefusedError("order of the elements", "that of channels, rows and columns", "another, by a Transpose",
                               "transpose only at the input, or back again before the next layer")
    state.add(channels(shape, layer.order, name=state.name(layer.name), **common))
    state.shapes[layer.name] = (math.prod(shape), 1, 1)


RULES: dict[type, Any] = {Conv: _conv, Dense: _dense, Pool: _pool, Add: _add, Concat: _concat, Relabel: _relabel}


def _ordered(step: Step, order: np.ndarray) -> Step | None:
    """Return the last step with its outputs in the file's order, None where they lie over a plane or in groups."""
    if step.shape[1:] != (1, 1) or step.groups != 1 or step.residual is not None:
        return None
    return replace(step, weight=step.weight[order], bias=None if step.bias is None else step.bias[order])

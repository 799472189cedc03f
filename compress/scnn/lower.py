"""A network in real numbers becomes steps of the array: dense layers are 1 x 1 planes, pools and sums join the layer before."""

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from compress.frontend.execute import counts
from compress.frontend.graph import INPUT, Activation, Add, Concat, Conv, Dense, Network, Pool, Relabel
from compress.frontend.refuse import NetworkRefusedError, Refusal
from compress.scnn.real import Lowered, Step, same
from golden.scnn.layer import Pool as Windows

OPEN = Activation()


class StepRefusedError(ValueError):
    """A layer that the array cannot do; ``parts`` are those of a `Refusal` but for the node."""

    def __init__(self, what: str, rule: str, value: object, way_out: str) -> None:
        """Keep the parts of the sentence."""
        super().__init__(f"{what} must be {rule}, not {value}; {way_out}")
        self.parts = {"what": what, "rule": rule, "value": f"{value}"[:80], "way_out": way_out}


@dataclass(kw_only=True)
class _State:
    """The steps so far, and of which tensors each value of the network is made."""

    network: Network
    shapes: dict[str, tuple[int, int, int]]
    uses: Counter[str]
    steps: dict[str, Step] = field(default_factory=dict)
    parts: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def name(self, text: str) -> str:
        """Return a name for a tensor: that of the layer, without the colons that stand for ranges of channels."""
        plain, number = text.replace(":", "."), 2
        while plain in self.steps or plain == INPUT:
            plain, number = f"{text.replace(':', '.')}_{number}", number + 1
        return plain

    def one(self, value: str, nodes: tuple[str, ...]) -> str:
        """Return the tensor that is a value; one that lies in several becomes one of its own."""
        if len(self.parts[value]) > 1:
            made = same(self.shapes[value], name=self.name(value), value=value, inputs=self.parts[value], nodes=nodes)
            self.add(made)
        return self.parts[value][0]

    def add(self, step: Step, value: str | None = None) -> None:
        """Append a step, whose tensor is a value from now on."""
        self.steps[step.name] = step
        self.parts[value or step.value] = (step.name,)

    def alone(self, value: str) -> Step | None:
        """Return the step that makes a value, if no one else reads it and it may still change."""
        step = self.steps.get(self.parts[value][0]) if len(self.parts[value]) == 1 else None
        if step is None or self.uses[value] != 1 or self.uses[step.value] != 1:
            return None
        return step if step.pool is None and step.residual is None else None


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
    shapes = {layer.name: _picture(layer.shape) for layer in network.layers}
    shapes[start] = _entry(network, start)
    state = _State(network=network, shapes=shapes, uses=uses, parts={start: (INPUT,)})
    for layer in network.layers:
        if layer.name == start:
            continue
        if any(name not in state.parts for name in layer.inputs):
            continue                        # behind a refused one
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
    return Lowered(shape=shapes[start], steps=tuple(steps), given=given if start != INPUT else None, order=order), []


def _entry(network: Network, start: str) -> tuple[int, int, int]:
    """Return channels, rows and columns of the input: those in which the first layers read it."""
    shape = network.shape if start == INPUT else network.layers[0].shape
    read = {layer.picture for layer in network.layers if start in layer.inputs and isinstance(layer, Conv | Pool)}
    return _picture(next(iter(read)) if len(read) == 1 else shape)


def _picture(shape: tuple[int, ...]) -> tuple[int, int, int]:
    """Return a shape as channels, rows and columns."""
    if len(shape) in (2, 3):
        return shape[0], shape[1] if len(shape) == 3 else 1, shape[-1]
    return int(np.prod(shape)), 1, 1


def _read(state: _State, layer: Any, value: str) -> None:
    """Refuse a layer that sees a value in another shape than it lies in the array."""
    seen = tuple(layer.picture)
    if seen != state.shapes[value]:
        raise StepRefusedError("shape of the input", f"{' x '.join(map(str, state.shapes[value]))}, as it lies in the array",
                               " x ".join(map(str, seen)), "reshape only in front of a dense layer")


def _conv(state: _State, layer: Conv) -> None:
    value = layer.inputs[0]
    _read(state, layer, value)
    top, left, bottom, right = layer.pads
    state.add(Step(name=state.name(layer.name), value=layer.name, inputs=state.parts[value], shape=_picture(layer.shape),
                   weight=layer.weight, bias=layer.bias, stride=layer.strides, pad=(top, bottom, left, right),
                   groups=layer.groups, activation=layer.activation, nodes=layer.nodes))


def _dense(state: _State, layer: Dense) -> None:
    """Take a dense layer as a filter as large as the plane."""
    value = layer.inputs[0]
    weight = layer.weight.reshape(len(layer.weight), *state.shapes[value])
    state.add(Step(name=state.name(layer.name), value=layer.name, inputs=state.parts[value],
                   shape=(len(weight), 1, 1), weight=weight, bias=layer.bias, activation=layer.activation, nodes=layer.nodes))


def _pool(state: _State, layer: Pool) -> None:
    value = layer.inputs[0]
    _read(state, layer, value)
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
        source = same(state.shapes[value], name="", value=value, inputs=state.parts[value], nodes=layer.nodes)
    state.add(replace(source, name=state.name(layer.name), value=layer.name, shape=_picture(layer.shape), pool=windows,
                      divisor=divisor, activation=_both(source.activation, layer.activation)))


def _linear(step: Step, windows: Windows) -> bool:
    """Tell whether means of a step's outputs are its bias and means of its sums: a bias does not lie in the padding."""
    return step.activation == OPEN and (step.bias is None or not any((*windows.pad, *windows.ends)))


def _both(first: Activation, second: Activation) -> Activation:
    """Return two activations one after another."""
    ceilings = [one.ceiling for one in (first, second) if one.ceiling is not None]
    return Activation(relu=first.relu or second.relu, ceiling=min(ceilings, default=None))


def _add(state: _State, layer: Add) -> None:
    """Add a tensor to the sums of the layer that makes the other; where that cannot be, a 1 x 1 layer adds both."""
    shape = state.shapes[layer.name]
    for value, other in (layer.inputs[::-1], layer.inputs):
        step = state.alone(value)
        if step is not None and step.activation == OPEN and layer.activation.ceiling is None and value != other:
            residual = state.one(other, layer.nodes)
            del state.steps[step.name]
            state.add(replace(step, name=state.name(layer.name), value=layer.name, activation=layer.activation,
                              residual=residual, nodes=(*step.nodes, *layer.nodes)))
            return
    both = tuple(part for value in layer.inputs for part in state.parts[value])
    weight = np.concatenate([np.eye(shape[0])] * 2, axis=1)[:, :, None, None]
    state.add(Step(name=state.name(layer.name), value=layer.name, inputs=both, shape=shape, weight=weight,
                   activation=layer.activation, nodes=layer.nodes))


def _concat(state: _State, layer: Concat) -> None:
    """Let readers take the parts one after another; behind an activation the parts become one tensor."""
    planes = {state.shapes[value][1:] for value in layer.inputs}
    if len(planes) > 1:
        raise StepRefusedError("planes of the inputs", "alike", " and ".join(f"{high} x {wide}" for high, wide in
                               sorted(planes)), "concatenate values of one size, or dense ones")
    state.shapes[layer.name] = (sum(state.shapes[value][0] for value in layer.inputs), *planes.pop())
    state.parts[layer.name] = tuple(part for value in layer.inputs for part in state.parts[value])
    if layer.activation != OPEN:
        state.add(same(state.shapes[layer.name], name=state.name(layer.name), value=layer.name,
                       inputs=state.parts[layer.name], activation=layer.activation, nodes=layer.nodes))


def _relabel(state: _State, layer: Relabel) -> None:
    """Take channels in another order by a filter of 1 x 1 with one weight for each; any other order is refused."""
    value = layer.inputs[0]
    shape = state.shapes[value]
    channels = shape[0]
    places = layer.order.reshape(channels, -1)
    whole = np.arange(places.shape[1])
    if state.shapes[layer.name] == shape and (places == places[:, :1] + whole).all() and \
            not (places[:, 0] % len(whole)).any():
        weight = np.eye(channels)[places[:, 0] // len(whole)][:, :, None, None]
        state.add(Step(name=state.name(layer.name), value=layer.name, inputs=state.parts[value], shape=shape,
                       weight=weight, activation=layer.activation, nodes=layer.nodes))
        return
    raise StepRefusedError("order of the elements", "that of channels, rows and columns", "another, by a Transpose",
                           "transpose only at the input, or back again before the next layer")


RULES: dict[type, Any] = {Conv: _conv, Dense: _dense, Pool: _pool, Add: _add, Concat: _concat, Relabel: _relabel}


def _ordered(step: Step, order: np.ndarray) -> Step | None:
    """Return the last step with its outputs in the file's order, None where they lie over a plane or in groups."""
    if step.shape[1:] != (1, 1) or step.groups != 1 or step.residual is not None:
        return None
    return replace(step, weight=step.weight[order], bias=None if step.bias is None else step.bias[order])

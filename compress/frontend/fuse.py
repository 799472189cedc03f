"""Steps become layers: what works on each element alone goes into the layer before it or behind it, or becomes a layer.

A factor and summand (batch norm, bias, scale) behind a dense layer or convolution changes its weights and bias; before one,
likewise, unless zero padding is in the way. An activation joins the layer whose output it takes. What finds no such layer
becomes one of its own, which is said in a notice.
"""

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from compress.frontend.bound import between, settle
from compress.frontend.graph import INPUT, Activation, Add, Concat, Conv, Dense, Network, Pool, Relabel
from compress.frontend.order import behind_orders
from compress.frontend.trace import Step

OPEN = Activation()
MOST_ALONE = 4096       # elements of a value that a dense layer of its own may pass on one by one


@dataclass(frozen=True, kw_only=True, eq=False)
class Pending:
    """A factor and a summand that the layers behind will take in."""

    scale: np.ndarray
    shift: np.ndarray
    nodes: tuple[str, ...]


@dataclass(kw_only=True, eq=False)
class _State:
    shape: tuple[int, ...]
    uses: Counter[str]
    layers: dict[str, Any] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)         # value of a step: our value
    pending: dict[str, Pending] = field(default_factory=dict)   # our value: what is still to be applied to it
    open: dict[str, str] = field(default_factory=dict)          # value of a step: what is pending belongs to it
    notices: list[str] = field(default_factory=list)
    changed: set[str] = field(default_factory=set)              # values of steps that their layers do not have
    before: dict[str, list[str]] = field(default_factory=dict)  # our value: those of steps that it is, or was before a clip
    planes: bool = False                                        # some layer reads rows and columns

    def call(self, step: str, ours: str) -> None:
        """Note that the value of a step is one of ours."""
        self.names[step] = ours
        self.before.setdefault(ours, []).append(step)

    def hold(self, step: Step, ours: str, pending: Pending) -> None:
        """Note that the value of a step is one of ours with a factor and a summand that is still to be applied."""
        self.pending[step.name] = pending
        self.names[step.name], self.open[step.name] = ours, step.name
        self.changed.add(step.name)

    def size(self, name: str) -> tuple[int, ...]:
        return self.shape if name == INPUT else self.layers[name].shape


def fuse(name: str, shape: tuple[int, ...], steps: list[Step], answer: str, **rest: Any) -> Network:
    """Return the network of steps whose output is the value ``answer``; the other arguments are those of `Network`."""
    needed = _needed(steps, answer)
    settled = settle([step for step in steps if step.name in needed], answer)
    answer = settled.name(answer)
    steps = behind_orders(settled.steps, answer)
    uses = Counter(source for step in steps for source in step.inputs) + Counter([answer])
    state = _State(shape=shape, uses=uses, names={INPUT: INPUT}, planes=any(step.kind in ("conv", "pool") for step in steps))
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
            _layer(state, step)
    ranges = {settled.name(key): size for key, size in rest.get("ranges", {}).items()}
    rest["ranges"] = {state.names[key]: size for key, size in ranges.items() if key in state.names and key not in state.changed}
    notices = (*rest.pop("notices", ()), *state.notices)
    if settled.inputs is not None:
        said = between(settled.inputs)
        notices += (f"inputs are kept {said} by the host, as {settled.nodes[0]} does: sim.run and boards.run do so",)
    ordered = tuple(state.layers.values())
    if ordered and state.names[answer] != ordered[-1].name:
        raise ValueError(f"output must be that of the last layer, {ordered[-1].name!r}, not {state.names[answer]!r}; "
                         f"export the network again")
    return Network(name=name, shape=shape, layers=ordered, notices=notices, bounds=settled.inputs, **rest)


def _needed(steps: list[Step], answer: str) -> set[str]:
    """Return the values that the answer comes from."""
    found = {answer}
    for step in reversed(steps):
        if step.name in found:
            found.update(step.inputs)
    return found


def _affine(state: _State, step: Step, readers: list[Step], last: bool) -> None:
    """Take a factor and summand into the layer before, or keep it for those behind, or make a layer of it."""
    source, scale, shift = step.inputs[0], step.numbers["scale"], step.numbers["shift"]
    ours = state.names[source]
    if (scale == 1).all() and not shift.any() and source not in state.open:
        state.call(step.name, ours)
        state.uses[source] += state.uses[step.name] - 1
        return
    layer = state.layers.get(ours)
    if source in state.open:                    # behind another one that is not applied yet
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
    _alone(state, step, ours, scale, shift)


def _takes(reader: Step, scale: np.ndarray, shift: np.ndarray) -> bool:
    """Tell whether a step can take a factor and summand of its input into its weights."""
    if reader.kind != "conv":
        return reader.kind == "dense"
    channels, padded = reader.numbers["picture"][0], any(reader.numbers["pads"])
    return not (padded and shift.any()) and all(_by_channel(part, channels) is not None for part in (scale, shift))


def _behind(layer: Any, scale: np.ndarray, shift: np.ndarray, nodes: list[str]) -> Any:
    """Return a layer with a factor and summand of its output in its weights and bias, None where that cannot be."""
    if layer.activation != OPEN or not isinstance(layer, Dense | Conv):
        return None
    if isinstance(layer, Conv):
        parts = _by_channel(scale, layer.shape[0]), _by_channel(shift, layer.shape[0])
        if parts[0] is None or parts[1] is None:
            return None
        scale, shift = parts[0], parts[1]
    bias = shift if layer.bias is None else layer.bias * scale + shift
    return replace(layer, weight=_times(layer.weight, scale.reshape(-1, *[1] * (layer.weight.ndim - 1))),
                   bias=bias if bias.any() or layer.bias is not None else None, nodes=(*layer.nodes, *nodes))


def _times(weight: np.ndarray, factor: np.ndarray) -> np.ndarray:
    return weight if (factor == 1).all() else (weight * factor).astype(weight.dtype)


def _by_channel(values: np.ndarray, channels: int) -> np.ndarray | None:
    """Return one value per channel, None where a channel has several."""
    table = values.reshape(channels, -1)
    return table[:, 0] if (table == table[:, :1]).all() else None


def _clip(state: _State, step: Step) -> None:
    source = step.inputs[0]
    ours = state.names[source]
    layer = state.layers.get(ours)
    wanted = Activation(relu=step.numbers["low"] == 0, ceiling=None if np.isinf(step.numbers["high"]) else step.numbers["high"])
    if source in state.open:
        ours = _alone(state, step, ours, *_taken(state, source))
        layer = state.layers[ours]
    elif layer is None or isinstance(layer, Relabel) or state.uses[source] > 1:
        ours = _alone(state, step, ours, None, None)
        layer = state.layers[ours]
    else:
        layer = replace(layer, nodes=(*layer.nodes, *step.nodes))
    ceilings = [limit for limit in (layer.activation.ceiling, wanted.ceiling) if limit is not None]
    state.layers[ours] = replace(layer, activation=Activation(relu=layer.activation.relu or wanted.relu,
                                                              ceiling=min(ceilings, default=None)))
    state.call(step.name, ours)


def _taken(state: _State, source: str) -> tuple[np.ndarray, np.ndarray]:
    before = state.pending[state.open[source]]
    return before.scale, before.shift


def _alone(state: _State, step: Step, source: str, scale: np.ndarray | None, shift: np.ndarray | None) -> str:
    """Make a layer that passes every element on by itself, for what no other layer can take; return its name."""
    shape = state.size(source)
    shape = (shape[0], 1, shape[1]) if state.planes and len(shape) == 2 else shape
    count = int(np.prod(shape))
    scale = np.ones(count) if scale is None else scale
    shift = np.zeros(count) if shift is None else shift
    common: dict[str, Any] = {"name": step.name, "inputs": (source,), "shape": shape, "nodes": tuple(step.nodes)}
    channels = shape[0] if len(shape) == 3 else 0
    parts = (_by_channel(scale, channels), _by_channel(shift, channels)) if channels else (None, None)
    if parts[0] is not None and parts[1] is not None and shape[1:] != (1, 1):
        state.layers[step.name] = Conv(**common, weight=parts[0].reshape(-1, 1, 1, 1), bias=parts[1], groups=channels,
                                       picture=shape)
    elif count <= MOST_ALONE:
        state.layers[step.name] = Dense(**common, weight=np.diag(scale), bias=shift if shift.any() else None)
    else:
        raise ValueError(f"node {step.nodes[-1]} must follow or precede a dense layer or convolution that can take it in, "
                         f"not stand alone on {count:,} elements; move it next to one")
    state.notices.append(f"{step.nodes[-1]} becomes a layer of its own: no layer before or behind it can take it in")
    state.call(step.name, step.name)
    return step.name


def _layer(state: _State, step: Step) -> None:
    sources: list[str] = []
    for source in step.inputs:
        ours = state.names[source]
        if source in state.open and step.kind not in ("dense", "conv"):
            before = state.pending[state.open[source]]
            alone = Step(name=f"{step.name} input {len(sources) + 1}", kind="affine", inputs=[source], shape=state.size(ours),
                         nodes=list(before.nodes))
            ours = _alone(state, alone, ours, before.scale, before.shift)
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


KINDS: dict[str, type] = {"dense": Dense, "conv": Conv, "pool": Pool, "add": Add, "concat": Concat, "order": Relabel}


def _before(step: Step, before: Pending) -> dict[str, Any]:
    """Return weights and bias of a layer that takes in a factor and summand of its input."""
    weight, bias = step.numbers["weight"], step.numbers["bias"]
    if step.kind == "dense":
        more = weight @ before.shift
        scaled = _times(weight, before.scale)
    else:
        channels = step.numbers["picture"][0]
        scale, shift = (values.reshape(channels, -1)[:, 0] for values in (before.scale, before.shift))
        groups = step.numbers["groups"]
        own = np.repeat(np.arange(groups), len(weight) // groups)[:, None] * weight.shape[1] + np.arange(weight.shape[1])
        more = (weight.sum((2, 3)) * shift[own]).sum(1)
        scaled = _times(weight, scale[own][:, :, None, None])
    return {"weight": scaled, "bias": more if bias is None and more.any() else bias if bias is None else bias + more}

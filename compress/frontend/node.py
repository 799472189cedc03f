"""A node of an ONNX graph with its attributes and inputs within reach, and the `Step` that it may become."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx

from compress.frontend.refuse import NodeRefusedError
from compress.frontend.tensor import Tensor

if TYPE_CHECKING:
    from compress.frontend.trace import Trace


@dataclass(kw_only=True, eq=False)
class Step:
    """A layer in the making.

    Parameters
    ----------
    name : str
    kind : str
        dense, conv, pool, add, concat, order, affine, or bound, of which `compress.frontend.bound` makes clip.
    inputs : list of str
        Values read.
    shape : tuple of int
        Of the output.
    nodes : list of str
    numbers : dict
        What the kind needs: weight, bias, strides, pads, groups; scale, shift; low, high; ...
    """

    name: str
    kind: str
    inputs: list[str]
    shape: tuple[int, ...]
    nodes: list[str]
    numbers: dict[str, Any] = field(default_factory=dict)


def free(taken: set[str], text: str) -> str:
    """Return a name that is not ``taken`` yet: the text, or with a number after it; it is taken then."""
    name, number = text, 2
    while name in taken:
        name, number = f"{text}_{number}", number + 1
    taken.add(name)
    return name


class Node:
    """A node with its attributes and inputs within reach.

    Parameters
    ----------
    trace : Trace
    proto : onnx.NodeProto
    number : int
        Its place in the graph.
    """

    def __init__(self, trace: "Trace", proto: Any, number: int) -> None:
        """Read the attributes."""
        self.trace, self.proto, self.number = trace, proto, number
        self.operator, self.domain = proto.op_type, proto.domain
        self.name = proto.name or (proto.output[0] if proto.output else f"number {number}")
        self._attributes = {entry.name: entry for entry in proto.attribute}

    @property
    def title(self) -> str:
        """Operator with its domain where that is not the usual one."""
        return f"{self.domain}.{self.operator}" if self.domain not in ("", "ai.onnx") else self.operator

    @property
    def label(self) -> str:
        """Name and operator."""
        return f"{self.name} ({self.operator})"

    def attribute(self, name: str, default: Any = None) -> Any:
        """Return an attribute's value, text as str and lists as tuples."""
        if name not in self._attributes:
            return default
        value = onnx.helper.get_attribute_value(self._attributes[name])
        if isinstance(value, bytes):
            return value.decode(errors="replace")
        return tuple(value) if isinstance(value, list) else value

    def given(self, number: int) -> bool:
        """Tell whether an optional input is there."""
        return number < len(self.proto.input) and bool(self.proto.input[number])

    def data(self, number: int, what: str = "input", *, whole: bool = False) -> Tensor:
        """Return an input that is computed: real numbers, or with ``whole`` whole ones too."""
        tensor = self.trace.tensors.get(self.proto.input[number]) if self.given(number) else None
        if tensor is None:
            raise NodeRefusedError(what, "a value of the network", "a constant or missing",
                                   "fold it, or export the network again")
        if tensor.grid is not None and not whole:
            raise NodeRefusedError(f"type of {what}", "float", "whole numbers", "cast or dequantize before, as QDQ networks do")
        return tensor

    def is_constant(self, number: int) -> bool:
        """Tell whether an input is constant."""
        return self.given(number) and self.proto.input[number] in self.trace.constants

    def constant(self, number: int, what: str) -> np.ndarray:
        """Return an input that is constant, and finite where it is real, with an element at least."""
        if not self.is_constant(number):
            raise NodeRefusedError(what, "constant (an initializer or a Constant node)", "computed by the network",
                                   "export with constant weights")
        values = self.trace.constants[self.proto.input[number]]
        if values.dtype.kind == "f" and not values.size:
            raise NodeRefusedError(what, "of at least one element", f"of shape {list(values.shape)}",
                                   "export the network again")
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            place = np.argwhere(~np.isfinite(np.atleast_1d(values)))[0]
            raise NodeRefusedError(what, "finite", f"{np.atleast_1d(values)[tuple(place)]} at {tuple(map(int, place))}",
                                   "train again, or find out where it comes from")
        return values

    def integers(self, number: int, what: str) -> tuple[int, ...]:
        """Return a constant input as whole numbers."""
        return tuple(int(n) for n in np.atleast_1d(self.constant(number, what)).ravel()[:64])

    def need(self, name: str, default: Any, allowed: Any, way_out: str) -> None:
        """Refuse an attribute that has another value than the one allowed."""
        if (value := self.attribute(name, default)) != allowed:
            shown = list(value) if isinstance(value, tuple) else value
            raise NodeRefusedError(name, f"{list(allowed) if isinstance(allowed, tuple) else allowed}", shown, way_out)

    def step(self, kind: str, inputs: list[str], shape: tuple[int, ...], **numbers: Any) -> str:
        """Add a step, and return the name of its output."""
        trace = self.trace
        name = trace.unique(" ".join(self.name.split()))
        trace.shapes[name] = shape
        trace.steps.append(Step(name=name, kind=kind, inputs=inputs, shape=shape, nodes=[self.label], numbers=numbers))
        return name

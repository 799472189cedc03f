"""Walks an ONNX graph once, node by node: constants are folded, relabelling changes a `Tensor`, the rest becomes steps.

A `Step` is a layer in the making: what `compress.frontend.fuse` joins into layers. A node that cannot be mapped is refused by
name, and the walk goes on after it, so that one look finds all of them.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from compress.frontend import constant
from compress.frontend.graph import INPUT
from compress.frontend.model import Model, array
from compress.frontend.node import Node, Step
from compress.frontend.refuse import NodeRefusedError, Refusal
from compress.frontend.tensor import MOST, RAW, Tensor
from compress.frontend.way import HOST, TAIL, WAYS


class Trace:
    """The state of a walk; handlers of operators use it.

    Parameters
    ----------
    model : Model
    handlers : dict
        A function for each operator; it takes the trace and the node and returns the `Tensor` of the node's first output.
    """

    def __init__(self, model: Model, handlers: Mapping[str, "Handler"]) -> None:
        """Begin before the first node."""
        self.model, self.handlers = model, handlers
        self.constants: dict[str, np.ndarray] = dict(model.constants)
        self.tensors = {model.input: Tensor(source=INPUT, shape=model.shape, batch=model.batch,
                                            grid=RAW if model.whole else None)}
        self.steps: list[Step] = []
        self.refusals: list[Refusal] = []
        self.notices: list[str] = []
        self.host: list[str] = []
        self.answers: dict[str, Tensor] = {}        # values on the host, and the last of ours that they come from
        self.lost: set[str] = set()                 # values after a refused node
        self.ranges: dict[str, float] = {}
        self.padded: dict[str, tuple[Tensor, tuple[int, ...]]] = {}     # outputs of Pad: what they pad, and by how much
        self.orders: dict[str, list[tuple[str, np.ndarray]]] = {}      # values, and the steps that order them anew
        self.inferred = model.shapes
        self.names: set[str] = {INPUT}
        self.last: set[int] | None = None           # numbers of the nodes after which all is a host's work
        self.shapes: dict[str, tuple[int, ...]] = {INPUT: self.tensors[model.input].sample}

    def walk(self) -> Tensor | None:
        """Take every node, and return the value that the network's outputs come from, None where that is refused."""
        if self.tensors[self.model.input].size > MOST:
            self.refuse(Node(self, onnx.NodeProto(op_type="input", name=self.model.input), 0),
                        NodeRefusedError("size", f"at most {MOST:,} elements a sample",
                                         f"{self.tensors[self.model.input].size:,}", "take smaller pictures"))
            return None
        for number, proto in enumerate(self.model.nodes):
            self._take(Node(self, proto, number))
        return self._answer()

    def _take(self, node: Node) -> None:
        try:
            if self._folded(node) or self._on_host(node):
                return
            if any(name in self.lost and name not in self.tensors for name in node.proto.input):
                self._lose(node)
                return
            if node.operator not in self.handlers or node.domain not in ("", "ai.onnx"):
                raise NodeRefusedError("operator", "one that is mapped (docs/networks.md has the list)", node.title,
                                       WAYS.get(node.operator, "replace it, or let the network end before it"))
            before = len(self.steps)
            tensor = self.handlers[node.operator](self, node)
            if tensor.size > MOST:
                del self.steps[before:]
                raise NodeRefusedError("output", f"at most {MOST:,} elements a sample", f"{tensor.size:,}",
                                       "take a smaller layer")
            known = self.inferred.get(node.proto.output[0])
            if known != tensor.shape and node.attribute("ceil_mode", 0):
                known, self.inferred = None, {}     # onnx counts a last window that begins after the input; no runtime does
            if known is not None and known != tensor.shape:
                raise NodeRefusedError("shape of the output", f"{list(tensor.shape)}", f"{list(known)}, as onnx infers",
                                       "export the network again")
            self.tensors[node.proto.output[0]] = tensor
        except NodeRefusedError as error:
            self.refuse(node, error)

    def refuse(self, node: Node, error: NodeRefusedError) -> None:
        """Note that a node cannot be mapped, and go on with the shape that `onnx` infers for its output."""
        self.refusals.append(Refusal(node=node.name, operator=node.operator, **error.parts))
        self._lose(node)

    def _lose(self, node: Node) -> None:
        for name in filter(None, node.proto.output):
            self.lost.add(name)
            shape = self.inferred.get(name)
            if shape is None or len(shape) < 2 or shape[0] != self.model.shape[0]:
                continue
            if self.lost.isdisjoint(node.proto.input):
                self.tensors[name] = Tensor(source=f"?{name}", shape=shape, batch=0)

    def _folded(self, node: Node) -> bool:
        """Evaluate a node whose inputs are all constant, or that asks only for a shape."""
        proto = node.proto
        if node.operator == "Constant":
            self.constants[proto.output[0]] = _constant(proto)
            return True
        if node.operator in ("Shape", "Size") and proto.input[0] in self.tensors:
            fake = np.broadcast_to(np.zeros((), np.uint8), self.tensors[proto.input[0]].shape)
            inputs: list[np.ndarray | None] = [fake]
        elif proto.input and all(not name or name in self.constants for name in proto.input) and node.operator in constant.SAFE:
            inputs = [self.constants[name] if name else None for name in proto.input]
        else:
            return False
        for name, value in zip(proto.output, constant.fold(proto, inputs, self.model.opset), strict=True):
            if name:
                self.constants[name] = value
        return True

    def _on_host(self, node: Node) -> bool:
        """Leave a node to the host if what it reads is there already, or it begins what only leads to the outputs."""
        names = [name for name in node.proto.input if name and name not in self.constants]
        there = [name for name in names if name in self.answers]
        if there and node.operator in TAIL:
            first = self.answers[there[0]]
        elif not there and node.operator in HOST and len(names) == 1 and names[0] in self.tensors \
                and self._ends(node) and not self._turned_back(node):
            first = self.tensors[names[0]]
        elif there:
            raise NodeRefusedError("operator", f"one that a host does after {self.host[0]}", node.title,
                                   "let the network end before it")
        else:
            return False
        self.host.append(node.label)
        self.answers |= dict.fromkeys(filter(None, node.proto.output), first)
        return True

    def _ends(self, node: Node) -> bool:
        """Tell whether all that follows a node is a host's work."""
        if self.last is None:
            wanted, self.last = set[str](), set()
            for number in range(len(self.model.nodes) - 1, -1, -1):
                proto = self.model.nodes[number]
                if proto.op_type in TAIL and wanted.isdisjoint(proto.output):
                    self.last.add(number)
                else:
                    wanted.update(proto.input)
        return node.number in self.last

    def _turned_back(self, node: Node) -> bool:
        """Tell whether whole numbers become real ones again, so that a QuantizeLinear stands for the ends of a range."""
        return node.operator == "QuantizeLinear" and any(
            proto.op_type == "DequantizeLinear" and node.proto.output[0] in proto.input for proto in self.model.nodes)

    def _answer(self) -> Tensor | None:
        if self.refusals or self.lost:
            return None
        found: dict[str, Tensor] = {}
        for name in self.model.outputs:
            if name in self.constants:
                continue
            tensor = self.answers.get(name) or self.tensors[name]
            if tensor.grid is not None and name not in self.answers:
                raise ValueError(f"output {name!r} must be real numbers, not whole ones; end the network with DequantizeLinear")
            found[tensor.source] = tensor
        if len(found) != 1:
            raise ValueError(f"outputs must come from one value, not {len(found)} ({', '.join(self.model.outputs):.80}); "
                             f"export a network with one output")
        return next(iter(found.values()))

    def shape(self, tensor: Tensor) -> tuple[int, ...]:
        """Return the shape of the value that a tensor's elements are those of."""
        return self.shapes[tensor.source] if tensor.source in self.shapes else tensor.sample

    def unique(self, name: str) -> str:
        """Return a name that no other step has."""
        plain, number = name or "layer", 2
        while name in self.names or not name:
            name, number = f"{plain}_{number}", number + 1
        self.names.add(name)
        return name


Handler = Callable[[Trace, Node], Tensor]
"""What maps an operator: it returns the value of a node's first output."""


def _constant(proto: Any) -> np.ndarray:
    for entry in proto.attribute:
        if entry.name == "value":
            return array(entry.t, Path(proto.name or proto.output[0]))
        if entry.name in ("value_float", "value_floats", "value_int", "value_ints"):
            value = onnx.helper.get_attribute_value(entry)
            return np.asarray(value, np.float32 if "float" in entry.name else np.int64)
    raise NodeRefusedError("value", "a tensor of numbers", ", ".join(entry.name for entry in proto.attribute) or "missing",
                           "export the network again")

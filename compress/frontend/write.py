"""Writes a network of `compress.frontend.graph` as ONNX: what came from Python objects becomes a file for every command."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from cli.write import atomic
from compress.frontend.graph import INPUT, Activation, Add, Concat, Conv, Dense, Network, Pool

OPSET = 17


def save(network: Network, path: str | os.PathLike[str]) -> None:
    """Write a network as an ONNX file, weights in single precision, the batch left open.

    Raises
    ------
    ValueError
        If the path does not end in .onnx, or elements change their order between layers, which has no node here.
    """
    path = Path(path)
    if path.suffix != ".onnx":
        raise ValueError(f"path must end in .onnx, not {path.suffix or 'neither'!r}; name it so")
    with atomic(path) as draft:
        draft.write_bytes(as_model(network).SerializeToString())


def as_model(network: Network) -> Any:
    """Return a network as an ``onnx.ModelProto``."""
    if network.order is not None and not isinstance(network.layers[-1], Dense):
        raise ValueError("answers must be in the order of the last layer's outputs, not in another; "
                         "write the network they came from")
    writer = _Writer(network)
    for layer in network.layers:
        writer.layer(layer)
    last = network.layers[-1]
    answer = writer.values[last.name]
    graph = helper.make_graph(
        writer.nodes, network.name or "network",
        [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, ["N", *network.shape])],
        [helper.make_tensor_value_info(answer, TensorProto.FLOAT, ["N", *last.shape])], writer.weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="nonzero")
    model.ir_version = 8
    onnx.checker.check_model(model)
    return model


class _Writer:
    """The nodes and weights so far; values are named after the layers that make them."""

    def __init__(self, network: Network) -> None:
        self.network, self.nodes, self.weights = network, list[Any](), list[Any]()
        self.values = {INPUT: INPUT if network.bounds is None else self._kept(network.bounds)}
        self.shapes = {INPUT: network.shape} | {layer.name: layer.shape for layer in network.layers}

    def layer(self, layer: Any) -> None:
        rule = RULES.get(type(layer))
        if rule is None:
            raise ValueError(f"layer {layer.name!r} must keep the order of elements, not be a {type(layer).__name__.lower()}; "
                             f"write the network it came from")
        self.values[layer.name] = self.active(layer, rule(self, layer))

    def _kept(self, bounds: tuple[float, float]) -> str:
        """Return the input between the ends at which a host keeps it."""
        ends = [self.weight(f"{INPUT} {name}", end) if np.isfinite(end) else "" for name, end in
                zip(("low", "high"), bounds, strict=True)]
        return self.node("Clip", [INPUT, *ends], f"{INPUT} kept")

    def node(self, operator: str, inputs: list[str], name: str, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(operator, inputs, [name], name=f"{name} {operator}", **attributes))
        return name

    def weight(self, name: str, values: Any, kind: Any = np.float32) -> str:
        self.weights.append(numpy_helper.from_array(np.asarray(values, kind), name))
        return name

    def shaped(self, value: str, shape: tuple[int, ...], layer: Any) -> str:
        """Return a value in the shape in which a layer reads it."""
        if self.shapes[value] == tuple(shape):
            return self.values[value]
        size = self.weight(f"{layer.name} shape of {value}", [0, *shape], np.int64)
        return self.node("Reshape", [self.values[value], size], f"{layer.name} of {value}")

    def active(self, layer: Any, value: str) -> str:
        act: Activation = layer.activation
        if act.ceiling is not None:
            low = [self.weight(f"{layer.name} low", 0.0)] if act.relu else [""]
            return self.node("Clip", [value, *low, self.weight(f"{layer.name} high", act.ceiling)], f"{layer.name} clipped")
        return self.node("Relu", [value], f"{layer.name} relu") if act.relu else value


def _parameters(writer: _Writer, layer: Dense | Conv, order: np.ndarray | None = None) -> list[str]:
    weight, bias = layer.weight, layer.bias
    if order is not None:
        weight, bias = weight[order], None if bias is None else bias[order]
    found = [writer.weight(f"{layer.name}.weight", weight)]
    return found if bias is None else [*found, writer.weight(f"{layer.name}.bias", bias)]


def _dense(writer: _Writer, layer: Dense) -> str:
    last = layer is writer.network.layers[-1]
    flat = writer.shaped(layer.inputs[0], (int(np.prod(writer.shapes[layer.inputs[0]])),), layer)
    order = writer.network.order if last else None
    y = writer.node("Gemm", [flat, *_parameters(writer, layer, order)], layer.name, transB=1)
    if len(layer.shape) == 1:
        return y
    return writer.node("Reshape", [y, writer.weight(f"{layer.name} shape", [0, *layer.shape], np.int64)],
                       f"{layer.name} as a plane")


def _conv(writer: _Writer, layer: Conv) -> str:
    return writer.node("Conv", [writer.shaped(layer.inputs[0], layer.picture, layer), *_parameters(writer, layer)], layer.name,
                       strides=list(layer.strides), pads=list(layer.pads), group=layer.groups)


def _pool(writer: _Writer, layer: Pool) -> str:
    above, left, below, right = layer.pads
    fits = [(size + before + behind - kernel) // hop + 1 for size, before, behind, kernel, hop in
            zip(layer.picture[1:], (above, left), (below, right), layer.kernel, layer.strides, strict=True)]
    more = {"count_include_pad": int(layer.count_pads)} if layer.average else {}
    return writer.node("AveragePool" if layer.average else "MaxPool", [writer.shaped(layer.inputs[0], layer.picture, layer)],
                       layer.name, kernel_shape=list(layer.kernel), strides=list(layer.strides), pads=list(layer.pads),
                       ceil_mode=int(fits != list(layer.shape[-2:])), **more)


def _add(writer: _Writer, layer: Add) -> str:
    return writer.node("Add", [writer.shaped(name, layer.shape, layer) for name in layer.inputs], layer.name)


def _concat(writer: _Writer, layer: Concat) -> str:
    return writer.node("Concat", [writer.values[name] for name in layer.inputs], layer.name, axis=1)


RULES: dict[type, Any] = {Dense: _dense, Conv: _conv, Pool: _pool, Add: _add, Concat: _concat}

"""Reads an ONNX network: every operator that can be mapped, and which function maps it."""

import contextlib
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from compress.frontend import element, join, linear, padding, part, relabel, spatial
from compress.frontend.fuse import fuse
from compress.frontend.graph import INPUT, Network
from compress.frontend.model import BATCH, Model, from_proto, open_model
from compress.frontend.refuse import NetworkRefusedError
from compress.frontend.tensor import tidy
from compress.frontend.trace import Handler, Trace

OPERATORS: dict[str, Handler] = {
    "Gemm": linear.gemm, "MatMul": linear.matmul, "Conv": spatial.conv, "MaxPool": spatial.max_pool,
    "AveragePool": spatial.average_pool, "GlobalAveragePool": spatial.global_average_pool,
    "GlobalMaxPool": spatial.global_max_pool, "ReduceMean": spatial.reduce_mean, "ReduceMax": spatial.reduce_max,
    "Slice": part.cut, "Split": part.split, "Neg": element.negate,
    "Add": element.add, "Sum": element.total, "Sub": element.subtract, "Mul": element.multiply, "Div": element.divide,
    "Pad": padding.pad,
    "Concat": join.concat, "BatchNormalization": element.batch_normalization, "Relu": element.relu, "Clip": element.clip,
    "QuantizeLinear": element.quantize, "DequantizeLinear": element.dequantize,
    "Identity": relabel.same, "Dropout": relabel.dropout, "Cast": relabel.cast, "Reshape": relabel.reshape,
    "Flatten": relabel.flatten, "Transpose": relabel.transpose, "Squeeze": relabel.squeeze, "Unsqueeze": relabel.unsqueeze,
}
"""What maps each operator; a node with another one is refused by name, unless it is constant or left to the host."""


def read(path: str | os.PathLike[str]) -> Network:
    """Return the network in an ONNX file.

    Raises
    ------
    NetworkRefusedError
        With one line for each node that cannot be mapped.
    ValueError, TypeError, OSError
        If the file is damaged, hostile or too large.
    """
    return convert(open_model(path), path)


def from_model(proto: Any, path: str | os.PathLike[str] = "network.onnx") -> Network:
    """Return the network of an ``onnx.ModelProto``; ``path`` names it, and says where weights beside it lie."""
    return convert(from_proto(proto, Path(path)), path)


def convert(model: Model, path: str | os.PathLike[str]) -> Network:
    """Return the network of an opened file.

    The first axis of the input is the batch. Where samples mix, and the file fixes that axis, all of it is one sample.
    """
    try:
        return _convert(model, path)
    except NetworkRefusedError as error:
        if model.batch is None or model.shape[0] in (1, BATCH):
            raise
        with contextlib.suppress(ValueError):
            whole = _convert(replace(model, batch=None), path)
            notice = f"all of the input {list(model.shape)} is one sample: its parts along the first axis are not treated alike"
            return replace(whole, notices=(*whole.notices, notice))
        raise error


def _convert(model: Model, path: str | os.PathLike[str]) -> Network:
    trace = Trace(model, OPERATORS)
    answer = trace.walk()
    if trace.refusals or answer is None:
        raise NetworkRefusedError(path, trace.refusals)
    try:
        network = fuse(model.name, trace.shapes[INPUT], trace.steps, answer.source, ranges=trace.ranges,
                       host=tuple(trace.host), notices=tuple(trace.notices),
                       order=None if answer.index is None else tidy(answer.index))
        _finite(network)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    if not network.layers:
        kinds = ", ".join(dict.fromkeys(node.op_type for node in model.nodes)) or "no nodes"
        raise ValueError(f"{path} must have a layer with weights or windows, not only {kinds:.80}; "
                         f"name a network that computes something")
    if model.batch is not None and model.shape[0] not in (1, BATCH):
        notice = f"the batch of {model.shape[0]:,} in the file is taken as any number of samples"
        network = replace(network, notices=(*network.notices, notice))
    return network


def _finite(network: Network) -> None:
    """Refuse numbers that attributes of nodes, or their products with weights, have made infinite or NaN."""
    for layer in network.layers:
        for what in ("weight", "bias"):
            values = getattr(layer, what, None)
            if values is not None and not np.isfinite(values).all():
                place = tuple(map(int, np.argwhere(~np.isfinite(values))[0]))
                raise ValueError(f"{what} of layer {layer.name} must be finite, not {values[place]} at {place}, with all that "
                                 f"is folded into it; look at the attributes of its nodes")

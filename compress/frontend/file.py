"""Reads a network from whatever kind of file it is in."""

import os
from pathlib import Path

from compress import dense
from compress.frontend import arrays, onnx
from compress.frontend.graph import INPUT, Activation, Dense, Network
from compress.network import Dense as Given

KINDS = (".onnx", ".npz", ".safetensors", ".pt", ".pth")


def read_network(path: str | os.PathLike[str], *, relu_last: bool = False) -> Network:
    """Return the network in a file: `.onnx`, or arrays by name as `.npz`, `.safetensors` or a `state_dict`."""
    path = Path(path)
    if path.suffix == ".onnx":
        return onnx.read(path)
    if path.suffix not in KINDS:
        raise ValueError(f"{path} must end in one of {', '.join(KINDS)}, not {path.suffix or 'none of them'!r}; "
                         f"export the network as ONNX")
    found = dense.tensors(path)
    if arrays.SHAPE in found or any(array.ndim == 4 for array in found.values()):
        return arrays.read(path, found, relu_last=relu_last)
    return from_dense(dense.read(path, relu_last=relu_last), path.stem)


def from_dense(given: list[Given], name: str) -> Network:
    """Return the network of dense layers that follow each other."""
    made: list[Dense] = []
    for layer in given:
        made.append(Dense(name=layer.name, inputs=(made[-1].name if made else INPUT,), shape=(layer.weight.shape[0],),
                          activation=Activation(relu=layer.relu, ceiling=layer.ceiling), weight=layer.weight, bias=layer.bias,
                          nodes=(f"{layer.name} (weight)",)))
    return Network(name=name, shape=(given[0].weight.shape[1],), layers=tuple(made))

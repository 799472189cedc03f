"""Reads convolutions from arrays by name, for those whose network is no ONNX file: weights, strides, padding, pools.

The arrays become an ONNX model, and that is read, so that there is one reading of every layer.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from compress.dense import EPSILON, given, matrix, natural
from compress.frontend import onnx
from compress.frontend.graph import Network

SHAPE = "input.shape"
NAMING = (f"NAME.weight (outputs x inputs of a group x rows x columns), NAME.bias, NAME.stride (1 or 2 numbers), NAME.padding "
          f"(1, 2 or 4: above, left, below, right), NAME.groups, NAME.pool (window and stride of the maximum after the ReLU), "
          f"and {SHAPE} (channels, rows, columns)")
"""Names of the arrays of a convolution; layers follow each other in the natural order of NAME, dense ones among them."""

GEOMETRY = {"stride": ((1, 2), 1), "padding": ((1, 2, 4), 0), "groups": ((1,), 1), "pool": ((1, 2, 4), 1)}
"""For each array that describes a convolution: how many whole numbers it may hold, and the least that each may be."""

WEIGHTS = ({"weight"}, {"codes", "codebook"})
NORM = ("weight", "bias", "running_mean", "running_var")


def read(path: Path, arrays: Mapping[str, np.ndarray], *, relu_last: bool = False) -> Network:
    """Return the network of the arrays of a file, which are named by :data:`NAMING`.

    All layers have ReLU but the last, which has it on request. A batch normalisation is folded into the layer before it.

    Raises
    ------
    ValueError, TypeError
        If an array has another name or shape, or layers do not fit each other.
    """
    if SHAPE not in arrays:
        raise ValueError(f"{path} must hold {SHAPE}, the channels, rows and columns of its input, since it has a convolution; "
                         f"add it, with NAME.stride and NAME.padding where they are not 1 and 0, or export the network as ONNX")
    chain = _Chain(path, _integers(path, SHAPE, arrays[SHAPE], (3,), 1))
    parts: dict[str, dict[str, np.ndarray]] = {}
    for name, array in arrays.items():
        if name != SHAPE:
            layer, _, part = name.rpartition(".")
            if not layer:
                raise ValueError(f"array of {path} must be named {NAMING}, not {name!r}; rename or drop it")
            parts.setdefault(layer, {})[part] = array
    named = sorted(parts, key=natural)
    layers = [name for name in named if "running_mean" not in parts[name]]
    for name in named:
        if name not in layers:
            chain.norm(name, parts[name])
        else:
            chain.relu()
            chain.layer(name, parts[name])
    if relu_last:
        chain.relu()
    return chain.network()


def _integers(path: Path, name: str, array: np.ndarray, counts: tuple[int, ...], least: int) -> list[int]:
    values = np.atleast_1d(array)
    if values.ndim != 1 or len(values) not in counts or values.dtype.kind not in "iu" or not least <= values.min() or \
            values.max() > 1 << 16:
        many = " or ".join(map(str, counts))
        raise ValueError(f"{name} of {path} must be {many} whole number{'s' if counts[-1] > 1 else ''} of at least {least}, "
                         f"not {str(array.tolist()):.40}")
    return [int(value) for value in values]


@dataclass
class _Chain:
    """An ONNX model to which layers are added one by one; its values are numbered, so that a layer may have any name."""

    path: Path
    shape: list[int]
    nodes: list[Any] = field(default_factory=list)
    weights: list[Any] = field(default_factory=list)
    last: str = "x"
    flat: bool = False
    pending: Callable[[], None] | None = None

    def layer(self, name: str, parts: Mapping[str, np.ndarray]) -> None:
        """Add a convolution, or a dense layer."""
        shaped = set(parts) & set(GEOMETRY)
        if set(parts) - {"bias"} - shaped not in WEIGHTS:
            raise ValueError(f"array of {self.path} must be named {NAMING}, not "
                             f"{', '.join(f'{name}.{part}' for part in parts)!r} together; rename or drop one")
        weight = parts["weight"] if "weight" in parts else _expanded(self.path, name, parts)
        dimensions = 2 if weight.ndim == 2 else 4
        weight = matrix(self.path, f"{name}.weight", weight, dimensions)
        if dimensions == 2 and shaped:
            raise ValueError(f"{name}.{min(shaped)} of {self.path} must belong to a convolution, not to a dense layer; drop it")
        inputs = [self.last, self._keep(f"{name}.weight", weight)]
        if "bias" in parts:
            bias = matrix(self.path, f"{name}.bias", parts["bias"], 1)
            if len(bias) != len(weight):
                raise ValueError(f"{name}.bias of {self.path} must have {len(weight)} values, one for each output, "
                                 f"not {len(bias)}")
            inputs.append(self._keep(f"{name}.bias", bias))
        read = {part: _integers(self.path, f"{name}.{part}", parts[part], *GEOMETRY[part]) for part in shaped}
        if dimensions == 4:
            self._conv(name, inputs, weight.shape, read)
        else:
            self._dense(name, inputs, weight.shape)

    def _conv(self, name: str, inputs: list[str], kernel: tuple[int, ...], read: Mapping[str, list[int]]) -> None:
        if self.flat:
            raise ValueError(f"{name}.weight of {self.path} must have 2 dimensions after a dense layer, not shape {kernel}")
        pads, strides = read.get("padding", [0]), read.get("stride", [1])
        pads = pads if len(pads) == 4 else (pads * (2 // len(pads))) * 2
        strides = strides * (2 // len(strides))
        groups = read.get("groups", [1])[0]
        if kernel[1] * groups != self.shape[0] or kernel[0] % groups:
            raise ValueError(f"{name}.weight of {self.path} must have {self.shape[0]} inputs in {groups} "
                             f"group{'s' * (groups > 1)}, the channels before it, not {kernel[1]} in each; a weight is "
                             f"outputs x inputs of a group x rows x columns")
        self._add("Conv", name, inputs, pads=pads, strides=strides, group=groups)
        self._moved(name, kernel[0], kernel[2:], strides, pads)
        if "pool" in read:
            size = read["pool"]
            window = size if len(size) == 4 else [size[0]] * 2 + [size[-1]] * 2
            self.pending = lambda: self._pool(f"{name}.pool", window[:2], window[2:])

    def _pool(self, name: str, window: list[int], strides: list[int]) -> None:
        self._add("MaxPool", name, [self.last], kernel_shape=window, strides=strides)
        self._moved(name, self.shape[0], window, strides, [0] * 4)

    def _moved(self, name: str, outputs: int, window: Any, strides: list[int], pads: list[int]) -> None:
        """Set the shape to that of a layer's outputs."""
        room = [size + pads[axis] + pads[axis + 2] - window[axis] for axis, size in enumerate(self.shape[1:])]
        if min(room) < 0:
            raise ValueError(f"{name} of {self.path} must fit a padded plane of "
                             f"{' x '.join(str(left + size) for left, size in zip(room, window, strict=True))}, not have "
                             f"{' x '.join(map(str, window))} rows and columns")
        self.shape = [outputs, *(left // stride + 1 for left, stride in zip(room, strides, strict=True))]

    def _dense(self, name: str, inputs: list[str], shape: tuple[int, ...]) -> None:
        if not self.flat:
            self._add("Flatten", f"{name}.flat", [inputs[0]])
            inputs[0], self.flat = self.last, True
        if shape[1] != math.prod(self.shape):
            raise ValueError(f"{name}.weight of {self.path} must have {math.prod(self.shape)} inputs, the outputs before it "
                             f"({' x '.join(map(str, self.shape))}), not {shape[1]}")
        self._add("Gemm", name, inputs, transB=1)
        self.shape = [shape[0]]

    def norm(self, name: str, parts: Mapping[str, np.ndarray]) -> None:
        """Add a batch normalisation."""
        if not self.nodes or not {"running_mean", "running_var"} <= set(parts) <= set(NORM):
            raise ValueError(f"batch normalisation {name} of {self.path} must follow a layer and have running_mean, "
                             f"running_var and, if wanted, weight and bias, not {', '.join(sorted(parts))}; rename or drop it")
        outputs = self.shape[0]
        found = {"weight": np.ones(outputs), "bias": np.zeros(outputs), **parts}
        for part, values in found.items():
            if values.shape != (outputs,):
                raise ValueError(f"{name}.{part} of {self.path} must have {outputs} values, one for each output before it, "
                                 f"not shape {values.shape}")
        ordered = [matrix(self.path, f"{name}.{part}", found[part], 1) for part in NORM]
        if ordered[3].min() < 0:
            raise ValueError(f"{name}.running_var of {self.path} must not be negative, not {ordered[3].min()}")
        kept = [self._keep(f"{name}.{index}", values) for index, values in enumerate(ordered)]
        self._add("BatchNormalization", name, [self.last, *kept], epsilon=EPSILON)

    def relu(self) -> None:
        """Close the layer that was added last: its ReLU, and its pool."""
        if self.nodes:
            self._add("Relu", f"ReLU of {self.nodes[-1].name}", [self.last])
        if self.pending is not None:
            self.pending()
            self.pending = None

    def network(self) -> Network:
        """Return the network that was added."""
        from onnx import TensorProto, helper

        if self.pending is not None:            # the last layer's, which has no ReLU
            self.pending()
        graph = helper.make_graph(
            self.nodes, self.path.stem or "network",
            [helper.make_tensor_value_info("x", TensorProto.DOUBLE, ["N", *self.input])],
            [helper.make_tensor_value_info(self.last, TensorProto.DOUBLE, None)], self.weights)
        return onnx.from_model(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), self.path)

    def __post_init__(self) -> None:
        """Remember the shape that all begins with."""
        self.input = list(self.shape)

    def _add(self, operator: str, name: str, inputs: list[str], **attributes: Any) -> None:
        from onnx import helper

        self.last = str(len(self.nodes))
        self.nodes.append(helper.make_node(operator, inputs, [self.last], name, **attributes))

    def _keep(self, name: str, values: np.ndarray) -> str:
        from onnx import numpy_helper

        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name


def _expanded(path: Path, name: str, parts: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return the weights that codes stand for."""
    codes = parts["codes"]
    rows = codes.reshape(len(codes), -1) if codes.ndim == 4 else codes
    flat = given(path, name, {"codebook": parts["codebook"], "codes": rows})
    return flat.codebook.astype(np.float64)[flat.codes.toarray()].reshape(codes.shape)

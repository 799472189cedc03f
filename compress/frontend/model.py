"""Opens an ONNX file: its graph checked by `onnx`, its shapes inferred, its weights read with care, also beside the file."""

import math
import os
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnx.inliner
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from onnx import TensorProto, numpy_helper

from compress.frontend.beside import load_beside
from files.array import open_regular

NODES = 10_000          # a large network has a thousand or two
FILE_BYTES = (1 << 31) - 1      # protobuf allows no more; weights beside the file are not in it
WEIGHT_BYTES = 1 << 31  # of one initializer
SMALL = 1 << 12         # elements of an initializer that shape inference may want to see
OPSETS = (7, onnx.defs.onnx_opset_version())
BATCH = 1009            # stands for a batch that may be of any size: a prime, so that no other size is taken for it
AGAIN = "export the network again"


@dataclass(frozen=True, kw_only=True, eq=False)
class Model:
    """What a file holds, with weights as arrays.

    Parameters
    ----------
    name : str
    nodes : list of onnx.NodeProto
        In an order in which each node follows those whose outputs it reads.
    constants : dict
        Initializers by name.
    input, output : str
        Names of the one input; of the outputs.
    shape : tuple of int
        Of the input, with its batch axis.
    batch : int or None
        The input's batch axis.
    whole : bool
        The input is whole numbers.
    shapes : dict
        Shapes that `onnx` infers, where it knows them.
    opset : int
    """

    name: str
    nodes: list[Any]
    constants: dict[str, np.ndarray]
    input: str
    outputs: list[str]
    shape: tuple[int, ...]
    batch: int | None
    whole: bool
    shapes: dict[str, tuple[int, ...]]
    opset: int


def open_model(path: str | os.PathLike[str]) -> Model:
    """Return the content of an ONNX file, or say in one line what is wrong with it."""
    proto = _parse(Path(path))
    return from_proto(proto, Path(path))


def from_proto(proto: Any, path: Path) -> Model:
    """Return the content of a model in memory; ``path`` names it, and weights beside it are looked for in its folder."""
    if len(proto.graph.node) > NODES:
        raise ValueError(f"nodes of {path} must be at most {NODES:,}, not {len(proto.graph.node):,}; take a smaller network")
    if proto.functions:
        proto = onnx.inliner.inline_local_functions(proto)
    graph = proto.graph
    if graph.sparse_initializer:
        raise ValueError(f"initializers of {path} must be dense, not sparse ({graph.sparse_initializer[0].values.name!r}); "
                         f"{AGAIN} with dense ones")
    opset = _opset(proto, path)
    used = {name for node in graph.node for name in node.input} | {value.name for value in graph.output}
    constants = {tensor.name: array(tensor, path) for tensor in graph.initializer if tensor.name in used}
    given = [value for value in graph.input if value.name not in {tensor.name for tensor in graph.initializer}]
    if len(given) != 1:
        names = ", ".join(repr(value.name) for value in given) or "none"
        raise ValueError(f"inputs of {path} must be one besides the weights, not {names:.120}; weights must be initializers")
    skeleton = _skeleton(proto)
    shape, batch = _input_shape(given[0], path)
    kind = given[0].type.tensor_type.elem_type
    if kind not in KINDS:
        raise TypeError(f"type of input {given[0].name!r} of {path} must be one of {', '.join(KINDS.values())}, "
                        f"not number {kind}; {AGAIN}")
    _check(skeleton, path)
    return Model(name=graph.name or path.stem, nodes=list(graph.node), constants=constants, input=given[0].name,
                 outputs=[value.name for value in graph.output], shape=shape, batch=batch, whole=kind not in FLOATS,
                 shapes=_infer(skeleton, given[0].name, shape, path), opset=opset)


def array(tensor: Any, path: Path) -> np.ndarray:
    """Return an initializer as an array; its declared size is compared with its bytes before anything is allocated."""
    name = tensor.name or "a constant"
    if tensor.data_type not in KINDS:
        kind = TensorProto.DataType.Name(tensor.data_type) if tensor.data_type in TensorProto.DataType.values() else "unknown"
        raise TypeError(f"type of {name!r} in {path} must be one of {', '.join(KINDS.values())}, not {kind}; {AGAIN}")
    if any(size < 0 for size in tensor.dims):
        raise ValueError(f"shape of {name!r} in {path} must have no negative size, not {list(tensor.dims)}; {AGAIN}")
    width = np.dtype(onnx.helper.tensor_dtype_to_np_dtype(tensor.data_type)).itemsize
    need = math.prod(tensor.dims) * width
    if need > WEIGHT_BYTES:
        raise ValueError(f"{name!r} in {path} must have at most {WEIGHT_BYTES:,} bytes, not {need:,}; take a smaller layer")
    if tensor.data_location == TensorProto.EXTERNAL:
        load_beside(tensor, path, need)
    have = _bytes(tensor, width)
    if have != need and not (tensor.data_type in PACKED and 2 * have in (need, need + 1)):
        raise ValueError(f"{name!r} in {path} must have {need:,} bytes for its shape {list(tensor.dims)}, not {have:,}; "
                         f"{AGAIN}")
    try:
        found = numpy_helper.to_array(tensor)
    except (ValueError, TypeError) as error:
        raise ValueError(f"{name!r} in {path} must be a whole tensor, not one that cannot be read "
                         f"({' '.join(str(error).split()):.80}); {AGAIN}") from error
    return found.astype(np.float32) if found.dtype.kind == "V" or found.dtype.name in ("float16", "bfloat16") else found


KINDS = {TensorProto.FLOAT: "float", TensorProto.DOUBLE: "double", TensorProto.FLOAT16: "float16",
         TensorProto.BFLOAT16: "bfloat16", TensorProto.INT8: "int8", TensorProto.UINT8: "uint8", TensorProto.INT16: "int16",
         TensorProto.UINT16: "uint16", TensorProto.INT32: "int32", TensorProto.UINT32: "uint32", TensorProto.INT64: "int64",
         TensorProto.UINT64: "uint64",
         TensorProto.BOOL: "bool", TensorProto.INT4: "int4", TensorProto.UINT4: "uint4"}
FLOATS = {TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.FLOAT16, TensorProto.BFLOAT16}
PACKED = {TensorProto.INT4, TensorProto.UINT4}


def _bytes(tensor: Any, width: int) -> int:
    """Return the bytes of values that a tensor really has."""
    if tensor.HasField("raw_data"):
        return len(tensor.raw_data)
    for field in ("float_data", "double_data", "int32_data", "int64_data", "uint64_data"):
        if count := len(getattr(tensor, field)):
            return count * (width // 1)
    return 0


def _parse(path: Path) -> Any:
    with open_regular(path, "network") as file:
        size = os.fstat(file.fileno()).st_size
        if size > FILE_BYTES:
            raise ValueError(f"network must have at most {FILE_BYTES:,} bytes, and {path} has {size:,}; "
                             f"export it with its weights beside the file")
        data = file.read()
    try:
        proto = onnx.load_model_from_string(data)
    except (DecodeError, ValueError, RecursionError) as error:
        raise ValueError(f"{path} must be a whole ONNX file, not damaged, cut short or of another kind; {AGAIN}") from error
    if not proto.HasField("graph") or not proto.opset_import:
        raise ValueError(f"{path} must be an ONNX file with a graph and its opset, not one without; {AGAIN}")
    return proto


def _opset(proto: Any, path: Path) -> int:
    known = {entry.domain: entry.version for entry in proto.opset_import}
    opset = known.get("", known.get("ai.onnx", 0))
    if not OPSETS[0] <= opset <= OPSETS[1]:
        raise ValueError(f"opset of {path} must be {OPSETS[0]} to {OPSETS[1]}, not {opset}; "
                         f"export with another, or convert it with onnx.version_converter")
    return opset


def _input_shape(value: Any, path: Path) -> tuple[tuple[int, ...], int | None]:
    """Return the input's shape with its batch axis, which is the first of two or more."""
    kind = value.type.tensor_type
    if not value.type.HasField("tensor_type") or not kind.HasField("shape") or not kind.shape.dim:
        raise ValueError(f"input {value.name!r} of {path} must be a tensor with a shape, not without; {AGAIN} with its shape")
    sizes = [dim.dim_value if dim.HasField("dim_value") else None for dim in kind.shape.dim]
    batch = 0 if len(sizes) > 1 else None
    if batch == 0 and (sizes[0] is None or sizes[0] < 1):
        sizes[0] = BATCH
    for axis, size in enumerate(sizes):
        if size is None or size < 1:
            named = kind.shape.dim[axis].dim_param or ("unknown" if size is None else size)
            raise ValueError(f"size {axis} of input {value.name!r} of {path} must be a number of at least 1, not {named!r}; "
                             f"{AGAIN} with only the batch left open")
    return tuple(int(size) for size in sizes if size is not None), batch


def _skeleton(proto: Any) -> Any:
    """Return a model without large weights: their names and types are inputs instead, so that checking it copies little."""
    slim, graph = onnx.ModelProto(), proto.graph
    slim.ir_version = max(proto.ir_version, 4)
    slim.opset_import.extend(proto.opset_import)
    slim.graph.name = graph.name or "network"
    slim.graph.node.extend(graph.node)
    slim.graph.output.extend(graph.output)
    for value in slim.graph.output:             # an output may be without a shape, whatever the checker says
        if value.type.HasField("tensor_type"):
            value.type.tensor_type.shape.SetInParent()
    weights = {tensor.name for tensor in graph.initializer}
    slim.graph.input.extend(value for value in graph.input if value.name not in weights)
    for tensor in graph.initializer:
        if math.prod(tensor.dims) <= SMALL and tensor.data_location != TensorProto.EXTERNAL:
            slim.graph.initializer.append(tensor)
        else:
            slim.graph.input.append(onnx.helper.make_tensor_value_info(tensor.name, tensor.data_type, list(tensor.dims)))
    return slim


def _check(model: Any, path: Path) -> None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            onnx.checker.check_model(model)
    except Exception as error:      # the checker throws its own kind, and those of C++
        text = " ".join(str(error).split("==> Context")[0].split())
        raise ValueError(f"{path} must be a legal ONNX network, not one of which its checker says: {text:.200}; "
                         f"{AGAIN}") from error


def _infer(model: Any, name: str, shape: tuple[int, ...], path: Path) -> dict[str, tuple[int, ...]]:
    """Return the shapes that `onnx` infers once the input has ``shape``."""
    for value in model.graph.input:
        if value.name == name:
            del value.type.tensor_type.shape.dim[:]
            for size in shape:
                value.type.tensor_type.shape.dim.add().dim_value = size
    for value in model.graph.output:
        if value.type.HasField("tensor_type"):
            value.type.tensor_type.ClearField("shape")
    try:
        model = onnx.shape_inference.infer_shapes(model, data_prop=True)
    except Exception as error:
        raise ValueError(f"{path} must be a network whose shapes fit, not one of which onnx says: "
                         f"{' '.join(str(error).split()):.200}; {AGAIN}") from error
    found = {}
    for value in (*model.graph.value_info, *model.graph.output):
        kind = value.type.tensor_type
        if value.type.HasField("tensor_type") and kind.HasField("shape"):
            sizes = [dim.dim_value if dim.HasField("dim_value") else -1 for dim in kind.shape.dim]
            if min(sizes, default=0) >= 0:
                found[value.name] = tuple(sizes)
    return found

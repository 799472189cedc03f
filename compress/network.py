"""A network of dense layers in floating point, and the files it comes from."""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from scipy import sparse

from files.archive import read_archive
from files.array import read_vectors

WEIGHT_BYTES = 1 << 32
"""What a file of weights may hold when unpacked: more than any machine takes."""

NAMING = "NAME.weight (outputs x inputs) and, where there is a bias, NAME.bias (outputs)"
"""Names of the arrays in a network file; layers follow each other in the natural order of NAME: fc2, fc10."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Dense:
    """One fully connected layer: ``relu(weight @ x + bias)``, or without ReLU.

    Parameters
    ----------
    name : str
    weight : numpy.ndarray or scipy.sparse array
        Outputs x inputs.
    bias : numpy.ndarray or None
    relu : bool
    """

    name: str
    weight: Any
    bias: np.ndarray | None = None
    relu: bool = True


def forward(layers: Sequence[Dense], inputs: np.ndarray) -> list[np.ndarray]:
    """Return the outputs of every layer for inputs of shape (vectors, inputs)."""
    outputs, x = [], np.asarray(inputs, np.float64)
    for layer in layers:
        x = np.asarray(layer.weight @ x.T).T
        if layer.bias is not None:
            x = x + layer.bias
        outputs.append(x := np.maximum(x, 0) if layer.relu else x)
    return outputs


def density(layers: Sequence[Dense]) -> float:
    """Return the share of weights that are not 0 over all layers."""
    cells = sum(int(np.prod(layer.weight.shape)) for layer in layers)
    return sum(nonzeros(layer.weight) for layer in layers) / cells


def nonzeros(weight: Any) -> int:
    """Return how many weights are not 0."""
    return int(weight.count_nonzero() if sparse.issparse(weight) else np.count_nonzero(weight))


def read(path: str | os.PathLike[str], *, relu_last: bool = False) -> list[Dense]:
    """Return the dense layers of a `.npz` or `.safetensors` file.

    The arrays are named by :data:`NAMING`. All layers have ReLU but the last, which has it on request.
    """
    arrays = _arrays(Path(path))
    if odd := [name for name in arrays if not name.isprintable()]:
        raise ValueError(f"array of {path} must have a name of printable characters, not {odd[0]!r:.60}; rename it")
    names = [name.removesuffix(".weight") for name in arrays if name.endswith(".weight")]
    for name in arrays:
        if name.removesuffix(".weight").removesuffix(".bias") not in names or name in names:
            raise ValueError(f"array of {path} must be named {NAMING}, not {name!r}; rename or drop it")
    if not names:
        raise ValueError(f"{path} must hold at least one array NAME.weight, not none; name them {NAMING}")
    layers: list[Dense] = []
    for name in sorted(names, key=_natural):
        weight = _matrix(path, f"{name}.weight", arrays[f"{name}.weight"], 2)
        bias = arrays.get(f"{name}.bias")
        if bias is not None:
            bias = _matrix(path, f"{name}.bias", bias, 1)
            if len(bias) != len(weight):
                raise ValueError(f"{name}.bias of {path} must have {len(weight)} values, one an output, "
                                 f"not {len(bias)}")
        if layers and weight.shape[1] != (have := layers[-1].weight.shape[0]):
            raise ValueError(f"{name}.weight of {path} must have {have} inputs, the outputs of "
                             f"{layers[-1].name}, not {weight.shape[1]}; a weight is outputs x inputs")
        last = len(layers) == len(names) - 1
        layers.append(Dense(name=name, weight=weight, bias=bias, relu=relu_last or not last))
    return layers


def vectors(path: str | os.PathLike[str], inputs: int) -> np.ndarray:
    """Return the real vectors of a `.npy` file, one in each row; see `files.array.read_vectors`."""
    values = read_vectors(path, "calibrate", inputs)
    if values.dtype == np.int16:
        raise TypeError(f"calibrate must be real values, float or uint8, not the int16 of {path}: those are steps of a scale "
                        f"that is yet to be chosen; convert them")
    return values.astype(np.float64)


def _arrays(path: Path) -> dict[str, np.ndarray]:
    try:
        if path.suffix == ".npz":
            return read_archive(path, "file of plain numbers", WEIGHT_BYTES)
        if path.suffix == ".safetensors":
            if not path.is_file():
                raise FileNotFoundError(2, "No such file", str(path))
            with safe_open(path, framework="numpy") as archive:
                return {name: archive.get_tensor(name) for name in archive.keys()}  # noqa: SIM118
    except (KeyError, TypeError, AttributeError, NotImplementedError, SafetensorError) as error:
        raise ValueError(f"{path} must be a whole {path.suffix} file of plain numbers, not damaged or of "
                         f"another kind ({_one_line(error)}); write it again") from error
    raise ValueError(f"{path} must end in .npz or .safetensors, not {path.suffix or 'neither'!r}; "
                     f"save the weights as one of these")


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _matrix(path, name: str, values: np.ndarray, dimensions: int) -> np.ndarray:
    if values.dtype.kind not in "fiu":
        raise TypeError(f"{name} of {path} must be real numbers, not {values.dtype}")
    if values.ndim != dimensions or 0 in values.shape:
        raise ValueError(f"{name} of {path} must have {dimensions} dimensions and no empty one, "
                         f"not shape {values.shape}")
    values = values.astype(np.float64)
    if not np.isfinite(values).all():
        place = np.argwhere(~np.isfinite(values))[0]
        raise ValueError(f"{name} of {path} must be finite, not {values[tuple(place)]} "
                         f"at {tuple(map(int, place))}; find out where it comes from")
    return values


def _natural(name: str) -> list[tuple[bool, int, str]]:
    return [(part.isdigit(), int(part) if part.isdigit() else 0, part) for part in re.split(r"(\d+)", name)]

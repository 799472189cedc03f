"""The dense layers in a file of weights: names, order, masks, batch normalisation, codes and codebooks."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from compress.network import Dense, Given
from compress.tensors import read_tensors

NAMING = ("NAME.weight (outputs x inputs), or NAME.codes and NAME.codebook, and, where there is a bias, NAME.bias (outputs); "
          "NAME.running_mean and NAME.running_var for a batch normalisation")
"""Names of the arrays in a network file; layers follow each other in the natural order of NAME: fc2, fc10."""

PARTS = ("weight", "bias", "codes", "codebook", "running_mean", "running_var")
IDLE = ("num_batches_tracked",)
"""Arrays that play no part in what a network answers."""

EPSILON = 1e-5
"""What a batch normalisation adds to the variance; files do not tell, and this is what frameworks do."""


def read(path: Path | str, *, relu_last: bool = False, order: Sequence[str] | None = None) -> list[Dense]:
    """Return the dense layers of a `.npz` or `.safetensors` file.

    The arrays are named by :data:`NAMING`. All layers have ReLU but the last, which has it on request. Arrays
    ``X_orig`` and ``X_mask`` are multiplied to ``X``; a batch normalisation is folded into the dense layer before it, whose
    ReLU comes after it.

    Parameters
    ----------
    path : path
    relu_last : bool
    order : sequence of str, optional
        Names of the layers, batch normalisations among them, in their order; others in the file are left out. All in
        natural order when not given.
    """
    parts = _parts(path, tensors(path))
    names = _ordered(path, parts, order)
    layers: list[Dense] = []
    dense = [name for name in names if "running_mean" not in parts[name]]
    for name in names:
        if name in dense:
            layers.append(_layer(path, name, parts[name], layers[-1] if layers else None,
                                 relu=relu_last or name != dense[-1]))
        else:
            layers[-1] = _folded(path, name, parts[name], layers[-1])
    return layers


def tensors(path: Path | str) -> dict[str, np.ndarray]:
    """Return the arrays of a file that play a part in what its network answers, masks multiplied."""
    return _masked(path, _named(path))


def _named(path: Path | str) -> dict[str, np.ndarray]:
    arrays = read_tensors(Path(path))
    if odd := [name for name in arrays if not name.isprintable()]:
        raise ValueError(f"array of {path} must have a name of printable characters, not {odd[0]!r:.60}; rename it")
    return {name: array for name, array in arrays.items() if name.rpartition(".")[2] not in IDLE}


def _masked(path: Path | str, arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the arrays with every X_orig times X_mask under the name of X."""
    made = {}
    for name, array in arrays.items():
        stem, _, end = name.rpartition("_")
        if end not in ("orig", "mask") or not stem.endswith((".weight", ".bias")):
            made[name] = array
            continue
        other = f"{stem}_{'mask' if end == 'orig' else 'orig'}"
        if other not in arrays or stem in arrays:
            raise ValueError(f"{name} of {path} must come with {other} and without {stem}, not "
                             f"{'with both' if stem in arrays else 'alone'}; save the pruned weights as {stem}")
        if end == "orig":
            mask = arrays[other]
            if mask.shape != array.shape or mask.dtype.kind not in "bfiu":
                raise ValueError(f"{other} of {path} must be numbers of shape {array.shape}, as {name} is, not {mask.dtype} "
                                 f"of {mask.shape}")
            made[stem] = array * mask.astype(array.dtype)
    return made


def _parts(path: Path | str, arrays: dict[str, np.ndarray]) -> dict[str, dict[str, np.ndarray]]:
    """Return the arrays of each layer by their part."""
    found: dict[str, dict[str, np.ndarray]] = {}
    for name, array in arrays.items():
        layer, _, part = name.rpartition(".")
        if part in PARTS and layer:
            found.setdefault(layer, {})[part] = array
        else:
            raise ValueError(f"array of {path} must be named {NAMING}, not {name!r}; rename or drop it")
    if not found:
        raise ValueError(f"{path} must hold at least one array NAME.weight, not none; name them {NAMING}")
    for layer, parts in found.items():
        legal = ({"weight"}, {"codes", "codebook"}, {"running_mean", "running_var"},
                 {"running_mean", "running_var", "weight"})
        if set(parts) - {"bias"} not in legal:
            raise ValueError(f"array of {path} must be named {NAMING}, not {', '.join(f'{layer}.{part}' for part in parts)!r} "
                             f"together; rename or drop one")
    return found


def _ordered(path: Path | str, parts: dict[str, dict[str, np.ndarray]], order: Sequence[str] | None) -> list[str]:
    names = list(order) if order is not None else sorted(parts, key=natural)
    for name in names:
        if name not in parts or names.count(name) > 1:
            raise ValueError(f"layers must be of {', '.join(sorted(parts, key=natural))}, each at most once, "
                             f"not {name!r}{' twice' if name in parts else ''}; name those of {path}")
    norms = [name for name in names if "running_mean" in parts[name]]
    for name in norms:
        before = names[names.index(name) - 1] if names.index(name) else None
        if before is None or before in norms:
            raise ValueError(f"batch normalisation {name} of {path} must follow a dense layer, not "
                             f"{'come first' if before is None else before}; give the order with "
                             f"--layers {','.join(_guess(names, norms))}")
    if not names or len(norms) == len(names):
        raise ValueError(f"{path} must have a dense layer, not batch normalisations alone")
    return names


def _guess(names: Sequence[str], norms: Sequence[str]) -> list[str]:
    """Return an order in which every batch normalisation follows a dense layer: the first the first, and so on."""
    left, made = list(norms), []
    for name in names:
        if name not in norms:
            made += [name, *left[:1]]
            left = left[1:]
    return made


def _layer(path: Path | str, name: str, parts: dict[str, np.ndarray], before: Dense | None, *, relu: bool) -> Dense:
    found = given(path, name, parts) if "codes" in parts else None
    if found is None:
        if parts["weight"].ndim == 4:
            raise ValueError(f"{name}.weight of {path} must have 2 dimensions for an eie, not shape {parts['weight'].shape}; a "
                             f"convolution runs on an scnn: take --design scnn")
        what, weight = "weight", matrix(path, f"{name}.weight", parts["weight"], 2)
    else:
        values = found.codebook.astype(np.float64)[found.codes.data]
        what, weight = "codes", sparse.csr_array((values, found.codes.indices, found.codes.indptr),
                                                 shape=found.codes.shape).toarray()
    bias = parts.get("bias")
    if bias is not None:
        bias = matrix(path, f"{name}.bias", bias, 1)
        if len(bias) != len(weight):
            raise ValueError(f"{name}.bias of {path} must have {len(weight)} values, one for each output, not {len(bias)}")
    if before is not None and weight.shape[1] != (have := before.weight.shape[0]):
        raise ValueError(f"{name}.{what} of {path} must have {have} inputs, the outputs of {before.name}, not "
                         f"{weight.shape[1]}; a weight is outputs x inputs, and --layers A,B,C gives another order")
    return Dense(name=name, weight=weight, bias=bias, relu=relu, given=found)


def given(path: Path | str, name: str, parts: dict[str, np.ndarray]) -> Given:
    """Return a layer's codes and codebook, in which code 0 stands for every entry that is 0."""
    codes, values = parts["codes"], parts["codebook"]
    matrix(path, f"{name}.codebook", values, 1)
    matrix(path, f"{name}.codes", codes, 2)
    if codes.dtype.kind not in "iu":
        raise TypeError(f"{name}.codes of {path} must be integers, not {codes.dtype}")
    if not 0 <= codes.min() <= codes.max() < len(values):
        raise ValueError(f"{name}.codes of {path} must be 0 to {len(values) - 1}, the entries of its codebook, "
                         f"not {codes.min() if codes.min() < 0 else codes.max()}")
    real = values != 0
    if real.sum() > 255:
        raise ValueError(f"{name}.codebook of {path} must have at most 255 values besides 0, not {real.sum()}")
    renumbered = np.where(real, np.cumsum(real), 0).astype(np.uint8)
    return Given(codes=sparse.csr_array(renumbered[codes]), codebook=np.concatenate([np.zeros(1, values.dtype), values[real]]))


def _folded(path: Path | str, name: str, parts: dict[str, np.ndarray], layer: Dense) -> Dense:
    """Return a dense layer that does what it and the batch normalisation after it do."""
    size = len(layer.weight)
    found = {part: matrix(path, f"{name}.{part}", array, 1) for part, array in parts.items()}
    for part, values in found.items():
        if len(values) != size:
            raise ValueError(f"{name}.{part} of {path} must have {size} values, the outputs of {layer.name}, "
                             f"not {len(values)}; give the order with --layers A,B,C")
    if layer.given is not None:
        raise ValueError(f"batch normalisation {name} of {path} must follow a layer of weights, not the codes of {layer.name}; "
                         f"fold it before the weights are shared")
    if found["running_var"].min() < 0:
        raise ValueError(f"{name}.running_var of {path} must not be negative, not {found['running_var'].min()}")
    factor = found.get("weight", np.ones(size)) / np.sqrt(found["running_var"] + EPSILON)
    shift = (0.0 if layer.bias is None else layer.bias) - found["running_mean"]
    return Dense(name=layer.name, weight=layer.weight * factor[:, None], relu=layer.relu,
                 bias=shift * factor + found.get("bias", 0.0))


def matrix(path: Any, name: str, values: np.ndarray, dimensions: int) -> np.ndarray:
    """Return an array as float64, refusing what is not real, finite, not empty or of so many dimensions."""
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


def natural(name: str) -> list[tuple[bool, int, str]]:
    """Return what sorts names by the numbers in them: fc2 before fc10."""
    return [(part.isdigit(), int(part) if part.isdigit() else 0, part) for part in re.split(r"(\d+)", name)]

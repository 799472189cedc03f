"""The arrays in a file of weights, `.npz` or `.safetensors`, as numbers that NumPy calculates with."""

from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
from safetensors import SafetensorError, deserialize

from files.archive import read_archive
from files.array import open_regular

WEIGHT_BYTES = 1 << 32
"""What a file of weights may hold when unpacked: more than any machine takes."""

NARROW: dict[str, Any] = {
    "BF16": ml_dtypes.bfloat16, "F8_E4M3": ml_dtypes.float8_e4m3fn, "F8_E5M2": ml_dtypes.float8_e5m2,
    "F8_E8M0": ml_dtypes.float8_e8m0fnu}
"""Types of safetensors that NumPy has not; they are read as float32, which holds every one of their values."""

PLAIN: dict[str, Any] = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "i1", "U64": "<u8", "U32": "<u4",
    "U16": "<u2", "U8": "u1", "BOOL": "?"}


def read_tensors(path: Path) -> dict[str, np.ndarray]:
    """Return the arrays of a file by name; one that is damaged, or of another kind, is refused in one line."""
    if path.suffix == ".npz":
        return read_archive(path, "file of plain numbers", WEIGHT_BYTES)
    if path.suffix == ".safetensors":
        with open_regular(path, "file of plain numbers") as file:
            data = file.read(WEIGHT_BYTES + 1)
        if len(data) > WEIGHT_BYTES:
            raise ValueError(f"{path} must have at most {WEIGHT_BYTES:,} bytes, not more; give the layers alone")
        try:
            found = deserialize(data)
        except (SafetensorError, ValueError, TypeError) as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            raise ValueError(f"{path} must be a whole .safetensors file of plain numbers, not damaged or of another kind "
                             f"({reason}); write it again") from error
        return {name: _array(path, name, held["dtype"], held["shape"], held["data"]) for name, held in found}
    if path.suffix in (".pt", ".pth"):
        from compress.frontend.torch import state

        return state(path)
    raise ValueError(f"{path} must end in .npz or .safetensors, not {path.suffix or 'neither'!r}; "
                     f"save the weights as one of these")


def _array(path: Path, name: str, kind: str, shape: list[int], data: Any) -> np.ndarray:
    if kind in NARROW:
        return np.frombuffer(bytes(data), NARROW[kind]).astype(np.float32).reshape(shape)
    if kind in PLAIN:
        return np.frombuffer(bytes(data), PLAIN[kind]).reshape(shape)
    raise TypeError(f"{name} of {path} must be of a type among {', '.join((*PLAIN, *NARROW))}, not {kind}; convert it")

"""Weights that lie in a file beside an ONNX network: read from its folder, and from no other place."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from onnx import TensorProto, external_data_helper

from files.array import open_regular


def load_beside(tensor: Any, path: Path, need: int) -> None:
    """Put the bytes of a weight, ``need`` of them, into its tensor.

    Raises
    ------
    ValueError
        If the file is outside of the network's folder, a link, no plain file, or too short.
    """
    said: Mapping[str, str] = {entry.key: entry.value for entry in tensor.external_data}
    place, name = said.get("location", ""), tensor.name
    folder = path.resolve().parent
    target = (folder / place).resolve() if "\0" not in place else folder
    if not place or Path(place).is_absolute() or ".." in Path(place).parts or not target.is_relative_to(folder) \
            or "\0" in place or (folder / place).is_symlink():
        raise ValueError(f"file of {name!r} in {path} must lie in the network's folder, not {place!r:.80}; "
                         f"do not load a file that you do not trust")
    numbers = [said.get("offset", "0"), said.get("length", str(need))]
    if not all(number.isdecimal() and len(number) < 19 for number in numbers):
        raise ValueError(f"offset and length of {name!r} in {path} must be whole numbers, not {numbers}; "
                         f"export the network again")
    offset, length = map(int, numbers)
    with open_regular(target, f"file of {name!r}") as file:
        size = os.fstat(file.fileno()).st_size
    if length != need or offset + length > size:
        raise ValueError(f"{name!r} in {path} must have {need:,} bytes at {offset:,} of {place}, not {length:,} of a file "
                         f"of {size:,}; export the network again")
    external_data_helper.load_external_data_for_tensor(tensor, str(folder))
    tensor.data_location = TensorProto.DEFAULT

"""The one reader of `.npy` arrays: what a file declares is checked against the file before anything is allocated."""

import ast
import math
import os
import re
import stat
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

MAGIC = b"\x93NUMPY"
HEADER_BYTES = 10_000                       # what NumPy itself accepts
LIMIT_BYTES = 1 << 33
KIND = re.compile(r"[<>|=]?[biufcSUV]\d{1,9}")      # one plain value a place: no objects, no records, no dates


class Damage(ValueError):
    """What is wrong with an array's bytes; the caller adds which file it is."""


def read_array(path: str | os.PathLike[str], what: str, limit_bytes: int = LIMIT_BYTES) -> np.ndarray:
    """Return the array in a `.npy` file, in native byte order.

    Parameters
    ----------
    path : path
        The file to read.
    what : str
        What the array is to the user; errors begin with it.
    limit_bytes : int
        More is refused.

    Raises
    ------
    OSError
        If there is no such file, or it cannot be read.
    ValueError
        If it is no whole array of plain values: cut short, longer than it says, damaged, or with pickles.
    """
    with open_regular(path, what) as file:
        try:
            return parse(file, os.fstat(file.fileno()).st_size, limit_bytes)
        except Damage as error:
            raise ValueError(f"{what} must be a whole .npy file of numbers, not {str(path)!r} ({error}); "
                             f"write it with numpy.save") from error


def read_vectors(path: str | os.PathLike[str], what: str, length: int | None = None, *,
                 shape: Sequence[int] = ()) -> np.ndarray:
    """Return the vectors of a `.npy` file, one in each row; a file may hold a single one as an array of one dimension.

    Of an array of more dimensions, such as pictures, each part along the first is a vector, its elements in C order.
    Floats and uint8 are real values; int16 is what a machine takes as it is.

    Parameters
    ----------
    path, what
        As of `read_array`.
    length : int, optional
        What every vector must have.
    shape : sequence of int, optional
        What a vector is the elements of, such as channels, rows and columns. Parts of the file that have dimensions must have
        these, but for those of 1, and the file may be a single such part.
    """
    array = np.atleast_1d(read_array(path, what))
    given = array.shape
    if array.dtype.kind != "f" and array.dtype not in (np.uint8, np.int16):
        raise TypeError(f"{what} must be float, uint8 or int16, not {array.dtype}; convert it so that its meaning is plain")
    wanted = [size for size in shape if size != 1]
    if len(wanted) > 1 and [size for size in given if size != 1] == wanted:
        array = array.reshape(1, -1)
    if array.ndim > 2 and array.size:
        array = array.reshape(len(array), -1)
    if array.ndim > 2 or not array.size or length not in (None, array.shape[-1]):
        size = "a vector or more" if length is None else f"vectors of {length} inputs"
        size += f" ({' x '.join(map(str, shape))})" if wanted[1:] else ""
        raise ValueError(f"{what} in {path} must hold {size}, one in each row, not an array of shape {given}")
    parts = [size for size in given[1:] if size != 1]
    if min(len(wanted), len(parts)) > 1 and len(array) == given[0] and parts != wanted:
        raise ValueError(f"{what} in {path} must be of shape {' x '.join(map(str, shape))} each, not "
                         f"{' x '.join(map(str, given[1:]))}; transpose them")
    vectors = array.reshape(-1, array.shape[-1])
    if not np.isfinite(vectors).all():
        vector, place = np.argwhere(~np.isfinite(vectors))[0]
        raise ValueError(f"{what} must be finite, not {vectors[vector, place]} at place {place} of vector {vector}")
    return vectors


def open_regular(path: str | os.PathLike[str], what: str) -> BinaryIO:
    """Open a file for reading, refusing what is none: a pipe would block, and a device never ends."""
    if not stat.S_ISREG(Path(path).stat().st_mode):
        raise ValueError(f"{what} must be a file, not {str(path)!r}, which is {kind_of(path)}; name a file")
    return Path(path).open("rb")


def kind_of(path: str | os.PathLike[str]) -> str:
    """Return what a path that is no regular file is."""
    mode = Path(path).stat().st_mode
    return "a folder" if stat.S_ISDIR(mode) else "a pipe" if stat.S_ISFIFO(mode) else "a device or a socket"


def parse(stream: Any, size: int, limit_bytes: int = LIMIT_BYTES) -> np.ndarray:
    """Return the array in a stream of ``size`` bytes, all of which must be its own.

    Raises
    ------
    Damage
        If the bytes are no such array.
    """
    dtype, columns_first, shape, start = _header(stream, size)
    count = math.prod(shape)
    need = count * dtype.itemsize
    if need != size - start:
        raise Damage(f"it says that it holds {need:,} bytes of values, and has {size - start:,}")
    if need > limit_bytes:
        raise Damage(f"its {need:,} bytes are more than the {limit_bytes:,} that may be")
    if not need and count:
        raise Damage("its values have no size")
    try:
        raw = np.empty(need, np.uint8)
        flat = raw.view(dtype) if need else np.empty(count, dtype)
        array = flat.reshape(shape, order="F" if columns_first else "C")
    except (ValueError, OverflowError, MemoryError) as error:
        raise Damage(f"its shape cannot be held: {error}") from error
    if _fill(stream, raw.data) != need:
        raise Damage("it is cut short")
    return array if array.dtype.isnative else array.astype(dtype.newbyteorder("="))


def _fill(stream: Any, target: memoryview) -> int:
    done = 0
    while done < len(target) and (step := stream.readinto(target[done:])):
        done += step
    return done


def _header(stream: Any, size: int) -> tuple[np.dtype, bool, tuple[int, ...], int]:
    """Return type, order, shape and the number of bytes before the values."""
    head = stream.read(8)
    if head[:6] != MAGIC or len(head) < 8:
        raise Damage("it does not begin as an array of NumPy does")
    if tuple(head[6:]) not in ((1, 0), (2, 0), (3, 0)):
        raise Damage(f"its version is {head[6]}.{head[7]}, which is unknown")
    wide = 2 if head[6] == 1 else 4
    length = int.from_bytes(stream.read(wide), "little")
    start = 8 + wide + length
    if start > size or length > HEADER_BYTES:
        raise Damage(f"its header is said to have {length:,} bytes")
    text = stream.read(length)
    if len(text) != length:
        raise Damage("it is cut short in its header")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = ast.literal_eval(text.decode("utf-8" if head[6] == 3 else "latin-1").strip())
    except (SyntaxError, ValueError, TypeError, MemoryError, RecursionError) as error:
        raise Damage("its header cannot be read") from error
    return *_meaning(found), start


def _meaning(found: Any) -> tuple[np.dtype, bool, tuple[int, ...]]:
    if not isinstance(found, dict) or set(found) != {"descr", "fortran_order", "shape"}:
        raise Damage("its header must have descr, fortran_order and shape, and nothing else")
    kind, order, shape = found["descr"], found["fortran_order"], found["shape"]
    if not isinstance(kind, str) or not KIND.fullmatch(kind):
        raise Damage(f"its values are of type {str(kind)!r:.40}, which are no plain numbers")
    if type(order) is not bool or type(shape) is not tuple or not all(type(n) is int and n >= 0 for n in shape):
        raise Damage("its header must have a shape of whole numbers and an order, true or false")
    try:
        return np.dtype(kind), order, shape
    except (TypeError, ValueError, OverflowError) as error:
        raise Damage(f"its values are of type {kind!r}, which NumPy does not know") from error

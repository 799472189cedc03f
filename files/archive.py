"""The one reader of `.npz` archives: every member's size is known, and within its limit, before it is read."""

import io
import lzma
import os
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

import numpy as np

from files.array import Damage, open_regular, parse

SUFFIX = ".npy"
DAMAGED = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, ValueError, EOFError, KeyError, IndexError,
           TypeError, AttributeError, NotImplementedError, RuntimeError, OverflowError, MemoryError, OSError)
"""What zipfile raises on files that are no archives, or were one once."""

END, END_BYTES = b"PK\5\6", 22     # how the record begins that ends an archive, and its bytes without a comment
EXPANSION = 1032            # Deflate cannot make more of a byte


class Inside(io.BytesIO):
    """A file that lies inside another one, as its bytes; it can be opened as an archive again and again.

    Parameters
    ----------
    data : bytes
        All of the file.
    name : str
        Of the file, for errors; its ``str``.
    """

    def __init__(self, data: bytes, name: str):
        super().__init__(data)
        self.name = name

    def __str__(self) -> str:
        return self.name


class Archive:
    """An open archive of arrays.

    Parameters
    ----------
    file : binary file
        The archive, at its beginning.
    name : str
        Of the file, for errors.
    what : str
        What the archive is to the user, such as "image".
    advice : str
        What to do about one that is none.

    Raises
    ------
    ValueError
        If it is no whole archive: damaged, encrypted, packed in an odd way, two members of one name, or one that is no array.
    """

    def __init__(self, file: BinaryIO, name: str, what: str, advice: str):
        self._name, self._what, self._advice = name, what, advice
        whole = file.seek(0, os.SEEK_END)
        file.seek(0)
        try:
            self._zip = zipfile.ZipFile(file)
        except DAMAGED as error:
            raise self._bad(_line(error)) from error
        if fault := _more(self._zip, file, whole):
            raise self._bad(fault)
        self._members: dict[str, zipfile.ZipInfo] = {}
        for info in self._zip.infolist():
            if fault := _fault(info, whole):
                raise self._bad(f"member {info.filename!r:.60} {fault}")
            plain = info.filename.removesuffix(SUFFIX)
            if plain in self._members:
                raise self._bad(f"there are two members {plain!r:.60}")
            self._members[plain] = info

    @property
    def sizes(self) -> dict[str, int]:
        """Bytes of each member as they are declared, the head of the array among them."""
        return {name: info.file_size for name, info in self._members.items()}

    def read(self, name: str, limit_bytes: int) -> np.ndarray:
        """Return a member, refusing one of more than ``limit_bytes`` before it is read."""
        info = self._members[name]
        if info.file_size > limit_bytes:
            raise ValueError(f"member {name!r} of {self._name} must have at most {limit_bytes:,} bytes, "
                             f"not {info.file_size:,}; {self._advice}")
        try:
            with self._zip.open(info) as stream:
                array = parse(stream, info.file_size, limit_bytes)
                stream.read(1)              # zipfile compares the checksum when it meets the end
        except (Damage, *DAMAGED) as error:
            raise self._bad(f"member {name!r}: {_line(error)}") from error
        return array

    def _bad(self, reason: str) -> ValueError:
        return ValueError(f"{self._name} must be a whole .npz {self._what}, not a file cut short, damaged or of another kind "
                          f"({reason}); {self._advice}")


def _more(archive: zipfile.ZipFile, file: BinaryIO, whole: int) -> str:
    """Return what lies around an archive, or nothing: a file that is cut may end with a whole archive that lay inside it."""
    end = whole - END_BYTES - len(archive.comment)
    file.seek(max(0, end))
    if file.read(len(END)) != END:
        return "it does not end where the archive does"
    first = min((info.header_offset for info in archive.infolist()), default=0)
    return f"{first:,} bytes lie ahead of its first member" if first else ""


def _fault(info: zipfile.ZipInfo, whole: int) -> str:
    """Return why a member cannot be read, or nothing."""
    if info.flag_bits & 1:
        return "is encrypted"
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return f"is packed by method {info.compress_type}, which NumPy does not write"
    if not info.filename.endswith(SUFFIX):
        return "is no array, whose name ends in .npy"
    if info.compress_size > whole or info.file_size > EXPANSION * info.compress_size + 64 or (
            info.compress_type == zipfile.ZIP_STORED and info.file_size != info.compress_size):
        return f"is said to have {info.file_size:,} bytes, which the file cannot hold"
    return ""


def _line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__


@contextmanager
def open_archive(path: str | os.PathLike[str] | Inside, what: str,
                 advice: str = "write it again with numpy.savez") -> Iterator[Archive]:
    """Open a `.npz` archive, a file or one inside another, which stays open; see `Archive`."""
    if isinstance(path, Inside):
        yield Archive(path, str(path), what, advice)
        return
    with open_regular(path, what) as file:
        yield Archive(file, str(path), what, advice)


def read_archive(path: str | os.PathLike[str] | Inside, what: str, limit_bytes: int,
                 advice: str = "write it again with numpy.savez") -> dict[str, np.ndarray]:
    """Return all arrays of a `.npz` archive by name.

    Parameters
    ----------
    path : path, or a file inside another
        The file to read.
    what : str
        What the archive is to the user, such as "image".
    limit_bytes : int
        Of all members together, unpacked; an archive of more is refused before it is read.
    advice : str
        What to do about one that is none.

    Raises
    ------
    OSError
        If there is no such file, or it cannot be read.
    ValueError
        If it is no whole archive of plain arrays, or a larger one.
    """
    with open_archive(path, what, advice) as archive:
        if (total := sum(archive.sizes.values())) > limit_bytes:
            raise ValueError(f"{path} must have at most {limit_bytes:,} bytes when unpacked, not {total:,}; {advice}")
        return {name: archive.read(name, limit_bytes) for name in archive.sizes}

"""The machine and specification that an image file is for, read without NumPy, which this folder does without.

Only the header is looked at; whether the rest of the file is whole is a matter of those who run it.
"""

import json
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any

from spec import image as rules
from spec import machines
from spec.parameter import from_data

MOST_BYTES = 1 << 20        # of a header
MAGIC = b"\x93NUMPY"
BUILD = "build it with compress.build"


def design_and_spec(path: Path) -> tuple[str, Any]:
    """Return the machine that an image names, and its specification.

    Raises
    ------
    OSError
        If there is no such file.
    ValueError, TypeError
        If it is no image, or one for a machine that there is not.
    """
    head = _header(path)
    if not isinstance(head, dict) or head.get("format") != rules.FORMAT or head.get("version") != rules.VERSION:
        raise ValueError(f"{path} must be an image of version {rules.VERSION}, not another file; {BUILD}")
    if head.get("machine") not in machines.MACHINES:
        raise ValueError(f"machine of {path} must be one of {', '.join(machines.MACHINES)}, not {head.get('machine')!r:.40}")
    return head["machine"], from_data(machines.part(head["machine"], "spec").Spec, head.get("spec"))


def _header(path: Path) -> Any:
    if not path.is_file():
        raise FileNotFoundError(f"--image must name a file, not {str(path)!r}; {BUILD}")
    try:
        with zipfile.ZipFile(path) as archive:
            info = archive.getinfo(f"{rules.HEADER}.npy")
            if info.file_size > MOST_BYTES:
                raise ValueError(f"its header has {info.file_size:,} bytes")
            data = archive.read(info)
        wide = 2 if data[6] == 1 else 4
        start = 8 + wide + int.from_bytes(data[8:8 + wide], "little")
        if data[:6] != MAGIC or b"'|u1'" not in data[:start]:
            raise ValueError("its header is no array of bytes")
        return json.loads(data[start:])
    except (zipfile.BadZipFile, zlib.error, struct.error, ValueError, KeyError, IndexError, EOFError, NotImplementedError,
            RuntimeError, RecursionError) as error:
        raise ValueError(f"{path} must be a whole .npz image, not a file cut short, damaged or of another kind "
                         f"({' '.join(str(error).split()) or type(error).__name__}); {BUILD}") from error

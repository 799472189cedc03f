"""The file of an image, the same for every machine: header, digest, members; the machine's own part says what is in it."""

import contextlib
import hashlib
import io
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, BinaryIO

import numpy as np

from cli.command import atomic
from files.archive import Archive, Inside, open_archive
from files.document import parse_json
from spec import VERSION as TOOL_VERSION
from spec import image as rules
from spec import machines
from spec.parameter import as_data, from_data

TOOL = f"nonzero {TOOL_VERSION}"
AGAIN = "build the image again"
BUILD = "build it with compress.build"
HEADER_BYTES = 1 << 20      # of JSON; a header of 64 layers has about 20,000
ARRAY_BYTES = 1 << 14       # what an array's own head may take beside its values

Limits = Callable[[Any, dict[str, Any]], Mapping[str, int]]


def load(path: str | os.PathLike[str]) -> Any:
    """Return the image in a file, of whichever machine it is for; ``compress.NAME.load`` reads that of one machine."""
    return machines.part(design_of(path), "compress").load(path)


def design_of(path: str | os.PathLike[str]) -> str:
    """Return the machine that an image is for."""
    with open_archive(path, "image", BUILD) as archive:
        return str(_head(path, archive)["machine"])


def save(path: str | os.PathLike[str], machine: str, spec: Any, head: Mapping[str, Any], arrays: dict[str, np.ndarray], *,
         tool: str = TOOL) -> None:
    """Write an image file, whole or not at all; the same content gives the same bytes.

    Parameters
    ----------
    path : path
        The file to write.
    machine : str
        Name in the registry.
    spec : dataclass
        The machine's specification.
    head : mapping
        The machine's own keys of the header.
    arrays : dict
        Its members.
    """
    whole = envelope(machine, spec, tool=tool) | dict(head)
    write(path, whole | {"sha256": digest(whole, arrays)}, arrays)


def envelope(machine: str, spec: Any, *, tool: str = TOOL) -> dict[str, Any]:
    """Return the part of a header that is the same for every machine, without the digest."""
    return {"format": rules.FORMAT, "version": rules.VERSION, "machine": machine, "tool": tool, "spec": as_data(spec)}


def write(path: str | os.PathLike[str], head: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
    """Write a header and arrays as they are; use ``save``, which makes the two agree."""
    with atomic(path) as draft, draft.open("wb") as file:
        _write(file, head, arrays)


def packed(machine: str, spec: Any, head: Mapping[str, Any], arrays: dict[str, np.ndarray]) -> bytes:
    """Return the bytes that `save` would write."""
    whole, file = envelope(machine, spec) | dict(head), io.BytesIO()
    _write(file, whole | {"sha256": digest(whole, arrays)}, arrays)
    return file.getvalue()


def _write(file: BinaryIO, head: Mapping[str, Any], arrays: dict[str, np.ndarray]) -> None:
    text = np.frombuffer(json.dumps(head).encode(), np.uint8)
    np.savez(file, allow_pickle=False, **{rules.HEADER: text}, **arrays)


def digest(head: dict[str, Any], arrays: dict[str, np.ndarray]) -> str:
    """Return the digest of a header (its own ``sha256`` apart) and arrays."""
    plain = {key: value for key, value in head.items() if key != "sha256"}
    state = hashlib.sha256(json.dumps(plain, sort_keys=True, separators=(",", ":")).encode())
    for name in sorted(arrays):
        array = arrays[name]
        shape = json.dumps(array.shape, separators=(",", ":"))
        state.update(f"{name}\n{array.dtype.name}\n{shape}\n".encode())
        state.update(np.ascontiguousarray(array, array.dtype.newbyteorder("<")).tobytes())
    return state.hexdigest()


def read(path: str | os.PathLike[str] | Inside, machine: str, limits: Limits,
         ) -> tuple[Any, dict[str, Any], dict[str, np.ndarray]]:
    """Return specification, header and members of an image for a machine.

    A file that is cut short, changed, of another version, for another machine, or with members of the wrong name, type or
    size is refused, and none is read that is larger than the header allows.

    Parameters
    ----------
    path : path, or a file inside another
        The file to read.
    machine : str
        Name in the registry.
    limits : callable
        Takes specification and header, checks the machine's own keys, and returns the most bytes of each member's values.
    """
    own = machines.part(machine, "spec")
    with open_archive(path, "image", BUILD) as archive:
        head = _head(path, archive)
        if head["machine"] != machine:
            raise ValueError(f"machine of {path} must be {machine!r}, not {head['machine']!r}; "
                             f"run it on the machine it was made for")
        keys(f"header of {path}", head, (*rules.HEADER_KEYS, *own.image.HEADER_KEYS))
        with about(path):
            spec = from_data(own.Spec, head["spec"])
            most = limits(spec, head)
        arrays = {name: archive.read(name, most.get(name, 0) + ARRAY_BYTES)
                  for name in archive.sizes if name != rules.HEADER}
    if digest(head, arrays) != head["sha256"]:
        raise ValueError(f"sha256 of {path} must be that of its content, not {head['sha256']!r:.20}...; "
                         f"the file was changed after it was made, so {AGAIN}")
    _types(path, arrays, own.image.MEMBERS)
    return spec, head, arrays


@contextlib.contextmanager
def about(path: str | os.PathLike[str] | Inside) -> Iterator[None]:
    """Let errors about the content of a file name the file."""
    try:
        yield
    except (ValueError, TypeError, OverflowError) as error:
        kind = next(kind for kind in (OverflowError, TypeError, ValueError) if isinstance(error, kind))
        raise kind(f"{path}: {error}") from error


def keys(what: str, given: Any, wanted: Iterable[str]) -> None:
    """Refuse what is no JSON object with exactly these keys."""
    if not isinstance(given, dict):
        raise TypeError(f"{what} must be a JSON object, not {given!r:.40}; {AGAIN}")
    wanted = tuple(wanted)
    if odd := sorted(set(given) ^ set(wanted)):
        verb = "lack" if odd[0] in wanted else "have"
        raise ValueError(f"{what} must have the keys {', '.join(wanted)}, not {verb} {odd[0]!r}; {AGAIN}")


def _head(path, archive: Archive) -> dict[str, Any]:
    """Return the header, with the keys that say what the file is checked."""
    if rules.HEADER not in archive.sizes:
        raise ValueError(f"{path} must have a member {rules.HEADER} with JSON, not only "
                         f"{', '.join(archive.sizes) or 'none':.60}; {BUILD}")
    head = parse_json(archive.read(rules.HEADER, HEADER_BYTES).tobytes(), f"{rules.HEADER} of {path}", BUILD)
    if not isinstance(head, dict):
        raise TypeError(f"header of {path} must be a JSON object, not {type(head).__name__}")
    for key, rule, advice in (
            ("format", (rules.FORMAT,), "this is another kind of file"),
            ("version", (rules.VERSION,), "build the image again with this version of nonzero"),
            ("machine", machines.MACHINES, "this version of nonzero has no such machine")):
        if head.get(key) not in rule or type(head[key]) is not type(rule[0]):
            said = repr(rule[0]) if len(rule) == 1 else f"one of {', '.join(map(str, rule))}"
            raise ValueError(f"{key} of {path} must be {said}, not {head.get(key)!r:.40}; {advice}")
    return head


def _types(path, arrays: dict[str, np.ndarray], members: Mapping[str, tuple[str, str]]) -> None:
    patterns = {name: re.compile(re.escape(name).replace(r"\{l\}", r"\d+")) for name in members}
    for name, array in arrays.items():
        found = next((known for known, pattern in patterns.items() if pattern.fullmatch(name)), None)
        if found is None:
            raise ValueError(f"member of {path} must be one of {', '.join(members)}, not {name!r}; {AGAIN}")
        if array.dtype.name != members[found][0]:
            raise TypeError(f"{name} of {path} must be {members[found][0]}, not {array.dtype.name}; {AGAIN}")

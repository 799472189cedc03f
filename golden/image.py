"""An image file as golden reads it: its own reader of header, digest and members, shared with nothing that makes images."""

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from files.archive import Archive, open_archive
from files.document import parse_json
from spec import image as rules
from spec import machines
from spec.parameter import from_data

AGAIN = "build the image again"
HEADER_BYTES = 1 << 20      # of JSON; a header of 64 layers has about 20,000
ARRAY_BYTES = 1 << 14       # what an array's own head may take beside its values


def load(path) -> Any:
    """Return the image in a file, of whichever machine it is for; ``golden.NAME.load`` reads that of one machine."""
    with open_archive(path, "image", AGAIN) as archive:
        machine = _head(path, archive)["machine"]
    return machines.part(machine, "golden").load(path)


def read(path, machine: str, limits: Callable[[Any, dict[str, Any], list[str]], Mapping[str, int]],
         ) -> tuple[Any, dict[str, Any], dict[str, np.ndarray]]:
    """Return specification, header and members of an image for a machine; the machine's own loader checks the content.

    ``limits`` takes specification, header and the names of the members, checks both, and returns the most bytes of each
    member's values; no member is read that has more.
    """
    own = machines.part(machine, "spec")
    with open_archive(path, "image", AGAIN) as archive:
        head = _head(path, archive)
        if head["machine"] != machine:
            raise ValueError(f"machine of {path} must be {machine!r}, not {head['machine']!r}; take its machine")
        keys(f"header of {path}", head, (*rules.HEADER_KEYS, *own.image.HEADER_KEYS))
        spec, given = from_data(own.Spec, head["spec"]), [name for name in archive.sizes if name != rules.HEADER]
        most = limits(spec, head, given)
        members = {name: archive.read(name, most[name] + ARRAY_BYTES) for name in given}
    if head["sha256"] != digest(head, members):
        raise ValueError(f"sha256 of {path} must be that of its content, not {head['sha256']!r:.20}; the file was "
                         f"changed after it was made, {AGAIN}")
    return spec, head, members


def digest(head: dict[str, Any], members: dict[str, np.ndarray]) -> str:
    """Return the SHA-256 that an image with this header and these members must state."""
    plain = {key: head[key] for key in head if key != "sha256"}
    state = hashlib.sha256(json.dumps(plain, sort_keys=True, separators=(",", ":")).encode())
    for name, array in sorted(members.items()):
        shape = "[" + ",".join(map(str, array.shape)) + "]"
        state.update(f"{name}\n{array.dtype.name}\n{shape}\n".encode())
        state.update(array.astype(array.dtype.newbyteorder("<")).tobytes(order="C"))
    return state.hexdigest()


def _head(path, archive: Archive) -> dict[str, Any]:
    if rules.HEADER not in archive.sizes:
        raise ValueError(f"{path} must have a member {rules.HEADER}, not only {', '.join(archive.sizes) or 'none':.60}; "
                         f"{AGAIN}")
    head = parse_json(archive.read(rules.HEADER, HEADER_BYTES).tobytes(), f"{rules.HEADER} of {path}", AGAIN)
    if not isinstance(head, dict):
        raise TypeError(f"header of {path} must be a JSON object, not {head!r:.40}; {AGAIN}")
    for key, value, reason in (("format", rules.FORMAT, "this is no image"),
                               ("version", rules.VERSION, "build it again with this version of nonzero")):
        if type(head.get(key)) is not type(value) or head[key] != value:
            raise ValueError(f"{key} of {path} must be {value!r}, not {head.get(key)!r:.40}; {reason}")
    if head.get("machine") not in machines.MACHINES:
        raise ValueError(f"machine of {path} must be one of {', '.join(machines.MACHINES)}, not {head.get('machine')!r:.40}; "
                         f"this version of nonzero has no other")
    return head


Ends = tuple[int | None, int | None]
"""Least and largest whole number that a network lets its inputs be; None where it does not say."""


def ends(path, given: Any, bits: int) -> Ends:
    """Return what ``input_bounds`` of a header says of inputs of so many bits."""
    top = (1 << bits - 1) - 1
    both = [None, None] if given is None else given
    if not isinstance(both, list) or len(both) != 2 or any(end is not None and type(end) is not int for end in both):
        raise TypeError(f"input_bounds of {path} must be null or two, each a whole number or null, not {given!r:.40}; {AGAIN}")
    low, high = -top - 1 if both[0] is None else both[0], top if both[1] is None else both[1]
    if not -top - 1 <= low <= high <= top:
        raise ValueError(f"input_bounds of {path} must rise between {-top - 1} and {top}, not be {low} and {high}; {AGAIN}")
    return both[0], both[1]


def keys(what: str, given: Any, wanted) -> None:
    """Refuse what is no JSON object with exactly these keys."""
    if not isinstance(given, dict):
        raise TypeError(f"{what} must be a JSON object, not {given!r:.40}; {AGAIN}")
    if odd := sorted(set(wanted) ^ set(given)):
        raise ValueError(f"{what} must have the keys {', '.join(wanted)}, not {'lack' if odd[0] in wanted else 'have'} "
                         f"{odd[0]!r}; {AGAIN}")

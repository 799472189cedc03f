"""The one reader of JSON: UTF-8 and nothing else, no deep nesting, no key twice, no text that cannot be written again."""

import json
import os
import re
from typing import Any

from files.array import open_regular

DEPTH = 32
LIMIT_BYTES = 1 << 28
TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[][{}]', re.DOTALL)


def parse_json(data: bytes, what: str, advice: str = "write it again") -> Any:
    """Return the value of a JSON text.

    Raises
    ------
    ValueError
        If it is no JSON in UTF-8, nests deeper than 32, names a key twice, or holds half a surrogate pair.
    """
    try:
        text = data.decode("utf-8")
        _shallow(data)
        value = json.loads(text, object_pairs_hook=_once)
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{what} must be JSON in UTF-8, not {' '.join(str(error).split())!r:.100}; {advice}") from error
    return value


def read_json(path: str | os.PathLike[str], what: str, kind: type = dict, advice: str = "name another file") -> Any:
    """Return the value of a JSON file, whose outermost one must be a ``kind``."""
    with open_regular(path, what) as file:
        data = file.read(LIMIT_BYTES + 1)
    if len(data) > LIMIT_BYTES:
        raise ValueError(f"{what} must have at most {LIMIT_BYTES:,} bytes, and {path} has more; {advice}")
    value = parse_json(data, f"{what} {path}", advice)
    if type(value) is not kind:
        raise ValueError(f"{what} {path} must be a JSON {'object' if kind is dict else 'list'}, not {type(value).__name__}; "
                         f"{advice}")
    return value


def _shallow(data: bytes) -> None:
    depth = 0
    for token in TOKEN.finditer(data):
        if (mark := data[token.start()]) in b"[{":
            depth += 1
        elif mark in b"]}":
            depth -= 1
        if depth > DEPTH:
            raise ValueError(f"nesting deeper than {DEPTH}")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"key {next(name for name in names if names.count(name) > 1)!r:.40} twice")
    return found

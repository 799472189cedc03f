"""An image of a MAC machine as golden reads it, and what the machine makes of an input."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from golden import image
from golden.image import AGAIN
from golden.mac.convert import to_bits
from golden.mac.operand import patterns
from golden.mac.product import matmul, padding
from spec.mac import SIDE, MacSpec
from spec.mac.image import MOST_VALUES


@dataclass(frozen=True, kw_only=True, eq=False)
class Image:
    """A build, its operand format, and B (K, N) and C (1 or M, N, or None) as patterns."""

    spec: MacSpec
    fmt: str
    b: np.ndarray
    c: np.ndarray | None


@dataclass(frozen=True, kw_only=True, eq=False)
class Run:
    """D (M, N) as patterns, and the operations of each tile."""

    outputs: np.ndarray
    counters: dict[str, int]


def load(path) -> Image:
    """Return the image in a file, or raise one error that names the thing, its rule and its value."""
    spec, head, members = image.read(path, "mac", _limits)
    fmt = head["format_ab"]
    if "b" not in members:
        raise ValueError(f"members of {path} must include b, not lack it; {AGAIN}")
    b = patterns(f"b of {path}", fmt, members["b"])
    c = members.get("c")
    if c is not None:
        c = patterns(f"c of {path}", spec.acc_of(fmt), c)
    wide = head["outputs"]
    if b.shape != (head["inputs"], wide) or (c is not None and c.shape != (head["rows_c"], wide)):
        raise ValueError(f"b and c of {path} must have the shapes that the header gives them, not {b.shape} and "
                         f"{None if c is None else c.shape}; {AGAIN}")
    return Image(spec=spec, fmt=fmt, b=b, c=c)


def run(loaded: Image, a: Any) -> Run:
    """Return D = A*B + C for a matrix of real numbers, rounded to the operand format, nearest even."""
    left = to_bits(loaded.fmt, np.atleast_2d(a), frac=loaded.spec.lns_frac)
    c = None if loaded.c is None else np.broadcast_to(loaded.c, (len(left), loaded.c.shape[1]))
    rows, length, columns = padding(loaded.spec, len(left), left.shape[1], loaded.b.shape[1], loaded.fmt)
    operations = rows // SIDE * (columns // (SIDE * loaded.spec.tiles)) * (length // loaded.spec.length(loaded.fmt))
    return Run(outputs=matmul(loaded.spec, left, loaded.b, c, fmt=loaded.fmt), counters={"operations": operations})


def _limits(spec: MacSpec, head: dict[str, Any], given: Sequence[str]) -> dict[str, int]:
    if head["format_ab"] not in spec.formats:
        raise ValueError(f"format_ab must be one of {', '.join(spec.formats)}, not {head['format_ab']!r:.40}; {AGAIN}")
    wide, most = head["outputs"], {}
    for name, rows in ("b", head["inputs"]), ("c", head["rows_c"]):
        if type(rows) is not int or type(wide) is not int or not 0 <= rows * wide <= MOST_VALUES or min(rows, wide) < 0:
            raise ValueError(f"{name} must have 0 to {MOST_VALUES} values, not {rows!r:.40} x {wide!r:.40}; {AGAIN}")
        if rows:
            most[name] = 4 * rows * wide
    if sorted(given) != sorted(most):
        raise ValueError(f"members must be {', '.join(most) or 'none'}, as the header says, not "
                         f"{', '.join(given) or 'none'}; {AGAIN}")
    return most

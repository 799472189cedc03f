"""An image of the MAC machine: the build, the operand format, and B and C as patterns."""

import os
from dataclasses import dataclass
from typing import Any

import numpy as np

from compress import image as container
from spec.mac import MacSpec
from spec.mac.image import MOST_VALUES
from spec.mac.number import FORMATS


@dataclass(frozen=True, kw_only=True, eq=False)
class Image:
    """B and C of D = A*B + C for a build; A is the input.

    Parameters
    ----------
    spec : MacSpec
    fmt : str
        Format of A and B, one of the build's.
    b : numpy.ndarray
        uint32 patterns of shape (K, N).
    c : numpy.ndarray or None
        uint32 patterns of the accumulator's format: (1, N), added to every row, or (M, N); None for zeros.
    """

    spec: MacSpec
    fmt: str
    b: np.ndarray
    c: np.ndarray | None = None
    tool: str = container.TOOL

    @property
    def input_shape(self) -> tuple[int, ...]:
        """What an input is: a row of the matrix A."""
        return (len(self.b),)

    def __post_init__(self) -> None:
        """Refuse what the build cannot multiply."""
        self.spec.code(self.fmt)
        _patterns("b", self.b, self.fmt)
        if self.c is not None:
            _patterns("c", self.c, self.spec.acc_of(self.fmt))
            if self.c.shape[1] != self.b.shape[1]:
                raise ValueError(f"c must have {self.b.shape[1]} columns as b has, not {self.c.shape[1]}")


def save(image: Image, path: str | os.PathLike[str]) -> None:
    """Write an image file, whole or not at all; the same image gives the same bytes."""
    arrays = {"b": image.b} if image.c is None else {"b": image.b, "c": image.c}
    head = {"format_ab": image.fmt, "inputs": image.b.shape[0], "outputs": image.b.shape[1],
            "rows_c": 0 if image.c is None else len(image.c)}
    container.save(path, "mac", image.spec, head, arrays, tool=image.tool)


def load(path: str | os.PathLike[str]) -> Image:
    """Read an image, refusing one that is cut short, changed, of another version, or not legal."""
    spec, head, arrays = container.read(path, "mac", _limits)
    with container.about(path):
        for name, rows in (("b", head["inputs"]), ("c", head["rows_c"])):
            shape = (rows, head["outputs"]) if rows else None
            if (found := arrays[name].shape if name in arrays else None) != shape:
                raise ValueError(f"{name} must have the shape {shape} that the header gives it, not {found}; {container.AGAIN}")
        return Image(spec=spec, fmt=head["format_ab"], b=arrays["b"], c=arrays.get("c"), tool=str(head["tool"]))


def _limits(spec: MacSpec, head: dict[str, Any]) -> dict[str, int]:
    """Return the most bytes of each member: a machine takes a product in pieces, so none of its memories is a limit."""
    if not isinstance(head["format_ab"], str):
        raise TypeError(f"format_ab must be a name, not {head['format_ab']!r:.40}; {container.AGAIN}")
    for name, low in ("inputs", 1), ("outputs", 1), ("rows_c", 0):
        if type(head[name]) is not int or not low <= head[name] <= MOST_VALUES:
            raise ValueError(f"{name} must be {low} to {MOST_VALUES}, not {head[name]!r:.40}; {container.AGAIN}")
    sizes = {"b": head["inputs"] * head["outputs"], "c": head["rows_c"] * head["outputs"]}
    for name, size in sizes.items():
        if size > MOST_VALUES:
            raise ValueError(f"{name} must have at most {MOST_VALUES} values, not {size}; cut it into several images")
    return {name: 4 * size for name, size in sizes.items()}


def _patterns(name: str, values: np.ndarray, fmt: str) -> None:
    if values.dtype != np.uint32 or values.ndim != 2 or not values.size:
        raise ValueError(f"{name} must be a matrix of uint32 patterns, not {values.dtype} of shape {values.shape}; "
                         f"{container.AGAIN}")
    if (top := int(values.max())) >> FORMATS[fmt].bits:
        raise OverflowError(f"{name} must be patterns of {FORMATS[fmt].bits} bits, not {top:#x}; {container.AGAIN}")

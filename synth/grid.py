"""All combinations of options that take several values."""

import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cli.design import specification
from spec import machines


@dataclass(frozen=True, kw_only=True)
class Point:
    """One machine of a sweep: its options by name, which a worker builds it from."""

    design: str
    options: tuple[tuple[str, Any], ...]
    part: str
    seeds: int

    @property
    def name(self) -> str:
        """The options as text, one machine's name in a table."""
        return " ".join(f"{name}={text(value)}" for name, value in self.options) or self.design

    def spec(self) -> Any:
        """Return the machine's specification."""
        return specification(machines.part(self.design, "spec"), dict(self.options))

    def key(self) -> str:
        """Return the point as text that no other point has."""
        return json.dumps([self.design, self.options, self.part, self.seeds])


def points(design: str, axes: Mapping[str, Sequence[Any]], *, part: str, seeds: int) -> list[Point]:
    """Return a point for every combination, the last axis running fastest; each must make a legal machine.

    Parameters
    ----------
    axes : mapping
        Option of the machine's command line to its values, for example ``{"pes": [4, 8], "queue_depth": [8, 16]}``.
    """
    found = [Point(design=design, options=tuple(zip(axes, values, strict=True)), part=part, seeds=seeds)
             for values in itertools.product(*axes.values())]
    for point in found:
        point.spec()
    return found


def text(value: Any) -> Any:
    """Return the value of an option as a table shows it: names that belong together are joined."""
    return "+".join(value) if isinstance(value, tuple) else value

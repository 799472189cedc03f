"""How a front end says that a network cannot be mapped: one line for each node, all of them at once."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """Why a node cannot be mapped.

    Parameters
    ----------
    node : str
        Its name in the file.
    operator : str
    what, rule, value : str
        Attribute or thing, what it must be, and what it is.
    way_out : str
        The nearest thing to do.
    """

    node: str
    operator: str
    what: str
    rule: str
    value: str
    way_out: str

    def __str__(self) -> str:
        """Return the line."""
        text = f"node {self.node!r} ({self.operator}): {self.what} must be {self.rule}, not {self.value}; {self.way_out}"
        return " ".join(text.split())


class NodeRefusedError(ValueError):
    """One node cannot be mapped."""

    def __init__(self, what: str, rule: str, value: object, way_out: str) -> None:
        """Keep the parts of the sentence; the node is added where it is known."""
        super().__init__(f"{what} must be {rule}, not {value}; {way_out}")
        self.parts = {"what": what, "rule": rule, "value": f"{value}"[:80], "way_out": way_out}


class NetworkRefusedError(ValueError):
    """A network has nodes that cannot be mapped; ``refusals`` are all of them."""

    def __init__(self, path: object, refusals: Sequence[Refusal]) -> None:
        """Say the first, and how many more there are."""
        more = f" (and {len(refusals) - 1} more; python -m compress.check lists them)" if len(refusals) > 1 else ""
        super().__init__(f"{path}: {refusals[0]}{more}")
        self.refusals = tuple(refusals)

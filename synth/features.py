"""Numbers of a machine that its area grows with, and its multipliers and block memories, which are counted exactly.

A machine's own are in ``synth.NAME``: ``features(spec)``, and ``FITTED``, the names of those whose weights are fitted to
measurements, the ones that matter most first; the others are counts.
"""

from typing import Any

from spec import machines
from spec.parameter import as_data, from_data


def of(kind: str, data: dict[str, Any]) -> dict[str, float]:
    """Return the features of a machine whose specification is plain data; what it lacks is as in the default."""
    shape = machines.specification(kind).Spec
    return machines.part(kind, "synth").features(from_data(shape, as_data(shape()) | data))


def fitted(kind: str) -> tuple[str, ...]:
    """Return the features of a machine that are fitted, the ones that matter most first."""
    return machines.part(kind, "synth").FITTED

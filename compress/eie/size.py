"""Memories that are as large as a network needs, or one message that says what would hold it."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from spec.eie import EieSpec
from spec.parameter import highest

MEMORIES = ("entries", "columns", "slots", "layers", "codebooks")
"""What a network fills; all else of a machine decides how fast it is and how it counts."""

MORE_PES = ("entries", "slots")
"""Memories that every PE has its own part of, so that more PEs need less of each."""


def free(given: Collection[str] = ()) -> frozenset[str]:
    """Return the memories that may be made larger: all but those of the parameters that were asked for."""
    return frozenset(MEMORIES) - frozenset(given)


def estimate(spec: EieSpec, sizes: Sequence[int], density: float) -> dict[str, int]:
    """Return what a network of dense layers takes at least, before it is trained.

    Parameters
    ----------
    spec : EieSpec
    sizes : sequence of int
        Inputs of the first layer, then outputs of every layer.
    density : float
        Share of the weights that will be kept.
    """
    slots = [-(-size // spec.pes) for size in sizes]
    weights = sum(inputs * outputs for inputs, outputs in zip(sizes, sizes[1:], strict=False))
    return {"layers": len(slots) - 1, "slots": max(slots), "columns": sum(slots[:-1]) * spec.pes,
            "entries": math.ceil(density * weights / spec.pes)}


def with_codebooks(spec: EieSpec, count: int, free: Collection[str]) -> EieSpec:
    """Return the machine with a codebook for each of ``count`` layers, as far as a machine can have them."""
    most = highest(EieSpec, "codebooks")
    return replace(spec, codebooks=max(spec.codebooks, min(count, most))) if "codebooks" in free else spec


def sized(spec: EieSpec, need: Mapping[str, int], free: Collection[str]) -> EieSpec:
    """Return the machine with each memory of ``free`` as large as needed, at least as large as it was.

    Raises
    ------
    ValueError
        If another memory is too small: one message with all options as they must be. If no machine of so many PEs can
        hold the network, it says that more PEs help, or that nothing but a smaller network does.
    """
    limits = {field.name: field.metadata for field in fields(EieSpec)}
    wanted: dict[str, Any] = {name: _up(count, power=bool(limits[name]["power"])) for name, count in need.items()
                              if count > getattr(spec, name)}
    if "slots" in wanted or "entries" in wanted:                # a column may fill all slots
        entries = max(wanted.get("entries", spec.entries), 2 * wanted.get("slots", spec.slots))
        wanted |= {"entries": entries} if entries > spec.entries else {}
    beyond = [name for name in wanted if wanted[name] > limits[name]["high"]]
    if beyond:
        raise ValueError(_too_large(spec, need, beyond, {name: limits[name]["high"] for name in beyond}))
    if set(wanted) <= set(free):
        return replace(spec, **wanted)
    line = " ".join(f"--{name} {count}" for name, count in wanted.items())
    what = ", ".join(f"{name} {getattr(spec, name)} where it takes {need[name]}" for name in wanted if name not in free)
    raise ValueError(f"memories of the machine must hold the network, not {what}; type {line}, or leave these options out")


def _up(count: int, *, power: bool) -> int:
    return 1 << (count - 1).bit_length() if power else count


def _too_large(spec: EieSpec, need: Mapping[str, int], beyond: Sequence[str], most: Mapping[str, int]) -> str:
    what = ", ".join(f"{name} at most {most[name]} where it takes {need[name]}" for name in beyond)
    pes = spec.pes * max(-(-need[name] // most[name]) for name in beyond)
    smaller = "prune more" if set(beyond) == {"entries"} else "take fewer or smaller layers"
    help = (f"more PEs share them: take --pes {pes}" if set(beyond) <= set(MORE_PES) and pes <= 256
            else f"{smaller}, or run the layers as networks of their own")
    return f"memories of a machine of {spec.pes} PEs must hold the network, not {what}; {help}"

"""An array that holds a network: memories as large as it needs, and as many PEs as can share its layers."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from compress.scnn.arrange import Need
from compress.scnn.assemble import Assembly, UnheldError, assemble
from compress.scnn.room import RoomError, up
from golden.scnn.layer import Layer
from spec.parameter import highest
from spec.scnn import ScnnSpec
from spec.scnn.shape import fitted

MEMORIES = ("memory_words", "blocks", "taps", "program", "layers")
"""What a network fills; all else of an array decides how fast it is."""

SIDES = ("rows", "cols")

LANES = ("weight_lanes", "weight_port_bits")
"""What an array of fewer PEs has less of, unless it was asked for."""


def free(given: Collection[str] = ()) -> frozenset[str]:
    """Return the parameters that may be changed: memories, sides and lanes, but for those that were asked for."""
    return frozenset((*MEMORIES, *SIDES, *LANES)) - frozenset(given)


def few(count: int) -> None:
    """Refuse more layers than any array keeps."""
    most = highest(ScnnSpec, "layers")
    if count > most:
        raise ValueError(f"layers of an scnn must be at most {most}, not {count:,}; give parts of the network as networks of "
                         f"their own")


def sized(spec: ScnnSpec, layers: Sequence[Layer], shape: tuple[int, int, int], *, free: frozenset[str],
          density: Mapping[str, float], level: int | None, weights: bool = True, need: Need | None = None,
          ) -> tuple[Assembly, list[str]]:
    """Return a network on an array that holds it, and a sentence on each array with more PEs that does not.

    Parameters
    ----------
    spec : ScnnSpec
        The array asked for.
    layers : sequence of Layer
    shape : tuple of int
        Of the input.
    free : frozenset of str
        Parameters that may be changed. Memories grow; where both sides are free, they are halved until every layer fits.
    density : mapping
        Share of activations other than 0, by tensor.
    level : int or None
        Split of every layer; chosen for each by predicted cycles if None.
    weights : bool
        Whether to make the stream of weights.
    need : callable, optional
        Words of the region of a tensor, as `compress.scnn.arrange.arrange` takes it.
    """
    largest, faults = replace(spec, **{name: highest(ScnnSpec, name) for name in MEMORIES if name in free}), list[str]()
    first: ValueError | None = None
    while True:
        made, fault = laid(largest, layers, shape, level, density=dict(density), weights=weights, need=need)
        if made is not None:
            break
        first = first or fault
        faults.append(f"{largest.rows} x {largest.cols} PEs do not do: {fault}")
        if not set(SIDES) <= free or largest.pes == 1:
            raise ValueError(_advice(spec, str(first), level, halved=largest.pes < spec.pes)) from first
        largest = smaller(largest, max(1, largest.rows // 2), max(1, largest.cols // 2), free)
        if max(largest.weight_lanes, largest.input_groups) > largest.pes:
            raise ValueError(_advice(spec, str(first), level, halved=False)) from first
    taken = needs(made)
    grown = {name: max(getattr(spec, name), up(name, taken[name]) if name in free else 0) for name in MEMORIES}
    return replace(made, spec=replace(largest, **grown)), faults


def smaller(spec: ScnnSpec, rows: int, cols: int, free: frozenset[str]) -> ScnnSpec:
    """Return an array of fewer PEs, with as many lanes and as wide a port for them as it can use, where these are free."""
    made = replace(spec, rows=rows, cols=cols)
    return fitted(made, lanes="weight_lanes" in free, port="weight_port_bits" in free)


def laid(spec: ScnnSpec, layers: Sequence[Layer], shape: tuple[int, int, int], level: int | None, **choices: Any,
          ) -> tuple[Assembly | None, ValueError | None]:
    """Return a network laid out, or why it is not: each layer at its own level, then all at one, the largest first.

    Of several reasons the first is returned of those that say most: a program or the weights that are too large for the
    network laid out, else a memory that is too small, else another.
    """
    tried = [[level] * len(layers)] if level is not None else [
        None, *([number] * len(layers) for number in reversed(range(len(spec.block_sides))))]
    first: ValueError | None = None
    for levels in tried:
        try:
            return assemble(spec, layers, shape, levels=levels, **choices), None
        except ValueError as error:
            if first is None or _weight(error) > _weight(first):
                first = error
    return None, first


def _weight(error: ValueError) -> int:
    return next((weight for weight, kind in ((2, UnheldError), (1, RoomError)) if isinstance(error, kind)), 0)


def needs(made: Assembly) -> dict[str, int]:
    """Return how much of each memory a network takes."""
    tensors = [made.source, *(mapping.output for mapping in made.mappings)]
    blocks = max(first + form[0] * form[1] * tensor.span for tensor in tensors for form, first in tensor.blocks.items())
    return {"memory_words": max(made.source.words(made.spec), *(mapping.limit for mapping in made.mappings)), "blocks": blocks,
            "taps": len(made.taps), "program": max(len(made.lanes), made.supply.shape[1], made.drain.shape[1]),
            "layers": len(made.mappings)}


def _advice(spec: ScnnSpec, said: str, level: int | None, *, halved: bool) -> str:
    """Return why an array does not hold a network, with the way out; ``halved``: arrays of fewer PEs were tried as well."""
    if halved:
        return f"{said}; so it is with {spec.rows} x {spec.cols} PEs, and fewer do not hold the network either"
    way = "take another --level, or other --rows and --cols" if level is not None else "take other --rows and --cols"
    return said if spec.pes == 1 else f"{said}; {way}"

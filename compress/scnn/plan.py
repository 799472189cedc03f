"""Where activations lie: in regions that hold those of every input, or in regions that hold those of recorded inputs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from compress.scnn.assemble import Assembly
from compress.scnn.divide import Divided, divided
from compress.scnn.image import of
from compress.scnn.parts import Parts
from compress.scnn.recorded import Recorded
from compress.scnn.room import RegionError, up
from compress.scnn.size import MEMORIES, SIDES, needs, sized
from golden.scnn.layer import Layer
from spec.parameter import highest
from spec.scnn import ScnnSpec

WORST, RECORDED = ACTIVATIONS = "worst", "recorded"
"""How the memory of activations is planned: for every input, or for what the data need, with a margin and parts."""


LEAST = 0.01        # of the words that the data take; with smaller regions every input runs in parts as well


@dataclass(frozen=True, kw_only=True, eq=False)
class Plan:
    """A network laid out.

    Parameters
    ----------
    assembly : Assembly
    faults : list of str
        A sentence on each array of more PEs that does not hold it.
    parts : Parts, or None
        How inputs are run whose activations do not fit; None where those of every input fit.
    facts : dict
        What the user is told of it.
    """

    assembly: Assembly
    faults: list[str]
    parts: Parts | None
    facts: dict[str, Any]


def planned(spec: ScnnSpec, layers: Sequence[Layer], shape: tuple[int, int, int], *, free: frozenset[str],
            density: Mapping[str, float], level: int | None, recorded: Recorded | None) -> Plan:
    """Return a network on an array that holds it; the parameters but ``recorded`` are those of `compress.scnn.size.sized`.

    Parameters
    ----------
    recorded : Recorded or None
        What regions are planned from; None for regions that hold every input's activations. These are taken all the same
        where the memory then has room for them.

    Raises
    ------
    ValueError
        If the array does not hold the network, or not every layer in parts.
    """
    choices: dict[str, Any] = {"density": density, "level": level}
    if recorded is None:
        assembly, faults = sized(spec, layers, shape, free=free, **choices)
        return Plan(assembly=assembly, faults=faults, parts=None, facts=_facts(assembly, None))
    assembly, faults, recorded = _recorded(spec, layers, shape, free, choices, recorded)
    every = _every(assembly.spec, layers, shape, free, choices)
    if every is None:
        final, made = _parts(assembly.spec, layers, shape, free, density)
        if final.memory_words > assembly.spec.memory_words:     # for parts, and it may be enough for every input now
            every = _every(final, layers, shape, free, choices)
    if every is not None:
        return Plan(assembly=every, faults=faults, parts=None, facts=_facts(every, None))
    images = tuple(of(replace(one, spec=final), largest=None) for one in made.assemblies)
    assembly = replace(assembly, spec=final)
    parts = Parts(rows=tuple(made.rows), reads=tuple(made.reads), images=images)
    return Plan(assembly=assembly, faults=faults, parts=parts, facts=_facts(assembly, recorded) | {"parts": len(parts.rows)})


def _recorded(spec: ScnnSpec, layers: Sequence[Layer], shape: tuple[int, int, int], free: frozenset[str],
              choices: dict[str, Any], recorded: Recorded) -> tuple[Assembly, list[str], Recorded]:
    """Return the network with regions as large as recorded, or smaller where a memory that was asked for has less room."""
    while True:
        try:
            return *sized(spec, layers, shape, free=free, need=recorded, **choices), recorded
        except ValueError as error:
            if not isinstance(error.__cause__, RegionError) or recorded.margin < LEAST:
                raise
        recorded = recorded.tighter()


def _every(spec: ScnnSpec, layers: Sequence[Layer], shape: tuple[int, int, int], free: frozenset[str],
           choices: dict[str, Any]) -> Assembly | None:
    """Return the network laid out for every input on an array, whose memories of activations stay as they are, or None."""
    try:
        return sized(spec, layers, shape, free=free - {"memory_words", *SIDES}, **choices)[0]
    except ValueError:
        return None


def _parts(spec: ScnnSpec, layers: Sequence[Layer], shape: tuple[int, int, int], free: frozenset[str],
           density: Mapping[str, float]) -> tuple[ScnnSpec, Divided]:
    """Return a network in parts, on an array whose free memories are as large as the parts need."""
    high = {name: highest(ScnnSpec, name) for name in MEMORIES if name in free}
    most = high.pop("memory_words", spec.memory_words)
    words = spec.memory_words
    while True:
        try:
            made = divided(replace(spec, **high, memory_words=words), layers, shape, density)
            break
        except ValueError:
            if words >= most:
                raise
            words = min(most, 2 * words)
    need = [needs(one) for one in made.assemblies]
    grown = {name: max(getattr(spec, name), *(up(name, one[name]) for one in need)) for name in high}
    return replace(spec, **grown, memory_words=words), made


def _facts(assembly: Assembly, recorded: Recorded | None) -> dict[str, Any]:
    spec = assembly.spec
    tensors = [(assembly.source, assembly.source.words(spec)), *(
        (mapping.output, mapping.limit - mapping.word) for mapping in assembly.mappings)]
    facts: dict[str, Any] = {"plan": WORST if recorded is None else RECORDED, "words": needs(assembly)["memory_words"],
                             "of": spec.memory_words, "regions": {tensor.name: words for tensor, words in tensors},
                             "worst": {tensor.name: tensor.words(spec) for tensor, _ in tensors}}
    return facts if recorded is None else facts | {"inputs": recorded.inputs, "margin": recorded.margin}

"""How much work a network is for the array: entries of every block, for the golden model of time."""

from collections.abc import Mapping

import numpy as np

from compress.scnn import block
from compress.scnn.assemble import Assembly
from compress.scnn.mapping import LayerMapping
from compress.scnn.stream import ahead, dealt, matrices
from compress.scnn.tensor import Tensor, indices, planes
from golden.scnn.cycles import Load
from golden.scnn.program import Program, read
from spec.scnn import ScnnSpec

Counts = list[dict[int, tuple[int, int]]]
"""For each PE: block index to entries and live entries."""


def loads(assembly: Assembly, tensors: Mapping[str, np.ndarray]) -> list[Load]:
    """Return what the time of each layer depends on.

    Parameters
    ----------
    assembly : Assembly
        Its stream of weights may be left out.
    tensors : mapping
        Values or truth values of every tensor that is read, by name; ``"LAYER < TENSOR"`` stands for what LAYER sees of it,
        where that is to differ.
    """
    spec = assembly.spec
    lanes = assembly.lanes.tolist()
    made = []
    for mapping in assembly.mappings:
        entry = int(assembly.layers[mapping.number])
        programs = tuple(read(entry, lanes, assembly.supply[pe].tolist(), assembly.drain[pe].tolist())
                         for pe in range(spec.pes))
        weights, live = _weights(spec, mapping)
        counts: Counts = [{} for _ in range(spec.pes)]
        for tensor, form in {(segment.tensor, segment.form): None for segment in mapping.segments}:
            seen = tensors.get(f"{mapping.layer.name} < {tensor.name}", tensors.get(tensor.name))
            if seen is None:
                raise ValueError(f"tensors must have {tensor.name}, which {mapping.layer.name} reads")
            for pe, own in enumerate(_counts(spec, tensor, seen, form)):
                counts[pe] |= own
        acts, live_acts = _acts(spec, programs, counts)
        made.append(Load(programs=programs, weights=weights, live_weights=live, acts=acts, live_acts=live_acts))
    return made


def turns(assembly: Assembly, given: list[Load]) -> np.ndarray | None:
    """Return for each transfer of the weight stream the lane that it is for, -1 for none; None for a lane alone.

    The stream is that of `compress.scnn.stream.lanes`; of its blocks only the sizes need to be known.
    """
    spec = assembly.spec
    if spec.weight_lanes == 1:
        return None
    needs = []
    for lane in range(spec.weight_lanes):
        own, base = [np.empty(0, np.int64)], 0
        for mapping, load in zip(assembly.mappings, given, strict=True):
            sizes = np.maximum(1, load.weights[:, :, lane::spec.weight_lanes])
            pairs = np.broadcast_to(np.arange(mapping.pairs)[:, None], sizes.shape[1:])
            bias = 0 if mapping.layer.bias is None else mapping.kc * spec.bias_items * sizes.shape[2]
            for number, each in enumerate(sizes):
                first = base + number * mapping.pairs
                own += [np.full(bias, first), first + np.repeat(pairs.ravel(), each.ravel())]
            base += mapping.passes * mapping.pairs
        needs.append(np.concatenate(own)[::spec.transfer_items])
    return dealt(needs, ahead(spec, [(mapping.passes * mapping.pairs, mapping.slots[0]) for mapping in assembly.mappings]))[0]


def _weights(spec: ScnnSpec, mapping: LayerMapping) -> tuple[np.ndarray, np.ndarray]:
    high, wide = spec.block_sides[mapping.level]
    found = np.zeros((2, mapping.passes, mapping.pairs, high * wide), np.int64)
    for number in range(mapping.passes):
        for place in range(high * wide):
            at = 0
            for segment in mapping.segments:
                rows = matrices(spec, mapping, segment, number, place)
                found[0, number, at:at + len(rows), place] = block.counts(rows)
                found[1, number, at:at + len(rows), place] = np.count_nonzero(rows, axis=1)
                at += len(rows)
    return found[0], found[1]


def _counts(spec: ScnnSpec, tensor: Tensor, values: np.ndarray, form) -> Counts:
    made: Counts = []
    for pe in range(spec.pes):
        rows = planes(spec, tensor, values, form, pe)
        own = indices(tensor, form, spec.position(pe, tensor.level)[1]).tolist()
        made.append(dict(zip(own, zip(block.counts(rows).tolist(), np.count_nonzero(rows, axis=1).tolist(), strict=True),
                             strict=True)))
    return made


def _acts(spec: ScnnSpec, programs: tuple[Program, ...], counts: Counts) -> tuple[np.ndarray, np.ndarray]:
    head = programs[0].supply
    parts = max(len(segment.parts) for segment in programs[0].segments)
    local = any(part.local for segment in programs[0].segments for part in segment.parts)
    passes = head["passes"] if local else 1
    found = np.zeros((2, passes, head["pairs"], parts, spec.pes), np.int64)
    high, wide = spec.block_sides[head["level"]]
    for pe in range(spec.pes):
        row, col = pe // spec.cols // high * high, pe % spec.cols // wide * wide
        for number in range(passes):
            pair = 0
            for segment in programs[pe].segments:
                for at, part in enumerate(segment.parts):
                    source = pe if part.local else (row + part.source // wide) * spec.cols + col + part.source % wide
                    first, own = part.first + part.advance * number, counts[source]
                    found[:, number, pair:pair + segment.pairs, at, pe] = np.array(
                        [own.get(first + index, (0, 0)) for index in range(segment.pairs)], np.int64).reshape(-1, 2).T
                pair += segment.pairs
    return found[0], found[1]



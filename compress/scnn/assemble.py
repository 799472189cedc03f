"""A network becomes an image: arranged, proved not to overflow, encoded as programs and a stream of weights."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from compress.scnn import block, code, program, stream
from compress.scnn.arrange import arrange
from compress.scnn.mapping import LayerMapping
from compress.scnn.room import more
from compress.scnn.tensor import Tensor
from golden.scnn.layer import Layer
from spec.scnn import ScnnSpec
from spec.scnn import program as records


class UnheldError(ValueError):
    """A network that is laid over the array, of which the array does not hold the programs or the weights."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Assembly:
    """Everything that a host loads into an array to run a network, and how the network lies in it.

    Parameters
    ----------
    spec : ScnnSpec
    source : Tensor
        The network's input.
    mappings : list of LayerMapping
    layers, lanes, taps : numpy.ndarray
        uint64: layer table, lanes' program; int64: offsets of taps.
    supply, drain : numpy.ndarray
        uint64 (pes, words).
    weights : numpy.ndarray
        uint32 (transfers, 1 + items): the weight stream.
    codebooks : numpy.ndarray, optional
        int16 (codebooks, 16), where the machine has codes.
    """

    spec: ScnnSpec
    source: Tensor
    mappings: list[LayerMapping]
    layers: np.ndarray
    lanes: np.ndarray
    taps: np.ndarray
    supply: np.ndarray
    drain: np.ndarray
    weights: np.ndarray
    codebooks: np.ndarray | None = None


def assemble(spec: ScnnSpec, layers: Sequence[Layer], shape: tuple[int, int, int], *, weights: bool = True,
             **choices: Any) -> Assembly:
    """Return the programs and the weight stream of a network; ``choices`` are those of :func:`arrange`.

    Parameters
    ----------
    weights : bool
        Whether to make the stream; a model of cycles needs only the counts.
    """
    source, mappings = arrange(spec, layers, shape, **choices)
    for mapping in mappings:
        _slots(spec, mapping)
    books = code.books(spec, mappings) if spec.weight_code_bits and weights else None
    table: list[int] = []
    lane_words: list[int] = []
    tap_words: list[int] = []
    supply: list[list[int]] = [[] for _ in range(spec.pes)]
    drain: list[list[int]] = [[] for _ in range(spec.pes)]
    for mapping in mappings:
        table += records.pack(records.LAYER, {"lanes": len(lane_words), "supply": len(supply[0]), "drain": len(drain[0])})
        tap_words += program.taps(mapping)
        try:
            lane_words += program.lanes(spec, mapping)
            drains = program.drain(spec, mapping)
            supplies = [program.supply(spec, mapping, mappings, pe) for pe in range(spec.pes)]
        except OverflowError as error:
            raise UnheldError(f"{mapping.layer.name}: program of the layer: {error}; "
                              f"take a smaller filter, window or stride") from error
        for own, made in ((supply, supplies), (drain, drains)):
            for pe, words in enumerate(program.pad(made)):
                own[pe] += [int(word) for word in words]
    sizes = {"lanes": len(lane_words), "supply": len(supply[0]), "drain": len(drain[0])}
    for what, size in sizes.items():
        if size > spec.program:
            raise UnheldError(f"program of {what} must fit {spec.program} words, not {size}; "
                              f"{more('program', max(sizes.values()))}")
    if len(mappings) > spec.layers:
        raise UnheldError(f"layers must be at most {spec.layers}, not {len(mappings)}; {more('layers', len(mappings))}")
    items = stream.lanes(spec, mappings) if weights else np.empty((0, 1 + spec.transfer_items), np.uint32)
    if spec.weight_memory and len(items) > spec.weight_memory:
        raise UnheldError(f"weights must fit {spec.weight_memory} transfers of {spec.weight_port_bits} bits, "
                          f"not {len(items)}; take a larger weight_memory, or 0 for a stream from outside")
    return Assembly(spec=spec, source=source, mappings=mappings, layers=np.array(table, np.uint64),
                    lanes=np.array(lane_words, np.uint64), taps=np.array(tap_words, np.int64),
                    supply=np.array(supply, np.uint64), drain=np.array(drain, np.uint64), codebooks=books,
                    weights=items)


def _slots(spec: ScnnSpec, mapping: LayerMapping) -> None:
    """Choose the slots of both buffers: the smallest that hold every block, not more of them than pairs of a pass."""
    high, wide = spec.block_sides[mapping.level]
    vectors = 1
    for number in range(mapping.passes):
        for place in range(high * wide):
            for segment in mapping.segments:
                counts = block.counts(stream.matrices(spec, mapping, segment, number, place))
                vectors = max(vectors, -(-int(counts.max(initial=0)) // spec.f))
    largest = 1
    for segment in mapping.segments:
        tensor, parts = segment.tensor, 1
        if segment.place >= 0:
            old = spec.block_sides[tensor.level]
            parts = high // old[0] * (wide // old[1])
        tiles = [(row, col) for row in range(len(tensor.rows) - 1) for col in range(len(tensor.cols) - 1)]
        rows, cols = (max(len(range(*tensor.phase(segment.form, tile, segment.phase, segment.turn)[axis].indices(1 << 20)))
                          for tile in tiles) for axis in range(2))
        largest = max(largest, parts * -(-rows * cols // spec.i))
    mapping.slots = (_log2(vectors, spec.weight_words, mapping.pairs, f"{mapping.layer.name}: weight block", "weight_words"),
                     _log2(largest, spec.act_words, mapping.pairs, f"{mapping.layer.name}: activation block", "act_words"))


def _log2(vectors: int, words: int, pairs: int, what: str, advice: str) -> int:
    if vectors > words:
        raise ValueError(f"{what} of {vectors} vectors must fit the buffer of {words}; take more {advice}")
    log2 = (vectors - 1).bit_length()
    while words >> log2 > pairs:
        log2 += 1
    return log2

"""Where a tensor of activations lies in the array: tiles, channels of each PE, and the block of each channel."""

from dataclasses import dataclass, field
from itertools import pairwise, product

import numpy as np

from compress.scnn import block
from compress.scnn.axis import Cut, mirrored
from spec.scnn import ScnnSpec
from spec.scnn.shape import ACT_ENTRY_BITS, VALUE_BITS

Form = tuple[int, int, int, int]
"""How a tensor is stored: one block for each phase of (row stride, column stride, row offset, column offset)."""

PLAIN: Form = (1, 1, 0, 0)

TURN = 4
"""Channels of a PE, one after another, that use one cut; the next as many use the next cut."""


@dataclass(kw_only=True, eq=False)
class Tensor:
    """A tensor of activations in the memories of the PEs.

    Parameters
    ----------
    name : str
    shape : tuple of int
        Channels, rows, columns.
    level : int
        Level of the blocks of PEs that hold one tile each.
    rows, cols : tuple of int
        Where each tile begins, and the end.
    turns : bool
        Whether channels take turns: in each PE :data:`TURN` channels have these tiles, the next as many their mirror image.
    orders : list of numpy.ndarray
        For each place of a block the channels that its PE holds, in the order of their blocks.
    layer : int
        Number of the layer that writes it, -1 for the network's input.
    kc, span : int
        Channels a pass of that layer, and block indices that one phase takes.
    blocks : dict
        For each form the index of its first block: phase after phase, row phase outermost, ``span`` apart.
    pitches : dict
        For each form the pitch of its positions.
    """

    name: str
    shape: tuple[int, int, int]
    level: int
    rows: tuple[int, ...]
    cols: tuple[int, ...]
    orders: list[np.ndarray]
    layer: int
    kc: int
    span: int
    turns: bool = False
    blocks: dict[Form, int] = field(default_factory=dict)
    pitches: dict[Form, int] = field(default_factory=dict)

    @property
    def cuts(self) -> tuple[tuple[Cut, Cut], ...]:
        """For each turn where the tiles begin, and the end, along rows and columns."""
        first = self.rows, self.cols
        return (first, (mirrored(self.rows), mirrored(self.cols))) if self.turns else (first,)

    def turn(self, at: int) -> int:
        """Return which of :attr:`cuts` channel ``at`` of a PE uses."""
        return at // TURN % len(self.cuts)

    def phase(self, form: Form, tile: tuple[int, int], phase: tuple[int, int], turn: int = 0) -> tuple[slice, slice]:
        """Return the rows and columns of a phase of a tile."""
        slices = []
        for edges, number, stride, offset, own in zip(self.cuts[turn], tile, form[:2], form[2:], phase, strict=True):
            first, end = edges[number], edges[number + 1]
            slices.append(slice(first + (own - first - offset) % stride, end, stride))
        return slices[0], slices[1]

    def words(self, spec: ScnnSpec) -> int:
        """Return the most words of the activation memory that any PE may need for it."""
        counts, most = self._turns(max(map(len, self.orders))), 0
        for tile in product(range(len(self.rows) - 1), range(len(self.cols) - 1)):
            need = 0
            for form, (turn, count) in product(self.blocks, enumerate(counts)):
                for phase in phases(form):
                    high, wide = (len(range(*part.indices(1 << 20))) for part in self.phase(form, tile, phase, turn))
                    need += -(-high * wide // spec.i) * count
            most = max(most, need)
        return most

    def _turns(self, count: int) -> list[int]:
        """Return how many of a PE's ``count`` channels have each turn."""
        return np.bincount([self.turn(at) for at in range(count)], minlength=len(self.cuts)).tolist()


def pieces(tensor: Tensor, first: int, end: int) -> list[tuple[int, int]]:
    """Return the ranges (first, end) of a PE's channels ``first`` to ``end - 1`` that have one cut each."""
    if not tensor.turns:
        return [(first, end)] if end > first else []
    edges = [first, *range(first - first % TURN + TURN, end, TURN), end]
    return list(pairwise(edges)) if end > first else []


def phases(form: Form) -> list[tuple[int, int]]:
    """Return the phases of a form in the order of their blocks."""
    return [(row, col) for row in range(form[0]) for col in range(form[1])]


def tile_of(spec: ScnnSpec, pe: int, level: int) -> tuple[int, int]:
    """Return row and column of the tile that a PE holds a part of."""
    high, wide = spec.block_sides[level]
    return pe // spec.cols // high, pe % spec.cols // wide


def planes(spec: ScnnSpec, tensor: Tensor, values: np.ndarray, form: Form, pe: int) -> np.ndarray:
    """Return what a PE holds of a tensor as rows of positions: one row per block, zeros in the gaps of the pitch.

    The shape is (phases x channels of the PE, positions); phases outermost.
    """
    own = tensor.orders[spec.position(pe, tensor.level)[1]]
    pitch, tile = tensor.pitches[form], tile_of(spec, pe, tensor.level)
    turn_of, parts = np.array([tensor.turn(at) for at in range(len(own))], np.int64), []
    for phase in phases(form):
        seen = [values[own[turn_of == turn]][:, rows, cols] for turn in range(len(tensor.cuts))
                for rows, cols in [tensor.phase(form, tile, phase, turn)]]
        wide = np.zeros((len(own), max(one.shape[1] for one in seen), pitch), values.dtype)
        for turn, one in enumerate(seen):
            wide[turn_of == turn, :one.shape[1], :one.shape[2]] = one
        parts.append(wide.reshape(len(own), wide.shape[1] * pitch))
    length = max(part.shape[1] for part in parts)
    return np.concatenate([np.pad(part, ((0, 0), (0, length - part.shape[1]))) for part in parts])


def indices(tensor: Tensor, form: Form, place: int) -> np.ndarray:
    """Return the block index of each row of :func:`planes` for a PE at a place."""
    own = np.arange(len(tensor.orders[place]))
    return np.concatenate([tensor.blocks[form] + number * tensor.span + own for number in range(len(phases(form)))])


def spare(spec: ScnnSpec, tensor: Tensor, form: Form, place: int) -> list[int]:
    """Return the indices of blocks without a channel that a PE at a place must have: input-channel groups read as many each."""
    if spec.input_groups == 1:
        return []
    return [tensor.blocks[form] + number * tensor.span + at for number in range(len(phases(form)))
            for at in range(len(tensor.orders[place]), tensor.span)]


def store(spec: ScnnSpec, tensor: Tensor, values: np.ndarray, pe: int, word: int,
          ) -> tuple[dict[int, tuple[int, int]], np.ndarray]:
    """Return a PE's block table entries (index: first word, count) and memory words of a tensor from ``word`` on."""
    table: dict[int, tuple[int, int]] = {}
    memory: list[int] = []
    place = spec.position(pe, tensor.level)[1]
    for form in tensor.blocks:
        counts, given, runs = block.encode(planes(spec, tensor, values.astype(np.int64), form, pe))
        entries = (given & (1 << VALUE_BITS) - 1) | runs << VALUE_BITS
        start = 0
        for index, count in zip(indices(tensor, form, place).tolist(), counts.tolist(), strict=True):
            table[index] = (word + len(memory), count)
            own = entries[start:start + count].tolist()
            memory += [sum(entry << ACT_ENTRY_BITS * lane for lane, entry in enumerate(own[at:at + spec.i]))
                       for at in range(0, count, spec.i)]
            start += count
        table |= dict.fromkeys(spare(spec, tensor, form, place), (word + len(memory), 0))
    return table, np.array(memory, object)


def recover(spec: ScnnSpec, tensor: Tensor, found: list[dict[int, tuple[np.ndarray, np.ndarray]]]) -> np.ndarray:
    """Return a tensor's values from what each PE holds: for each block index its entries' values and runs."""
    form = PLAIN if PLAIN in tensor.blocks else next(iter(tensor.blocks))
    values = np.zeros(tensor.shape, np.int16)
    for pe in range(spec.pes):
        place, tile = spec.position(pe, tensor.level)[1], tile_of(spec, pe, tensor.level)
        pitch = tensor.pitches[form]
        for number, phase in enumerate(phases(form)):
            for at, channel in enumerate(tensor.orders[place]):
                rows, cols = tensor.phase(form, tile, phase, tensor.turn(at))
                high, wide = (len(range(*part.indices(1 << 20))) for part in (rows, cols))
                value, run = found[pe][tensor.blocks[form] + number * tensor.span + at]
                flat = block.decode(np.array([len(value)]), value, run, high * pitch)[0]
                values[channel, rows, cols] = flat.reshape(high, pitch)[:, :wide]
    return values

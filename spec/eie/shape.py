"""Numbers of the EIE array that rtl, golden, compress and boards must agree on (EIE, ISCA 2016)."""

from dataclasses import dataclass, fields, replace
from typing import Any


def ceil_log2(value: int) -> int:
    """Return the number of bits that count ``value`` things, 0 for one thing."""
    return (value - 1).bit_length()


@dataclass(frozen=True, kw_only=True)
class EieSpec:
    """Shape of one EIE array; the presets of :data:`PRESETS` are the usual starting points.

    Parameters
    ----------
    pes : int
        Processing elements, 1 to 256; row and activation p belong to PE ``p % pes``, slot ``p // pes``.
    queue_depth : int
        Activations that may have arrived at a PE and not yet be taken by its matrix read.
    codebook_bits, index_bits : int
        Width of a weight's codebook index (low part of an entry) and of its run of zeros (high part).
    word_bits : int
        Width of one read of the sparse-matrix memory.
    act_bits, weight_bits, acc_bits : int
        Two's complement widths of an activation, a codebook entry and an accumulator.
    shift_bits : int
        Width of a layer's right shift: 0 to ``2**shift_bits - 1``.
    entries, columns, slots, layers : int
        Memory depths: entries and column pointers a PE, activations and accumulators a PE, layers a machine.
    codebooks : int
        Codebooks that the machine keeps; a layer names one of them.
    broadcast_latency : int
        Registers on the broadcast to the PEs, and as many on what comes back from them.
    skip_empty, skip_padding, overlap_columns : bool
        Whether a column without entries, a padding entry and a change of column cost no cycle.
    scan_gap : bool
        Whether moving to the next row of activations costs a cycle (unless the last PE was broadcast last).
    batch_slots : int
        Rows of activations between two barriers, 0 for none: the paper's register files hold 64.
    """

    pes: int = 64
    queue_depth: int = 64
    codebook_bits: int = 4
    index_bits: int = 4
    word_bits: int = 64
    act_bits: int = 16
    weight_bits: int = 16
    acc_bits: int = 32
    shift_bits: int = 5
    entries: int = 8192
    columns: int = 4096
    slots: int = 64
    layers: int = 16
    codebooks: int = 4
    broadcast_latency: int = 2
    skip_empty: bool = True
    skip_padding: bool = True
    overlap_columns: bool = True
    scan_gap: bool = False
    batch_slots: int = 0

    def __post_init__(self) -> None:
        """Refuse a machine that cannot be built, naming the parameter, its rule and its value."""
        for field in fields(self):
            value, kind = getattr(self, field.name), field.type
            if type(value).__name__ != getattr(kind, "__name__", kind):
                raise TypeError(f"{field.name} must be of type {getattr(kind, '__name__', kind)}, not {value!r}")
        for name, (low, high) in LIMITS.items():
            if not low <= getattr(self, name) <= high:
                raise ValueError(f"{name} must be {low} to {high}, not {getattr(self, name)}")
        for name in ("word_bits", "entries", "columns", "slots"):
            value = getattr(self, name)
            if value & (value - 1):
                raise ValueError(f"{name} must be a power of two, not {value}; take {1 << value.bit_length()}")
        if self.queue_depth <= 2 * self.broadcast_latency:
            raise ValueError(f"queue_depth must be more than {2 * self.broadcast_latency}, not {self.queue_depth}: "
                             f"that many activations are on their way when a full queue stops the broadcast")
        if self.acc_bits < self.act_bits + self.weight_bits:
            raise ValueError(f"acc_bits must be at least {self.act_bits + self.weight_bits}, not {self.acc_bits}, "
                             f"to hold one product of {self.act_bits} x {self.weight_bits} bits")
        if self.entries < 2 * self.slots or self.entries < 2 * self.word_entries:
            raise ValueError(f"entries must be at least {2 * max(self.slots, self.word_entries)}, not {self.entries}: "
                             f"a column may fill {self.slots} slots and a word holds {self.word_entries} entries")

    @property
    def entry_bits(self) -> int:
        """Bits of one encoded weight: codebook index below, run of zeros above."""
        return self.codebook_bits + self.index_bits

    @property
    def word_entries(self) -> int:
        """Entries a matrix word: the largest power of two that fits, so that an address splits into word and entry."""
        return 1 << ((self.word_bits // self.entry_bits).bit_length() - 1)

    @property
    def words(self) -> int:
        """Depth of the sparse-matrix memory of a PE in words."""
        return self.entries // self.word_entries

    @property
    def max_run(self) -> int:
        """Longest run of zeros before an entry; a padding entry stands for ``max_run + 1`` rows."""
        return (1 << self.index_bits) - 1

    @property
    def max_skip(self) -> int:
        """Most padding entries before an entry that a column of ``slots`` rows can need."""
        return (self.slots - 1) >> self.index_bits

    @property
    def pointer_bits(self) -> int:
        """Width of a column pointer; it counts entries modulo ``entries``, since no column fills the memory."""
        return ceil_log2(self.entries)

    @property
    def pointer_field_bits(self) -> int:
        """Width of a pointer in a stream word: 16, or 32 where 16 do not hold it."""
        return 16 if self.pointer_bits <= 16 else 32

    @property
    def bias_bits(self) -> int:
        """Width of a stored bias: it is added to the accumulator without a shift."""
        return 32

    @property
    def word_biases(self) -> int:
        """Biases a matrix word; slot s of a layer lies in word ``s // word_biases`` of its bias words."""
        return self.word_bits // self.bias_bits

    @property
    def activations(self) -> int:
        """Longest vector, in or out, of one layer."""
        return self.pes * self.slots

    def bias_words(self, out_slots: int) -> int:
        """Return the matrix words that hold the biases of a layer with ``out_slots`` slots a PE."""
        return -(-out_slots // self.word_biases)


LIMITS = {
    "pes": (1, 256), "queue_depth": (1, 1024), "codebook_bits": (1, 8), "index_bits": (1, 8), "word_bits": (32, 512),
    "act_bits": (4, 16), "weight_bits": (4, 16), "acc_bits": (8, 32), "shift_bits": (1, 5), "entries": (64, 1 << 20),
    "columns": (16, 1 << 16), "slots": (2, 1024), "layers": (1, 64), "codebooks": (1, 16), "broadcast_latency": (0, 8),
    "batch_slots": (0, 1024),
}
"""Lowest and highest legal value of each number."""

PIPELINE_ACTIVATIONS = 2
"""Activations by which ``queue_depth`` exceeds what the paper's ring holds: ours counts those in the pointer read too.

Found by experiment: with 2, the cycles that the authors' simulator takes for all nine layers are met best."""


def ring(size: int) -> int:
    """Return the ``queue_depth`` that behaves as the paper's ring of ``size``, which is full at ``size - 1``."""
    return size - 1 + PIPELINE_ACTIVATIONS


PRESETS = {
    "paper": EieSpec(queue_depth=ring(8), entries=131072, columns=16384, slots=512, broadcast_latency=0,
                     skip_empty=False, skip_padding=False, scan_gap=True, batch_slots=64),
    "default": EieSpec(),
    "ecp5": EieSpec(queue_depth=16, entries=4096, columns=1024, slots=16, shift_bits=4, layers=8, codebooks=4,
                    broadcast_latency=3),
    "ice40": EieSpec(pes=2, queue_depth=2, word_bits=32, act_bits=8, weight_bits=8, acc_bits=16, shift_bits=4, entries=1024,
                     columns=256, slots=128, layers=2, codebooks=1, broadcast_latency=0, skip_padding=False),
}
"""``paper``: the published machine. ``default``: the fastest we know. ``ecp5``: the smallest for many PEs on ECP5.
``ice40``: two PEs of 8 bits for a network of two layers, which an iCE40UP5K holds."""


def preset(name: str, **changes: Any) -> EieSpec:
    """Return the preset ``name`` with ``changes``, or say which presets and parameters exist."""
    if name not in PRESETS:
        raise ValueError(f"preset must be one of {', '.join(PRESETS)}, not {name!r}")
    known = {field.name for field in fields(EieSpec)}
    for change in changes:
        if change not in known:
            raise ValueError(f"parameter must be one of {', '.join(sorted(known))}, not {change!r}")
    return replace(PRESETS[name], **changes)

"""Numbers of the EIE array that rtl, golden, compress and boards must agree on (EIE, ISCA 2016)."""

from dataclasses import dataclass
from typing import Any

from spec.parameter import check, chosen, number, switch


def ceil_log2(value: int) -> int:
    """Return the number of bits that count ``value`` things, 0 for one thing."""
    return (value - 1).bit_length()


@dataclass(frozen=True, kw_only=True)
class EieSpec:
    """Shape of one EIE array; the presets of :data:`PRESETS` are the usual starting points.

    Every parameter is declared below: default, limits, meaning. Row and activation p belong to PE ``p % pes``, slot
    ``p // pes``.
    """

    pes: int = number(64, 1, 256, "Processing elements.")
    queue_depth: int = number(64, 1, 1024, "Activations that have arrived at a PE and not yet been taken by its matrix read.")
    codebook_bits: int = number(4, 1, 8, "Bits of a weight's codebook index, the low part of an entry.", short="bits")
    index_bits: int = number(4, 1, 8, "Bits of an entry's run of zeros, its high part.")
    word_bits: int = number(64, 32, 512, "Bits of one read of the sparse-matrix memory.", power=True)
    act_bits: int = number(16, 4, 16, "Bits of an activation, two's complement.")
    weight_bits: int = number(16, 4, 16, "Bits of a codebook entry, two's complement.")
    acc_bits: int = number(32, 8, 32, "Bits of an accumulator, two's complement.")
    shift_bits: int = number(5, 1, 5, "Bits of a layer's right shift.")
    entries: int = number(8192, 64, 1 << 20, "Encoded weights per PE.", power=True)
    columns: int = number(4096, 16, 1 << 16, "Column pointers per PE, those of all layers together.", power=True)
    slots: int = number(64, 2, 1024, "Activations, and accumulators, per PE.", power=True)
    layers: int = number(16, 1, 64, "Layers that the machine keeps.")
    codebooks: int = number(4, 1, 16, "Codebooks that the machine keeps; a layer names one of them.")
    broadcast_latency: int = number(2, 0, 8, "Registers on the broadcast to the PEs, and on what comes back from them.")
    skip_empty: bool = switch(True, "A column without entries costs no cycle.")
    skip_padding: bool = switch(True, "A padding entry costs no cycle.")
    overlap_columns: bool = switch(True, "A change of column costs no cycle.")
    scan_gap: bool = switch(False, "Going to the next row of activations costs a cycle, unless the last PE was broadcast last.")
    batch_slots: int = number(0, 0, 1024, "Rows of activations between two barriers, 0 for none; the paper's files hold 64.")

    def __post_init__(self) -> None:
        """Refuse a machine that cannot be built, naming the parameter, its rule and its value."""
        check(self)
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


def preset(name: str = "default", **changes: Any) -> EieSpec:
    """Return the preset ``name`` with ``changes``, or say which presets and parameters exist."""
    return chosen(PRESETS, name, changes)

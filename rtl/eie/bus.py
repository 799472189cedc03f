"""What the blocks of the EIE array pass to each other: commands, records and streams, in the widths of a specification."""

from dataclasses import dataclass

from amaranth.hdl import signed
from amaranth.lib import data, enum, stream

from spec.eie import EieSpec, ceil_log2

PE_EVENTS = ("useful_macs", "padding", "empty")
"""Events that a PE reports, one bit per event and cycle; a group adds them up; they are counters of the register map."""

CONTROL_EVENTS = ("cycles", "broadcasts", "stall_queue", "stall_scan", "stall_barrier", "preload", "drain", "writeback")
"""Events that the control unit reports, one bit per event and cycle: the other counters of the register map."""


class Op(enum.IntEnum, shape=3):
    """What a command on the command bus asks of a PE (SCAN: of a detection leaf)."""

    NOP = 0
    CODE = 1
    POINTER = 2
    WORD = 3
    ACT = 4
    BIAS = 5
    DRAIN = 6
    SCAN = 7


@dataclass(frozen=True)
class Widths:
    """Bit widths derived from an :class:`EieSpec`, each with one name used by every block."""

    spec: EieSpec

    @property
    def column(self) -> int:
        """Address of a column pointer."""
        return ceil_log2(self.spec.columns)

    @property
    def word(self) -> int:
        """Address of a matrix word."""
        return max(1, ceil_log2(self.spec.words))

    @property
    def entry(self) -> int:
        """Place of an entry in its word; 0 if a word holds one entry."""
        return ceil_log2(self.spec.word_entries)

    @property
    def lanes(self) -> int:
        """32-bit lanes of a matrix word: a load writes one lane, a bias reads one."""
        return self.spec.word_bits // 32

    @property
    def lane(self) -> int:
        """Bits that name a lane."""
        return ceil_log2(self.lanes)

    @property
    def flags(self) -> int:
        """Entries of a lane that are flagged as real when written, 0 where they straddle lanes or none is skipped."""
        return 32 // self.spec.entry_bits if self.padding and 32 % self.spec.entry_bits == 0 else 0

    @property
    def padding(self) -> bool:
        """Whether padding can occur and is skipped."""
        return self.spec.skip_padding and self.spec.max_skip > 0

    @property
    def slot(self) -> int:
        """Address of an activation or accumulator in its PE."""
        return ceil_log2(self.spec.slots)

    @property
    def skip(self) -> int:
        """Width of the padding entries counted ahead of an entry, 0 where padding cannot occur or is not skipped."""
        return self.spec.max_skip.bit_length() if self.padding else 0

    @property
    def address(self) -> int:
        """Width of a command's address."""
        return max(self.word + self.lane, self.column, self.slot, self.spec.codebook_bits)

    @property
    def rows(self) -> int:
        """Width of a number of slots, ``slots`` itself included."""
        return self.spec.slots.bit_length()

    @property
    def command(self) -> data.StructLayout:
        """Command bus, as it reaches a PE: the operation, an address in one of its memories, data."""
        return data.StructLayout({"op": Op, "addr": self.address, "data": 32})

    @property
    def config(self) -> data.StructLayout:
        """What stands still during a layer: its first entry's word, its shift, ReLU, the region that is read."""
        return data.StructLayout({"base": self.word, "shift": self.spec.shift_bits, "relu": 1, "source": 1})

    @property
    def broadcast(self) -> data.StructLayout:
        """An activation for all PEs, with its column's pointer address; ``first`` marks column 0 of a layer."""
        return data.StructLayout({"valid": 1, "act": self.spec.act_bits, "first": 1, "column": self.column})

    @property
    def scan(self) -> data.StructLayout:
        """Scan of the activations: slot to read; load the first register; pass it to the second."""
        return data.StructLayout({"addr": self.slot, "read": 1, "load": 1})

    @property
    def fragment(self) -> data.StructLayout:
        """Entries of one column in one PE: first and last, whether both lie in one word, and whether there is none."""
        return data.StructLayout({"act": self.spec.act_bits, "start": self.spec.pointer_bits, "last": self.spec.pointer_bits,
                                  "single": 1, "empty": 1})

    @property
    def queued(self) -> data.StructLayout:
        """A fragment after the queue, which drops empty ones if they cost no cycle."""
        kept = dict(self.fragment.members)
        return data.StructLayout({name: kept[name] for name in kept if name != "empty" or not self.spec.skip_empty})

    @property
    def marked(self) -> data.StructLayout:
        """A matrix word with the entries to work on marked.

        ``from`` is the first entry of the fragment in it, ``lead`` the padding entries of the column in words that disappeared
        just ahead; ``head`` marks the first word of a column that is seen here.
        """
        return data.StructLayout({"word": self.spec.word_bits, "mask": self.spec.word_entries, "from": self.entry,
                                  "lead": self.skip, "head": 1, "act": self.spec.act_bits})

    @property
    def picked(self) -> data.StructLayout:
        """An entry: its code, zeros before it, padding entries before it, whether it is its column's first, activation."""
        return data.StructLayout({"code": self.spec.codebook_bits, "run": self.spec.index_bits, "skip": self.skip, "head": 1,
                                  "act": self.spec.act_bits})

    @property
    def drained(self) -> data.StructLayout:
        """An accumulator that is written back: its slot and its value."""
        return data.StructLayout({"slot": self.slot, "value": signed(self.spec.acc_bits)})

    @property
    def status(self) -> data.StructLayout:
        """What comes back from a PE or a group of PEs: any asks for a stop, all are idle, any sum saturated."""
        return data.StructLayout({"stop": 1, "idle": 1, "saturated": 1})


def events(names, bits: int) -> data.StructLayout:
    """Return a record with a number of ``bits`` bits for each event."""
    return data.StructLayout(dict.fromkeys(names, bits))


def always_taken(layout) -> stream.Signature:
    """Return the signature of a stream whose receiver never refuses."""
    return stream.Signature(layout, always_ready=True)

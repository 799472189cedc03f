"""Widths and port groups that the blocks of the EIE array share."""

import enum
from dataclasses import dataclass

from amaranth.lib.wiring import In, Out

from spec.eie import EieSpec, ceil_log2


class Op(enum.IntEnum):
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

    def command(self) -> dict:
        """Return the ports of the command bus."""
        return {"cmd_op": In(3), "cmd_addr": In(self.address), "cmd_data": In(32)}

    def config(self) -> dict:
        """Return the ports of what stands still during a layer."""
        return {"cfg_base": In(self.word), "cfg_shift": In(self.spec.shift_bits), "cfg_relu": In(1), "cfg_source": In(1)}

    def status(self) -> dict:
        """Return the ports of what comes back from a PE or a group of PEs."""
        return {"stop": Out(1), "idle": Out(1), "saturated": Out(1)}


EVENTS = ("busy", "padding", "empty")
"""Events that a PE reports, a bit a cycle, and a group sums."""

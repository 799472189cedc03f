"""What the blocks of the machine around the tiles tell each other."""
from amaranth.lib import data

from rtl.mac.feed import CODE_BITS
from spec.mac import A_ROWS, RUN, SLOTS, MacSpec

COMMAND = data.StructLayout({field.name: field.bits for field in RUN})
"""The word of a run."""


def issue_layout(spec: MacSpec) -> data.StructLayout:
    """One operation: its rows of A and B, its accumulator, its format, and what becomes of it.

    ``fresh``: it starts from zero. ``read``: its result is D, to be sent. ``last``: it is the last such of its run.
    """
    return data.StructLayout({"a_row": range(A_ROWS), "b_row": range(spec.rows), "slot": range(SLOTS), "fmt": CODE_BITS,
                              "fresh": 1, "read": 1, "last": 1})

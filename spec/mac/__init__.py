"""The MAC machine as numbers: formats, generations, the shape of a build, packets and registers."""

from spec.mac.register import COUNTERS, IDENTITY, PACKETS, ROWS, SLOTS, acc_words, operand_words, registers
from spec.mac.shape import FOLDS, SIDE, TARGETS, UNIT_TERMS, MacSpec

__all__ = [
    "COUNTERS", "FOLDS", "IDENTITY", "PACKETS", "ROWS", "SIDE", "SLOTS", "TARGETS", "UNIT_TERMS", "MacSpec", "acc_words",
    "operand_words", "registers",
]

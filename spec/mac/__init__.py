"""The MAC machine as numbers: formats, generations, the shape of a build, packets and registers."""

from spec.mac import image
from spec.mac.register import COUNTERS, IDENTITY, PACKETS, ROWS, SLOTS, acc_words, operand_words, registers
from spec.mac.shape import FOLDS, PRESETS, SIDE, TARGETS, UNIT_TERMS, MacSpec, preset

Spec = MacSpec

__all__ = [
    "COUNTERS", "FOLDS", "IDENTITY", "PACKETS", "PRESETS", "ROWS", "SIDE", "SLOTS", "TARGETS", "UNIT_TERMS", "MacSpec", "Spec",
    "acc_words", "image", "operand_words", "preset", "registers",
]

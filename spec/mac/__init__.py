"""The MAC machine as numbers: formats, generations, the shape of a build, packets and registers."""

from spec.mac import image
from spec.mac.register import A_ROWS, COUNTERS, IDENTITY, PACKETS, RUN, SLOTS, a_words, acc_words, b_words, command, registers
from spec.mac.shape import FOLDS, PRESETS, SIDE, TARGETS, UNIT_TERMS, MacSpec, preset

Spec = MacSpec

__all__ = [
    "A_ROWS", "COUNTERS", "FOLDS", "IDENTITY", "PACKETS", "PRESETS", "RUN", "SIDE", "SLOTS", "TARGETS", "UNIT_TERMS",
    "MacSpec", "Spec", "a_words", "acc_words", "b_words", "command", "image", "preset", "registers",
]

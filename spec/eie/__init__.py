"""The EIE array as numbers: its shape, presets, packets and registers (EIE, ISCA 2016)."""

from spec.eie import image
from spec.eie.packet import LAYER_FIELDS, LAYER_WORDS, PACKET_PE_SHIFT, PACKETS
from spec.eie.register import COUNTERS, IDENTITY, registers
from spec.eie.shape import PRESETS, EieSpec, ceil_log2, preset, ring

Spec = EieSpec

__all__ = [
    "COUNTERS", "IDENTITY", "LAYER_FIELDS", "LAYER_WORDS", "PACKETS", "PACKET_PE_SHIFT", "PRESETS", "EieSpec",
    "ceil_log2", "image", "preset", "registers", "ring", "Spec",
]

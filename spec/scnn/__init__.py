"""The SCNN array as numbers: its shape, presets, addresses, programs, packets and registers (SCNN, ISCA 2017)."""

from spec.scnn import image
from spec.scnn.address import address, fold, locate, parity, priority
from spec.scnn.packet import PACKET_PE_SHIFT, PACKETS, WEIGHT_STREAM, streams
from spec.scnn.register import COUNTERS, IDENTITY, SLOT_COUNTERS, registers
from spec.scnn.shape import PRESETS, SHORTHANDS, ScnnSpec, preset

Spec = ScnnSpec

__all__ = [
    "COUNTERS", "IDENTITY", "PACKETS", "PACKET_PE_SHIFT", "PRESETS", "SHORTHANDS", "SLOT_COUNTERS", "ScnnSpec", "Spec",
    "WEIGHT_STREAM", "address", "fold", "image", "parity", "locate", "preset", "priority", "registers", "streams",
]

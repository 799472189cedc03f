"""The SCNN array as numbers: its shape, presets, addresses, packets and registers (SCNN, ISCA 2017)."""

from spec.scnn.address import address, fold, parity, place, priority
from spec.scnn.shape import PRESETS, ScnnSpec, preset

Spec = ScnnSpec

__all__ = ["PRESETS", "ScnnSpec", "Spec", "address", "fold", "parity", "place", "preset", "priority"]

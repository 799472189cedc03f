"""spec.toy: specification, presets, packets, registers, members of the image."""
from types import SimpleNamespace

from sim.bus.toy import PACKETS, PRESETS, TOY, Spec, preset

__all__ = ["PACKETS", "PRESETS", "Spec", "image", "preset", "registers"]
image = SimpleNamespace(HEADER_KEYS=("name",), MEMBERS={"addend": ("int64", "(1,): what is added to every word")})


def registers(spec):
    return TOY

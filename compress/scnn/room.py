"""What to take where a memory of the array is too small: more of it, as far as arrays go."""

from spec.parameter import highest
from spec.scnn import ScnnSpec


class RoomError(ValueError):
    """The regions of a network's activations are larger than the memory of a PE."""


def grows(spec: ScnnSpec, name: str) -> bool:
    """Tell whether an array may have more of something."""
    return bool(getattr(spec, name) < highest(ScnnSpec, name))


def more(spec: ScnnSpec, name: str, what: str = "") -> str:
    """Return the way out where there are too few of something, by default of what the parameter ``name`` says."""
    what = what or name
    return f"take more {what}" if grows(spec, name) else (f"no array has more {what}: give parts of the network as networks "
                                                          f"of their own")


def memory(spec: ScnnSpec) -> str:
    """Return the other way out, beside a larger array, where the memory of activations is too small."""
    return " or more memory_words" if grows(spec, "memory_words") else ""

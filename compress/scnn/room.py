"""What to take where a memory of the array is too small: more of it, as far as arrays go."""

from spec.parameter import highest
from spec.scnn import ScnnSpec


class RoomError(ValueError):
    """A memory of the array is too small."""


class RegionError(RoomError):
    """The regions of a network's activations are larger than the memory of a PE."""


def up(name: str, count: int) -> int:
    """Return the size of a memory that holds so many of what it holds."""
    return count if name == "layers" else 1 << max(0, count - 1).bit_length()


def grows(spec: ScnnSpec, name: str) -> bool:
    """Tell whether an array may have more of something."""
    return bool(getattr(spec, name) < highest(ScnnSpec, name))


def more(name: str, count: int) -> str:
    """Return the way out where a network takes ``count`` of what the parameter ``name`` says."""
    if up(name, count) <= highest(ScnnSpec, name):
        return f"take --{name} {up(name, count)}"
    return f"no array has more than {highest(ScnnSpec, name)}: give parts of the network as networks of their own"


def memory(spec: ScnnSpec) -> str:
    """Return the other way out, beside a larger array, where the memory of activations is too small."""
    return " or more memory_words" if grows(spec, "memory_words") else ""

"""What runs print of the first value that is not as expected."""
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Mismatch:
    """A value that is not the golden model's; ``time`` is the simulated time in ns at which it had been read back."""

    layer: str
    index: tuple[int, ...]
    expected: int
    got: int
    time: int

    def __str__(self) -> str:
        place = ", ".join(map(str, self.index))
        return f"layer {self.layer}, index {place}: expected {self.expected}, got {self.got}, at {self.time} ns"

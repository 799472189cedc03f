"""The ports of a machine by interface, from its manifest."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

ALONE = ("clk", "rst", "irq")
"""Ports that are no part of a bus."""


@dataclass(frozen=True, kw_only=True)
class Port:
    """A port of the top module; ``prefix`` and ``channel`` are of a port such as ``s_axil_awaddr``, else empty."""

    name: str
    direction: str
    bits: int

    @property
    def bus(self) -> str:
        """Return the interface that the port belongs to, such as ``s_axil``, or nothing."""
        return "" if self.name in ALONE else self.name.rpartition("_")[0]

    @property
    def channel(self) -> str:
        """Return the port's name in its interface, such as ``awaddr``."""
        return self.name.rpartition("_")[2]


def ports(manifest: dict[str, Any]) -> list[Port]:
    """Return the ports in the order of the module."""
    return [Port(**port) for port in manifest["ports"]]


def is_stream(found: list[Port]) -> bool:
    """Tell an AXI4-Stream, which has ``tdata``, from AXI4-Lite."""
    return any(port.channel == "tdata" for port in found)


def buses(manifest: dict[str, Any]) -> Iterator[tuple[str, list[Port]]]:
    """Yield each bus interface with its ports, in the order of the module; a machine may have streams of its own."""
    found: dict[str, list[Port]] = {}
    for port in ports(manifest):
        if port.bus:
            found.setdefault(port.bus, []).append(port)
    yield from found.items()

"""What a machine's generator hands over: Verilog, and a manifest that says all about it."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from amaranth.lib import wiring
from amaranth.lib.wiring import Out

from cli.versions import versions
from spec import VERSION
from spec.registers import RegisterMap


@dataclass(frozen=True)
class GeneratedMachine:
    """Generated hardware: its name, which is also its top module's, its Verilog and its manifest."""

    name: str
    verilog: str
    manifest: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Memory:
    """A memory that a host fills over the stream, with packets of one type."""

    name: str
    packet: str
    depth: int
    bits: int
    copies: int
    doc: str


def manifest(*, name: str, design: str, spec: Any, top: wiring.Component, registers: RegisterMap,
             memories: Iterable[Memory] = (), packets: Mapping[str, int] | None = None,
             **facts: Any) -> dict[str, Any]:
    """Return the manifest of a machine, plain data for JSON, the same from run to run.

    Parameters
    ----------
    name, design : str
        Of the top module; of the machine.
    spec : dataclass
        What was asked for.
    top : wiring.Component
        Names the ports.
    registers : RegisterMap
        What a host reads and writes.
    memories : iterable of Memory
        Those inside, with their sizes.
    packets : mapping
        Type number of each kind of packet that the stream takes.
    **facts
        What else the machine wants to say, such as the depth of its pipeline.
    """
    return {
        "name": name, "design": design, "generator": f"nonzero {VERSION}",
        "tools": versions(),
        "spec": asdict(spec), "facts": facts, "ports": ports(top), "packets": dict(packets or {}),
        "memories": [asdict(memory) for memory in memories], "registers": registers.as_data(),
    }


def ports(top: wiring.Component) -> list[dict[str, Any]]:
    """Return name, direction and width of every port of a top module, the clock and reset first."""
    found = [{"name": name, "direction": "input", "bits": 1} for name in ("clk", "rst")]
    for path, member, value in top.signature.flatten(top):
        found.append({"name": "__".join(map(str, path)),
                      "direction": "output" if member.flow == Out else "input", "bits": len(value)})
    return found

"""Carry chains of ECP5 without an end that nobody reads, for which the placer would put in a pair of look-up tables."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

CHAIN = "CCU2C"
UNUSED = ["x"]          # Yosys's JSON for a port without a wire, which the placer wants to see named


def trim(netlist: Path) -> None:
    """Leave the carry of every chain's last pair open where no cell and no port of its module reads it."""
    data = json.loads(netlist.read_text())
    found = [cell for module in data["modules"].values() for cell in _dead(module)]
    for cell in found:
        cell["connections"]["COUT"] = UNUSED
    if found:
        netlist.write_text(json.dumps(data))


def _dead(module: dict[str, Any]) -> list[dict[str, Any]]:
    chains = [cell for cell in module.get("cells", {}).values() if cell["type"] == CHAIN]
    if not chains:
        return []
    read: Counter[Any] = Counter(bit for port in module["ports"].values() for bit in port["bits"])
    for cell in module["cells"].values():
        for port, bits in cell["connections"].items():
            if cell["port_directions"][port] != "output":
                read.update(bits)
    return [cell for cell in chains if not read[cell["connections"]["COUT"][0]]]

"""Route the slowest wires of a routed design again.

``router2`` ends crowded designs with wires that go far around: few, but they decide the clock. ``router1`` gives a wire the
fastest way and routes anew what is in that way. Here the wires that make paths slow lose their routing, and ``router1`` routes
them and whatever they displace; cells stay where they are.
"""

import json
from pathlib import Path
from typing import Any

from synth.delays import read_delays, slow_wires

ROUTED, SDF = "routed.json", "routed.sdf"
WRITE = ["--write", ROUTED, "--sdf", SDF]
"""Options of nextpnr that write what a repair needs."""

REPAIR = ["--no-pack", "--no-place", "--router", "router1"]
"""Options of nextpnr that route what has no routing yet."""

NEAR = 0.98         # paths of more than this share of the period are repaired
DETOUR_PS = 2_000   # a wire in them that takes this or more is routed again


def prepare(folder: Path, clock: float) -> int:
    """Write ``net.json`` as the routed design without the routing of its slow wires; return how many nets that are.

    Parameters
    ----------
    folder : Path
        Holds what nextpnr wrote with `WRITE`.
    clock : float
        MHz to work towards.
    """
    with (folder / SDF).open(errors="replace") as lines:
        delays = read_delays(lines)
    slow = slow_wires(delays, path=round(NEAR * 1e6 / clock), wire=DETOUR_PS)
    netlist = json.loads((folder / ROUTED).read_text())
    count = without_routing(netlist, slow)
    (folder / "net.json").write_text(json.dumps(netlist))
    return count


def without_routing(netlist: dict[str, Any], drivers: set[str]) -> int:
    """Remove the routing of the nets that ``drivers``, as ``CELL/PORT``, drive; return how many had one."""
    module = next(module for module in netlist["modules"].values() if "settings" in module)
    module["settings"]["router"] = "router1"
    bits = set()
    for driver in drivers:
        cell, port = driver.rsplit("/", 1)
        bits.update(module["cells"][cell]["connections"][port])
    count = 0
    for net in module["netnames"].values():
        if bits.intersection(net["bits"]) and net["attributes"].pop("ROUTING", None) is not None:
            count += 1
    return count

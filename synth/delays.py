"""Delays of a routed design, from the SDF file that nextpnr writes, and its slowest paths."""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

INTERCONNECT = re.compile(r"\(INTERCONNECT (\S+) (\S+) \(\d+:\d+:(\d+)\)")
IOPATH = re.compile(r"\(IOPATH (\S+) (\S+) \(\d+:\d+:(\d+)\)")
SETUP = re.compile(r"\(SETUPHOLD \(\w+ (\S+)\) \(\w+ \S+\) \((-?\d+):(-?\d+):(-?\d+)\)")
PACKER = "$PACKER"          # nextpnr's own sources of constants
CLOCK = "CLK"               # how a clock's port begins


@dataclass
class Delays:
    """Picoseconds of each wire, cell and setup, the largest ones; a pin is ``CELL/PORT``.

    Attributes
    ----------
    wires : dict
        Driver and delay by the pin driven.
    cells : dict
        Pins that an output depends on, each with its delay, by the output.
    starts : dict
        Delay from the clock by the register's output.
    ends : dict
        Setup by the register's input.
    """

    wires: dict[str, tuple[str, int]] = field(default_factory=dict)
    cells: dict[str, list[tuple[str, int]]] = field(default_factory=lambda: defaultdict(list))
    starts: dict[str, int] = field(default_factory=dict)
    ends: dict[str, int] = field(default_factory=dict)


def read_delays(lines: Iterable[str]) -> Delays:
    """Read an SDF file of nextpnr, which has one entry per line.

    Raises
    ------
    ValueError
        If it has no wire or no register.
    """
    delays, cell = Delays(), ""
    for line in lines:
        text = line.strip().replace("\\", "")
        if text.startswith("(INSTANCE"):
            cell = text[len("(INSTANCE"):-1].strip()
        elif found := INTERCONNECT.match(text):
            delays.wires[found[2]] = found[1], int(found[3])
        elif found := SETUP.match(text):
            delays.ends[f"{cell}/{found[1]}"] = int(found[4])
        elif found := IOPATH.match(text):
            if found[1].startswith(CLOCK):
                delays.starts[f"{cell}/{found[2]}"] = int(found[3])
            else:
                delays.cells[f"{cell}/{found[2]}"].append((f"{cell}/{found[1]}", int(found[3])))
    if not delays.wires or not delays.ends:
        raise ValueError(f"an SDF file must have wires and registers, not {len(delays.wires)} wires and "
                         f"{len(delays.ends)} register inputs")
    return delays


def slow_wires(delays: Delays, *, path: int, wire: int) -> set[str]:
    """Return the drivers of wires of ``wire`` ps or more in paths of more than ``path`` ps, the slowest to each register."""
    arrival: dict[str, tuple[int, str]] = {}                # when an output changes, and the input that decides it

    def arrive(output: str) -> int:
        """Follow the design back from an output; a stack of our own, since paths are longer than Python's."""
        stack = [output]
        while stack:
            at = stack[-1]
            if at in arrival:
                stack.pop()
                continue
            if at in delays.starts or at not in delays.cells:
                arrival[at] = delays.starts.get(at, 0), ""
                continue
            inputs = [(pin, cost) for pin, cost in delays.cells[at]
                      if pin in delays.wires and not delays.wires[pin][0].startswith(PACKER)]
            if missing := [delays.wires[pin][0] for pin, _ in inputs if delays.wires[pin][0] not in arrival]:
                if len(stack) > len(delays.cells):
                    raise ValueError(f"a design must not have a combinational loop, and one is at {at}")
                stack += missing
                continue
            arrival[at] = max(((arrival[delays.wires[pin][0]][0] + delays.wires[pin][1] + cost, pin) for pin, cost in inputs),
                              default=(0, ""))
        return arrival[output][0]

    found = set()
    for end, setup in delays.ends.items():
        if end not in delays.wires or delays.wires[end][0].startswith(PACKER):
            continue
        driver, cost = delays.wires[end]
        if arrive(driver) + cost + setup <= path:
            continue
        pin = end
        while pin:
            driver, cost = delays.wires[pin]
            if cost >= wire:
                found.add(driver)
            pin = arrival[driver][1]
    return found

"""Memories and registers cut out of a netlist: what they are given becomes outputs, what they answer becomes an input.

Two netlists that give the same to each memory, whatever it answers, have the same contents in it and get the same answers; so
with registers, which begin alike. A proof that they are equal with these cut out holds for the whole of both; a difference
found may be none of the whole.
"""

import re
from dataclasses import dataclass

MEMORY = re.compile(r"^(?:  attribute .*\n)*  cell \$mem_v2 (\S+)\n((?:    .*\n)*)  end\n", re.MULTILINE)
REGISTER = re.compile(r"^(?:  attribute .*\n)*  cell \$dff (\S+)\n((?:    .*\n)*)  end\n", re.MULTILINE)
WIDTH = {"RD_EN": ("RD_PORTS",), "RD_ARST": ("RD_PORTS",), "RD_SRST": ("RD_PORTS",), "RD_ADDR": ("RD_PORTS", "ABITS"),
         "RD_DATA": ("RD_PORTS", "WIDTH"), "WR_EN": ("WR_PORTS", "WIDTH"), "WR_ADDR": ("WR_PORTS", "ABITS"),
         "WR_DATA": ("WR_PORTS", "WIDTH")}
"""Parameters of a memory whose product is the width of a connection; the clocks, which all are one, are left out."""


@dataclass(frozen=True, kw_only=True)
class Port:
    """A port in the place of a connection of a memory; ``shown`` is what a frame compares of an output, in Verilog."""

    name: str
    way: str
    width: int
    shown: str = ""


def memories(text: str) -> list[str]:
    """Return the names of the memories of a module in RTLIL, in the order of their names."""
    return sorted(match[1] for match in MEMORY.finditer(text))


def cut(text: str) -> tuple[str, list[Port]]:
    """Return the RTLIL of a module without its memories, and the ports that it has for them.

    Their names come from the order of the memories' names, so that two netlists with the same memories have the same ports.
    """
    ports: list[Port] = []
    number = {name: at for at, name in enumerate(memories(text))}
    first = _first(text)

    def replaced(match: re.Match) -> str:
        values = {name: int(value) for name, value in re.findall(r"^    parameter \\(\w+) (\d+)$", match[2], re.MULTILINE)}
        given = dict(re.findall(r"^    connect \\(\w+) (.*)$", match[2], re.MULTILINE))
        wires, joined = "", ""
        for name, factors in WIDTH.items():
            width = 1
            for factor in factors:
                width *= values[factor]
            if not width:
                continue
            port = f"cut{number[match[1]]}_{name}"
            way = "input" if name == "RD_DATA" else "output"
            wires += f"  wire width {width} {way} {first + len(ports)} \\{port}\n"
            joined += f"  connect {given[name]} \\{port}\n" if way == "input" else f"  connect \\{port} {given[name]}\n"
            ports.append(Port(name=port, way=way, width=width, shown=_shown(port, values)))
        return wires + joined

    return MEMORY.sub(replaced, text), ports


def _first(text: str) -> int:
    """Return the number of the first port after those that a module has."""
    return 1 + max(int(found) for found in re.findall(r"^  wire .*(?:in|out)put (\d+) ", text, re.MULTILINE))


def registers(text: str) -> list[str]:
    """Return the names of the registers of a module in RTLIL, in the order of their names; all must be of the plainest kind."""
    if kinds := set(re.findall(r"^  cell (\$\w*(?:ff|latch)\w*) ", text, re.MULTILINE)) - {"$dff"}:
        raise ValueError(f"registers must be made $dff by dffunmap, not be {', '.join(sorted(kinds))}")
    return sorted(match[1] for match in REGISTER.finditer(text))


def open_registers(text: str) -> tuple[str, list[Port]]:
    """Return the RTLIL of a module without its registers, and the ports that it has for them, as :func:`cut` names them."""
    ports: list[Port] = []
    number = {name: at for at, name in enumerate(registers(text))}
    first = _first(text)

    def replaced(match: re.Match) -> str:
        width = int(re.findall(r"^    parameter \\WIDTH (\d+)$", match[2], re.MULTILINE)[0])
        given = dict(re.findall(r"^    connect \\(\w+) (.*)$", match[2], re.MULTILINE))
        held, next_ = (f"register{number[match[1]]}_{name}" for name in ("Q", "D"))
        at = first + len(ports)
        ports.extend([Port(name=held, way="input", width=width),
                      Port(name=next_, way="output", width=width, shown=f"inner_{next_}")])
        return (f"  wire width {width} input {at} \\{held}\n  connect {given['Q']} \\{held}\n"
                f"  wire width {width} output {at + 1} \\{next_}\n  connect \\{next_} {given['D']}\n")

    return REGISTER.sub(replaced, text), ports


def _shown(port: str, values: dict[str, int]) -> str:
    """Return what counts of a connection: data that are written, and an address of a single port that writes."""
    memory, _, name = port.partition("_")
    if name == "WR_DATA":
        return f"inner_{port} & inner_{memory}_WR_EN"
    if name == "WR_ADDR" and values["WR_PORTS"] == 1:
        return f"inner_{memory}_WR_EN != 0 ? inner_{port} : 0"
    return f"inner_{port}"

"""The modules of an emitted Verilog text: what each contains, and which of its parts feeds which."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

NAME = r"(?:\\\S+(?=\s)|[A-Za-z_][\w$]*)"
MODULE = re.compile(rf"^module ({NAME})\s*(?:#\(.*?\n\)\s*)?\((.*?)^endmodule", re.MULTILINE | re.DOTALL)
PORT = re.compile(rf"^\s*(input|output)\b(?:\s+(?:wire|reg|signed)\b)*\s*(?:\[([^\]]*):0\])?\s*({NAME})\s*[;,)\n]",
                  re.MULTILINE)
PART = re.compile(rf"^  ({NAME})\s+(?:#\(\n(.*?)\n  \)\s*)?({NAME})\s*\(\n(.*?)\n  \);", re.MULTILINE | re.DOTALL)
JOINED = re.compile(rf"^    \.({NAME})\s*\((.*)\),?$", re.MULTILINE)
ASSIGNED = re.compile(r"^\s+(?:assign )?(\S[^=<>!]*?)\s*(?:<=|=)\s(.*);$", re.MULTILINE)
LITERAL = re.compile(r"\d+'s?[hbdo][0-9a-fA-FxXzZ?_]+")
COMMON = ("clk", "rst", "reset")


@dataclass(frozen=True, kw_only=True)
class Part:
    """A module's use: its name there, the module, its parameters, and port -> the text that is connected to it."""

    name: str
    module: str
    parameters: Mapping[str, str]
    joined: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Module:
    """A module: port -> direction and number of its highest bit, its parts, and signal -> the signals it is assigned from."""

    name: str
    ports: Mapping[str, tuple[str, str]]
    parts: tuple[Part, ...]
    assigned: Mapping[str, frozenset[str]] = field(repr=False)


def names(text: str) -> frozenset[str]:
    """Return the signals that an expression names."""
    return frozenset(re.findall(NAME, LITERAL.sub("", text) + " "))


def read(text: str) -> dict[str, Module]:
    """Return the modules of a Verilog text as `rtl.build` emits it, by name."""
    return {name: _module(name, body) for name, body in MODULE.findall(text)}


def _module(name: str, body: str) -> Module:
    ports = {port: (direction, high or "0") for direction, high, port in PORT.findall(body)}
    parts = tuple(
        Part(name=instance, module=module, parameters=dict(JOINED.findall(given)), joined=dict(JOINED.findall(joined)))
        for module, given, instance, joined in PART.findall(body))
    assigned: dict[str, frozenset[str]] = {}
    for left, right in ASSIGNED.findall(PART.sub("", body)):
        for signal in names(left):
            assigned[signal] = assigned.get(signal, frozenset()) | names(right)
    return Module(name=name, ports=ports, parts=parts, assigned=assigned)


def flows(modules: Mapping[str, Module], module: Module) -> Iterator[tuple[str, str, str, int]]:
    """Yield source, destination, port and bits wherever a part's output, or a module's input, reaches a part or an output.

    A source or destination is the name of a part, or "" for the ports of the module. What comes through assignments and
    registers counts as the signal itself; clock and reset do not count.
    """
    origin: dict[str, set[str]] = {port: {""} for port, (side, _) in module.ports.items() if side == "input"}
    for part in module.parts:
        for port, text in part.joined.items():
            if modules[part.module].ports[port][0] == "output":
                for signal in names(text):
                    origin.setdefault(signal, set()).add(part.name)
    for part in module.parts:
        for port, text in part.joined.items():
            side, high = modules[part.module].ports[port]
            bits = width(high, part.parameters)
            if side == "input" and port not in COMMON:
                for source in _sources(module, origin, names(text)) - {part.name}:
                    yield source, part.name, port, bits
    for port, (side, high) in module.ports.items():
        bits = width(high, {})
        if side == "output":
            for source in _sources(module, origin, frozenset({port})) - {""}:
                yield source, "", port, bits


def width(high: str, parameters: Mapping[str, str]) -> int:
    """Return the bits of a port whose highest bit is a number, or parameters and numbers that are added and subtracted."""
    found = 1
    for sign, term in re.findall(r"([-+]?)\s*(\w+)", high):
        value = term if term.isdecimal() else parameters[term].rpartition("d")[2]
        found += int(value) * (-1 if sign == "-" else 1)
    return found


def _sources(module: Module, origin: Mapping[str, set[str]], signals: frozenset[str]) -> set[str]:
    """Return the parts from which signals come, through assignments and registers."""
    found: set[str] = set()
    seen, ahead = set(), list(signals)
    while ahead:
        signal = ahead.pop()
        if signal in seen or signal in COMMON:
            continue
        seen.add(signal)
        if signal in origin:
            found |= origin[signal]
        else:
            ahead += module.assigned.get(signal, ())
    return found


def cells(modules: Mapping[str, Module], name: str) -> Counter[str]:
    """Return how many technology cells, by module, are in a module and all below it."""
    found: Counter[str] = Counter()
    for part in modules[name].parts:
        if part.module.startswith("nz_"):
            found[part.module] += 1
        else:
            found += cells(modules, part.module)
    return found

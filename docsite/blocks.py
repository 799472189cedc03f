"""Block diagrams of a machine, from the hierarchy of its emitted Verilog."""

import re
from collections import Counter
from collections.abc import Mapping

from docsite.draw import quoted, svg
from docsite.hierarchy import Module, cells, flows, read
from docsite.reference import built

LEAST = 2                                   # kinds of parts that make a picture worth while
THIN = 4                                    # bits: a thinner arrow is left out
CAPTION = f"""Made from the emitted Verilog of `{{name}}`. A number is how many bits go that way, registers between included;
clock, reset and arrows of fewer than {THIN} bits are left out."""
CELLS = {"nz_ram": "memory", "nz_ram_dual": "memory", "nz_regfile": "register file", "nz_mult": "multiplier",
         "nz_mult_pair": "multiplier pair", "nz_choose": "selector",
         "nz_masked_add": "masking adder", "nz_merge_add": "merging adder", "nz_add_sub": "adder"}
"""Technology cell -> what a reader calls it."""


def pictures(design: str) -> list[tuple[str, str]]:
    """Return the module and the picture of every level of a machine that is worth one, from the top down."""
    machine = built(design)
    modules = read(machine.verilog)
    return [(name, svg(graph(modules, modules[name]), f"blocks of {plain(name)}")) for name in levels(modules, machine.name)]


def levels(modules: Mapping[str, Module], top: str) -> list[str]:
    """Return the modules on the way from the top to where most of the multipliers are, those of one kind of part left out."""
    way, name = [], top
    while name in modules and not name.startswith("nz_"):
        way.append(name)
        below = [part.module for part in modules[name].parts if not part.module.startswith("nz_")]
        if not below:
            break
        name = max(below, key=lambda module: (cells(modules, module)["nz_mult"], len(modules[module].parts)))
    kinds = {name: {part.module for part in modules[name].parts} for name in way}
    return [name for name in way if len(kinds[name]) >= LEAST and not all(kind.startswith("nz_") for kind in kinds[name])]


def plain(name: str) -> str:
    """Return a module's or a part's own name, without that of what it is in and without a number after it."""
    return re.sub(r"\$\d+$", "", name.lstrip("\\").rpartition(".")[2])


def bare(name: str) -> str:
    """Return a part's own name without the number that tells it from its likes."""
    return plain(name).rstrip("0123456789")


def alike(modules: Mapping[str, Module], module: Module) -> dict[str, str]:
    """Return the kind of each part: its module, or that of the first part that is the same but for a number in its name.

    Amaranth emits a module for each of several equal parts. Equal are those of equal ports and equal cells.
    """
    first: dict[tuple[object, ...], str] = {}
    kinds = {}
    for part in module.parts:
        inside = cells(modules, part.module) if part.module in modules else Counter({part.module: 1})
        ports = modules[part.module].ports if part.module in modules else {}
        same = (bare(part.name), tuple(ports.items()), tuple(sorted(inside.items()))) if "." in part.module else (part.module,)
        kinds[part.name] = first.setdefault(same, part.module)
    return kinds


def graph(modules: Mapping[str, Module], module: Module) -> str:
    """Return a module in Graphviz's language: a box a kind of part, an arrow where bits go, as wide as they are many."""
    of = alike(modules, module)
    kinds = Counter(of.values())
    lines = ["digraph {", "rankdir=LR; fontname=Helvetica; nodesep=0.3; ranksep=0.6; newrank=true;",
             "node [fontname=Helvetica, fontsize=12, shape=box, style=\"rounded,filled\", fillcolor=\"#8888881a\"];",
             "edge [fontname=Helvetica, fontsize=9, arrowsize=0.7, color=\"#777777\"];"]
    for kind, count in kinds.items():
        first = next(name for name, its in of.items() if its == kind)
        name = plain(first) if count == 1 else bare(first) if "." in kind else plain(kind)
        lines.append(f"{quoted(kind)} [label={quoted(_label(modules, kind, name, count))}];")
    wide: dict[tuple[str, str], dict[str, int]] = {}
    for source, goal, port, bits in flows(modules, module):
        ends = of.get(source, "in"), of.get(goal, "out")
        if ends[0] != ends[1]:
            wide.setdefault(ends, {})[port] = bits
    lines += [f"{end} [shape=plaintext, style=\"\"];" for end in ("in", "out") if any(end in pair for pair in wide)]
    for (source, goal), ports in wide.items():
        bits = sum(ports.values())
        if bits >= THIN:
            pen = 1 + min(bits, 512) ** 0.5 / 8
            lines.append(f"{quoted(source)} -> {quoted(goal)} [label=\"{bits}\", penwidth={pen:.1f}];")
    return "\n".join([*lines, "}"])


def _label(modules: Mapping[str, Module], kind: str, name: str, count: int) -> str:
    inside = Counter({kind: 1}) if kind.startswith("nz_") else cells(modules, kind)
    held = Counter()
    for cell, number in inside.items():
        held[CELLS[cell]] += number * count
    told = ["" if number == 1 and count == 1 and kind.startswith("nz_") else f"{number} {_many(word, number)}"
            for word, number in held.items()]
    lines = [f"{name} x {count}" if count > 1 else name, *filter(None, told)]
    return "\n".join(lines)


def _many(word: str, number: int) -> str:
    return word if number == 1 else "memories" if word == "memory" else f"{word}s"

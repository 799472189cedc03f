"""Flowcharts of the pages, in the part of Mermaid's language that they use, drawn when the site is built.

GitHub draws the same text; here no script has to be fetched, and a text that is not understood fails the build.
"""

import re
import textwrap
from dataclasses import dataclass, field

from docsite.draw import quoted, svg

NODE = re.compile(r"""\s*(\w+)(?:(\(\[|\(\(|\[|\{)\s*"?(.*?)"?\s*(?:\]\)|\)\)|\]|\}))?""")
ARROW = re.compile(r"""\s*(?P<back><)?(?:(?P<dashed>-\.->)|-\.\s+(?P<dotted>.*?)\s*\.->"""
                   r"""|--\s+"(?P<quoted>[^"]*)"\s*-->|--\s+(?P<label>[^">]*?)\s*-->|-->|(?P<plain>---))""")
AND = re.compile(r"\s*&\s*")
SHAPES = {"[": 'shape=box, style="rounded"', "([": 'shape=box, style="rounded,filled", fillcolor="#8888882a"',
          "((": "shape=ellipse", "{": "shape=diamond, height=0.6"}
BLOCK = re.compile(r"^```mermaid\n(.*?)^```\n", re.MULTILINE | re.DOTALL)
WIDE = 24                                   # characters of a line in a node


@dataclass
class _Chart:
    direction: str = ""
    lines: list[str] = field(default_factory=list)
    known: set[str] = field(default_factory=set)
    groups: int = 0


def drawn(page: str) -> str:
    """Return a page with its flowcharts as pictures."""
    return BLOCK.sub(lambda match: f'<figure class="flowchart">\n{svg(dot(match[1]), "flowchart")}\n</figure>\n', page)


def dot(source: str) -> str:
    """Return a flowchart in Graphviz's language.

    Raises
    ------
    ValueError
        With the line that is not understood.
    """
    chart = _Chart()
    for line in filter(None, map(str.strip, source.splitlines())):
        try:
            _line(chart, line)
        except ValueError:
            raise ValueError(f"a flowchart must be nodes, arrows and subgraphs, not {line!r}; "
                             f"see docsite/flowchart.py") from None
    if chart.groups:
        raise ValueError("a flowchart must end each of its subgraphs; add the missing end")
    return "\n".join([
        "digraph {", f"rankdir={chart.direction}; fontname=Helvetica; fontsize=11; nodesep=0.25; ranksep=0.35;",
        "node [fontname=Helvetica, fontsize=11, margin=\"0.12,0.06\"]; edge [fontname=Helvetica, fontsize=10, arrowsize=0.7];",
        *chart.lines, "}"])


def _line(chart: _Chart, line: str) -> None:
    if match := re.fullmatch(r"flowchart (LR|TD|TB)", line):
        chart.direction = match[1].replace("TD", "TB")
    elif not chart.direction:
        raise ValueError(line)
    elif line == "end":
        chart.groups -= 1
        chart.lines.append("}")
    elif match := re.fullmatch(r"""subgraph (?:(\w+)(?:\s*\["?([^"]*)"?\])?|"([^"]*)")""", line):
        chart.groups += 1
        title = match[2] or match[1] or match[3]
        chart.lines.append(f"subgraph cluster_{len(chart.lines)} {{ label={quoted(title)}; style=rounded;")
    else:
        _chain(chart, line)


def _chain(chart: _Chart, line: str) -> None:
    """Read nodes with arrows between; several nodes may stand at one end of an arrow, with & between."""
    left, place = _nodes(chart, line, 0)
    while place < len(line):
        arrow = ARROW.match(line, place)
        if not arrow:
            raise ValueError(line)
        right, place = _nodes(chart, line, arrow.end())
        label = (arrow["dotted"] or arrow["quoted"] or arrow["label"] or "").strip('"')
        style = [f"label={quoted(label)}"] if label else []
        style += ["dir=both"] if arrow["back"] else ["dir=none"] if arrow["plain"] else []
        style += ["style=dashed"] if arrow["dashed"] or arrow["dotted"] else []
        chart.lines += [f"{source} -> {goal} [{', '.join(style)}];" for source in left for goal in right]
        left = right


def _nodes(chart: _Chart, line: str, place: int) -> tuple[list[str], int]:
    name, place = _node(chart, line, place)
    found = [name]
    while more := AND.match(line, place):
        name, place = _node(chart, line, more.end())
        found.append(name)
    return found, place


def _node(chart: _Chart, line: str, place: int) -> tuple[str, int]:
    match = NODE.match(line, place)
    if not match:
        raise ValueError(line)
    name, shape, label = match[1], match[2], match[3]
    if shape or name not in chart.known:
        text = "\n".join(textwrap.wrap(label or name, WIDE)) or name
        chart.lines.append(f"{name} [label={quoted(text)}, {SHAPES[shape or '[']}];")
        chart.known.add(name)
    return name, match.end()

"""Timing diagrams: WaveJSON files of docs/timing, drawn by WaveDrom; what they say of a machine is replayed in a simulation.

In a file the group ``host`` holds the inputs, cycle by cycle, and the group ``machine`` the outputs; ``about`` names the
hardware.
"""

import json
import re
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from docsite.draw import inline

FOLDER = Path(__file__).parents[1] / "docs" / "timing"
PREFIX = "wave-"                            # of the classes of a diagram


def names() -> list[str]:
    """Return the diagrams that there are."""
    return sorted(path.stem for path in FOLDER.glob("*.json"))


def load(name: str) -> dict[str, Any]:
    """Return a diagram as its file has it."""
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def picture(name: str) -> str:
    """Return a diagram as SVG, with its caption below."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")     # of the package's own code, at its import
        import wavedrom

    diagram = load(name)
    drawn = inline(_kept_in(wavedrom.render(json.dumps(diagram)).tostring()), diagram["caption"])
    return f'{drawn}\n<figcaption>{diagram["caption"]}</figcaption>'


def _kept_in(svg: str) -> str:
    """Return an SVG text whose rules of style hold for timing diagrams alone: in a page they would hold for all of it.

    Classes get a prefix. Rules cannot be bound to what is around the diagram instead, because its shapes are used by
    reference, and those know nothing of what is around them.
    """
    def kept(style: re.Match[str]) -> str:
        text = style[2].replace("<![CDATA[", "").replace("]]>", "")
        text = re.sub(r"\.([a-z]\w*)(?=[^{}]*\{)", rf".{PREFIX}\1", text)
        return style[1] + re.sub(r"^(\s*)text\b", r"\1figure.timing text", text) + style[3]

    def named(found: re.Match[str]) -> str:
        return f'class="{" ".join(PREFIX + name for name in found[1].split())}"'

    return re.sub(r"(<style[^>]*>)(.*?)(</style>)", kept, re.sub(r'class="([^"]*)"', named, svg), flags=re.DOTALL)


def group(diagram: Mapping[str, Any], name: str) -> dict[str, list[int | None]]:
    """Return signal -> its value in each cycle, of a group; None where the diagram leaves it open."""
    found: dict[str, list[int | None]] = {}
    for entry in diagram["signal"]:
        if isinstance(entry, list) and entry[0] == name:
            found |= {one["name"]: list(values(one)) for one in entry[1:]}
    if not found:
        raise ValueError(f"a timing diagram must have a group {name!r} with signals; see docsite/timing.py")
    return found


def values(signal: Mapping[str, Any]) -> Iterator[int | None]:
    """Yield the value of a signal in each cycle of its wave: x is any, = the next of ``data``, a dot the one before."""
    data = iter(signal.get("data", ()))
    last: int | None = None
    for letter in signal["wave"]:
        if letter == "=":
            last = int(next(data), 0)
        elif letter in "01":
            last = int(letter)
        elif letter == "x":
            last = None
        elif letter != ".":
            raise ValueError(f"the wave of {signal['name']} must be of 0, 1, x, = and dots, not {letter!r}; write another")
        yield last

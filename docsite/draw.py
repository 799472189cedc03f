"""Pictures from descriptions in Graphviz's language, drawn by its port in the package graphviz-pure: no program is needed."""

import functools
import re
import shutil
import subprocess
import sysconfig
from pathlib import Path

PROGRAM = "graphviz-pure"
PATIENCE = 60.0
INK = {"#000000": "var(--color-foreground-primary, #222)", "black": "var(--color-foreground-primary, #222)"}
"""Colours that follow the page's own, so that a picture reads on a dark page too."""


def program() -> str:
    """Return the path of the program that draws."""
    beside = Path(sysconfig.get_path("scripts")) / PROGRAM
    path = str(beside) if beside.exists() else shutil.which(PROGRAM)
    if not path:
        raise FileNotFoundError(f"{PROGRAM} must be in this Python environment, and it is not; pip install {PROGRAM}")
    return path


SMALLEST = 0.75                             # share of its size below which a picture is scrolled, not made smaller
WIDE = 1200.0
"""Pixels: a graph that grows to the right beyond this grows downwards instead, if that is narrower."""


def svg(text: str, title: str) -> str:
    """Return a picture as an SVG element without a size of its own, for a page.

    Parameters
    ----------
    text : str
        A graph in Graphviz's language.
    title : str
        What the picture shows, for those who do not see it.
    """
    drawn = _laid(text, title)
    if _width(drawn) > WIDE and "rankdir=LR" in text:
        drawn = min(drawn, _laid(text.replace("rankdir=LR", "rankdir=TB"), title), key=_width)
    return inline(drawn, title)


@functools.cache
def _laid(text: str, title: str) -> str:
    done = subprocess.run([program(), "-Tsvg"], input=text, capture_output=True, text=True, check=False, timeout=PATIENCE)
    if done.returncode or "<svg" not in done.stdout:
        raise ValueError(f"a graph must be drawn, and {PROGRAM} says {done.stderr.strip()[-200:]!r}; see {title!r}")
    return done.stdout


def _width(text: str) -> float:
    """Return the width that an SVG file states, in pixels, or 0."""
    match = re.search(r'<svg\b[^>]*?\swidth="([\d.]+)(pt)?', text)
    return float(match[1]) * (4 / 3 if match[2] else 1) if match else 0.0


def inline(text: str, title: str) -> str:
    """Return an SVG file as an element of a page: its width is at most that of the page."""
    body = text[text.index("<svg"):text.index("</svg>") + 6]
    width = _width(body)
    body = re.sub(r"<!--.*?-->|<title>.*?</title>", "", body, flags=re.DOTALL)
    root = re.match(r"<svg[^>]*>", body)
    bare = re.sub(r'\s(?:width|height)="[^"]*"', "", root[0]) if root else ""
    body = bare + body[len(root[0]) if root else 0:]
    for ink, ours in INK.items():
        body = re.sub(rf'(stroke|fill)="{ink}"', rf'\1="{ours}"', body)
    body = re.sub(r"<text (?![^>]*fill=)", '<text fill="var(--color-foreground-primary, #222)" ', body)
    limit = f' style="max-width:{width:.0f}px;min-width:{width * SMALLEST:.0f}px"' if width else ""
    name = title.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
    body = re.sub(r"<svg\s", lambda _: f'<svg role="img" aria-label="{name}"{limit} ', body, count=1)
    return "\n".join(line for line in body.splitlines() if line.strip())


def quoted(text: str) -> str:
    """Return a text as Graphviz's language takes it."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'

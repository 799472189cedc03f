"""Pictures that pages ask for: ``<!-- blocks: eie -->`` is the block diagram of a machine."""

import re
from collections.abc import Callable

from docsite import blocks, timing
from docsite.reference import built
from spec.machines import MACHINES

ASKED = re.compile(r"^<!-- (blocks|timing): ([\w. ]+) -->$", re.MULTILINE)


def filled(markdown: str, page: str) -> str:
    """Return a page with a picture below each comment that asks for one; an unknown picture is refused."""
    def picture(match: re.Match[str]) -> str:
        try:
            return KINDS[match[1]](match[2])
        except (KeyError, OSError) as error:
            raise ValueError(f"{page} must ask for a picture that is there, not {match[0]!r} ({error})") from error
    return ASKED.sub(picture, markdown)


def block_diagram(design: str) -> str:
    """Return the block diagrams of a machine, each with its name above, and a sentence on how to read them."""
    if design not in MACHINES:
        raise KeyError(f"machines are {', '.join(MACHINES)}")
    parts = [blocks.CAPTION.format(name=built(design).name)]
    for name, picture in blocks.pictures(design):
        parts.append(f"**Inside `{blocks.plain(name)}`**\n\n{framed(picture)}")
    return "\n\n".join(parts)


def framed(picture: str, kind: str = "picture") -> str:
    """Return a picture as Markdown takes it: HTML without an empty line."""
    return f'<figure class="{kind}">\n{picture}\n</figure>'


KINDS: dict[str, Callable[[str], str]] = {
    "blocks": block_diagram, "timing": lambda name: framed(timing.picture(name), "picture timing")}
"""Kind of a picture -> what draws it."""

"""Pictures that pages ask for: ``<!-- blocks: eie -->`` is the block diagram of a machine."""

import re
from collections.abc import Callable

ASKED = re.compile(r"^<!-- (blocks|timing): ([\w. ]+) -->$", re.MULTILINE)


def filled(markdown: str, page: str) -> str:
    """Return a page with a picture below each comment that asks for one; an unknown picture is refused."""
    def picture(match: re.Match[str]) -> str:
        try:
            return KINDS[match[1]](match[2])
        except (KeyError, OSError) as error:
            raise ValueError(f"{page} must ask for a picture that is there, not {match[0]!r} ({error})") from error
    return ASKED.sub(picture, markdown)


KINDS: dict[str, Callable[[str], str]] = {}
"""Kind of a picture -> what draws it."""

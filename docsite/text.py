"""Text of docstrings and help as Markdown."""

import re
from inspect import cleandoc

STAR = re.compile(r"(?<=_)\*|\*(?=_)")
ROLE = re.compile(r":(?:func|class|mod|data|meth|attr|exc):`~?([^`]+)`")


def rst(text: str) -> str:
    """Return a docstring's text as Markdown: double backticks and roles become code; a name such as s_axil_* is no emphasis."""
    parts = re.split(r"(`[^`]+`)", re.sub(r"``(.+?)``", r"`\1`", ROLE.sub(r"`\1`", cleandoc(text))))
    return "".join(part if number % 2 else STAR.sub(r"\\*", part) for number, part in enumerate(parts))


def cell(text: object) -> str:
    """Return a text as it may stand in a cell of a table."""
    return " ".join(str(text).replace("|", "\\|").replace("<", "&lt;").split())

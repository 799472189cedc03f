"""Text of docstrings and help as Markdown."""

import re
from inspect import cleandoc

ROLE = re.compile(r":(?:func|class|mod|data|meth|attr|exc):`~?([^`]+)`")


def rst(text: str) -> str:
    """Return a docstring's text as Markdown: double backticks and roles become code."""
    return re.sub(r"``(.+?)``", r"`\1`", ROLE.sub(r"`\1`", cleandoc(text)))


def cell(text: object) -> str:
    """Return a text as it may stand in a cell of a table."""
    return " ".join(str(text).replace("|", "\\|").replace("<", "&lt;").split())

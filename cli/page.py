"""Pages of HTML that need no other file: a template beside the code that fills it, and one style for all."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

STYLE = Path(__file__).with_name("page.css")


def render(template: Path, **values: Any) -> str:
    """Return a template filled with values, which it escapes; ``style`` in it is the text of the common style."""
    environment = Environment(loader=FileSystemLoader(template.parent), autoescape=True, undefined=StrictUndefined)
    return environment.get_template(template.name).render(**values, style=Markup(STYLE.read_text(encoding="utf-8")))

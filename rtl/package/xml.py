"""XML trees, written short: an element is made with its children in order, each a text or an element."""

from collections.abc import Iterable
from xml.etree import ElementTree

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'


def element(tag: str, *children: "ElementTree.Element | str | int | None", **attributes: str) -> ElementTree.Element:
    """Return an element with texts and elements in it; None is left out."""
    made = ElementTree.Element(tag, attributes)
    for child in children:
        if isinstance(child, ElementTree.Element):
            made.append(child)
        elif child is not None:
            made.text = (made.text or "") + str(child)
    return made


def many(tag: str, children: Iterable[ElementTree.Element]) -> ElementTree.Element | None:
    """Return an element with elements in it, None where there are none: a schema wants no empty list."""
    found = list(children)
    return element(tag, *found) if found else None


def document(root: ElementTree.Element) -> str:
    """Return the text of a document, indented."""
    ElementTree.indent(root)
    return HEAD + ElementTree.tostring(root, encoding="unicode") + "\n"

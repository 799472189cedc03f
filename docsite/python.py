"""The page of the Python that others may call: every public name of the modules that are promised, with its docstring."""

import importlib
import inspect
import re
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from docsite.text import cell, rst

PAGE = "reference/python.md"
MODULES = ("nonzero", "spec.machines", "spec.registers", "compress.actions", "compress.image", "golden.eie", "golden.mac",
           "rtl.build", "rtl.generated", "rtl.machine", "sim.pysim", "boards.device", "files.array", "files.archive")
"""What a program of other people may import; everything else may change from commit to commit."""

HEAD = """# Which Python names may I use?

Made from the docstrings. A program of yours may rely on the names below; all others are ours and may change.

"""
SECTION = re.compile(r"^(\w[\w ]*)\n-{3,}\n", re.MULTILINE)


def public(module: ModuleType) -> list[str]:
    """Return the public names of a module: its ``__all__``, or what is defined in it and begins with no underscore."""
    named = getattr(module, "__all__", None)
    if named is not None:
        return sorted(named)
    own = [name for name, value in vars(module).items() if not name.startswith("_") and (
        inspect.isclass(value) or inspect.isfunction(value)) and value.__module__ == module.__name__]
    return sorted(own)


def explained(module: ModuleType, name: str) -> str:
    """Return the docstring of a public name; that of a constant is the string after it."""
    value = getattr(module, name)
    if inspect.isclass(value) or inspect.isroutine(value) or inspect.ismodule(value):
        text = inspect.getdoc(value) or ""
        return "" if text.startswith(f"{name}(") else text     # what dataclasses make of themselves explains nothing
    match = re.search(rf"^{name}\b[^\n]*=.*?\n\"\"\"(.+?)\"\"\"", inspect.getsource(module), re.MULTILINE | re.DOTALL)
    if match:
        return inspect.cleandoc(match[1])
    return f"The version, `{value}`." if name == "__version__" else ""


def page() -> str:
    """Return the page, or refuse it where a public name is not explained."""
    parts, lacks = [HEAD], []
    for path in MODULES:
        module = importlib.import_module(path)
        parts.append(f"## {path}\n\n{body(module.__doc__ or '')}\n")
        for name in public(module):
            text = explained(module, name)
            lacks += [f"{path}.{name}{lack}" for lack in unexplained(text)]
            parts.append("\n".join(_entry(path, name, getattr(module, name), text)))
    if lacks:
        raise ValueError(f"every public name must be explained, and these are not: {', '.join(lacks)}")
    return "\n".join(parts)


def _entry(path: str, name: str, value: Any, text: str) -> Iterator[str]:
    yield f"### `{path}.{name}`\n"
    if inspect.isroutine(value) or inspect.isclass(value):
        yield f"```python\n{name}{_signature(value)}\n```\n"
    yield f"{body(text)}\n"
    if inspect.isclass(value):
        for method, function in inspect.getmembers(value, inspect.isfunction):
            if not method.startswith("_") and method in vars(value) and (said := inspect.getdoc(function)):
                first = rst(said.partition("\n\n")[0]).replace("\n", " ")
                yield f"* `{method}{_signature(function)}`: {first}"
        yield ""


def _signature(value: Any) -> str:
    try:
        text = re.sub(r"<class '(?:\w+\.)*(\w+)'>", r"\1", str(inspect.signature(value)))
        return text.replace("typing.", "").replace("collections.abc.", "")
    except (ValueError, TypeError):
        return "(...)"


def body(text: str) -> str:
    """Return a numpydoc docstring as Markdown: sections become headings, their entries a table."""
    pieces = SECTION.split(inspect.cleandoc(text))
    parts = [rst(pieces[0])]
    for title, content in zip(pieces[1::2], pieces[2::2], strict=True):
        parts.append(f"**{title}**\n\n{_entries(content)}")
    return "\n\n".join(part.strip() for part in parts)


def unexplained(text: str) -> list[str]:
    """Return what of a docstring says nothing: all of it, or entries of its sections, each as it follows the name."""
    if not text.strip():
        return [""]
    pieces = SECTION.split(inspect.cleandoc(text))
    return [f": {name.partition(' : ')[0]}" for content in pieces[2::2] for name, said in _split(content) if not said]


def _split(text: str) -> list[tuple[str, list[str]]]:
    """Return the entries of a section, names at the margin and texts indented; none where nothing is indented."""
    entries: list[tuple[str, list[str]]] = []
    for line in text.strip("\n").splitlines():
        if line and not line.startswith(" "):
            entries.append((line, []))
        elif entries and line.strip():
            entries[-1][1].append(line.strip())
    return entries if any(said for _, said in entries) else []


def _entries(text: str) -> str:
    """Return the entries of a section as a table; other text as it is."""
    if not (entries := _split(text)):
        return rst(text)
    rows = ["| name | meaning |", "|---|---|"]
    return "\n".join(rows + [f"| `{cell(name)}` | {cell(rst(' '.join(said)))} |" for name, said in entries])

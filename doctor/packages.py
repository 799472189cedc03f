"""Python and its packages, compared with what the project pins."""

import re
import shlex
import sys
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from cli.versions import package
from doctor.finding import Finding

OLDEST = (3, 11)
PIN = re.compile(r"^([A-Za-z0-9._-]+(?:\[[^]]*\])?)==([^\s;]+)(?:.*extra == ['\"](\w+)['\"])?")


def pins() -> dict[str, list[tuple[str, str]]]:
    """Return extra -> pairs of name and version that the project pins; extra ``""`` is what every command needs."""
    project = Path(__file__).parents[1] / "pyproject.toml"
    found: dict[str, list[tuple[str, str]]] = {"": []}
    if project.is_file():
        data = tomllib.loads(project.read_text(encoding="utf-8"))["project"]
        named = {"": data["dependencies"], **data["optional-dependencies"]}
        lines = [(extra, line) for extra, pinned in named.items() for line in pinned]
    else:
        lines = [(match[3] or "", line) for line in _required() if (match := PIN.match(line))]
    for extra, line in lines:
        if match := PIN.match(line):
            found.setdefault(extra, []).append((match[1], match[2]))
    return found


def _required() -> list[str]:
    try:
        return metadata.requires("nonzero") or []
    except metadata.PackageNotFoundError:
        return []


def look() -> Iterator[Finding]:
    """Yield Python, each package that a command needs, and one finding for each extra."""
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding(thing="python", state="ok" if sys.version_info >= OLDEST else "missing", found=f"{version}, {sys.executable}",
                  use="everything", remedy="" if sys.version_info >= OLDEST else "apt-get install python3.11")
    for extra, wanted in pins().items():
        if extra:
            yield _extra(extra, wanted)
        else:
            yield from (_one(name, pinned) for name, pinned in wanted)


def _one(name: str, pinned: str) -> Finding:
    have = package(_bare(name))
    state = "missing" if have is None else "ok" if have == pinned else "other"
    return Finding(thing=name, state=state, found=have or "", use="package of every command",
                   remedy="" if state == "ok" else f"pip install {shlex.quote(f'{name}=={pinned}')}")


def _extra(extra: str, wanted: list[tuple[str, str]]) -> Finding:
    lacking = [shlex.quote(f"{name}=={pinned}") for name, pinned in wanted if package(_bare(name)) is None]
    there = f"{len(wanted) - len(lacking)} of {len(wanted)} packages"
    return Finding(thing=f"extra {extra}", state="absent" if lacking else "ok", found=there, use="optional",
                   remedy=f"pip install {' '.join(lacking)}" if lacking else "")


def _bare(name: str) -> str:
    """Return a package's name without its extras."""
    return name.partition("[")[0]

"""Links that leave docs/: a page of the repository comes along, another file is named instead of linked."""

import os
import re
from pathlib import Path

LINK = re.compile(r"(?<!!)\[([^\]]+)\]\(([^)#\s]+)(#[^)]*)?\)")
OUTSIDE = "outside"                         # folder of the site for pages that are not in docs/


def address(path: Path, root: Path, docs: Path) -> str:
    """Return where a page of the repository stands in the site."""
    if path.is_relative_to(docs):
        return path.relative_to(docs).as_posix()
    return f"{OUTSIDE}/{path.relative_to(root).as_posix()}"


def settled(text: str, page: Path, root: Path, docs: Path) -> tuple[str, list[Path]]:
    """Return a page with links that work in the site, and the pages outside of docs/ that it links to.

    A link that leads nowhere stays as it is, so that the generator says so.
    """
    wanted: list[Path] = []

    def one(match: re.Match[str]) -> str:
        label, target, part = match[1], match[2], match[3] or ""
        goal = Path(os.path.normpath(page.parent / target))
        if "://" in target or not goal.exists() or not goal.is_relative_to(root):
            return match[0]
        if goal.suffix != ".md":
            return match[0] if goal.is_relative_to(docs) and page.is_relative_to(docs) else _named(label, goal, root)
        if not goal.is_relative_to(docs):
            wanted.append(goal)
        here = Path(address(page, root, docs)).parent
        return f"[{label}]({os.path.relpath(address(goal, root, docs), here)}{part})"

    return LINK.sub(one, text), wanted


def _named(label: str, goal: Path, root: Path) -> str:
    name = f"`{goal.relative_to(root).as_posix()}`"
    return name if label.strip("`") in (goal.name, name.strip("`")) else f"{label} ({name})"

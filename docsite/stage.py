"""The folder that Sphinx reads: the pages of docs/ with their pictures drawn, and the pages that are made from the code."""

import re
import shutil
from pathlib import Path

from cli.command import write_text
from docsite import commands, flowchart, links, navigation, pictures, python, reference

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
FENCED = re.compile(r"(^```.*?^```$)", re.MULTILINE | re.DOTALL)
TITLE = re.compile(r"^# ", re.MULTILINE)
HEADING = re.compile(r"#{1,5} ")


def written() -> dict[str, str]:
    """Return page -> text of every page of docs/, and of the pages elsewhere in the repository that they lead to."""
    ahead, found = sorted(DOCS.rglob("*.md")), {}
    while ahead:
        path = ahead.pop(0)
        name = links.address(path, ROOT, DOCS)
        if name not in found:
            found[name], more = links.settled(path.read_text(encoding="utf-8"), path, ROOT, DOCS)
            ahead += more
    return found


def made() -> dict[str, str]:
    """Return page -> text of every page that is made from the code; ValueError names what is not explained."""
    pages = {commands.PAGE: commands.page(), python.PAGE: python.page()}
    return pages | {reference.address(name): reference.page(name) for name in reference.names()}


def pages() -> dict[str, str]:
    """Return page -> text of the whole site."""
    texts = {page: pictures.filled(flowchart.drawn(one_title(text)), page) for page, text in written().items()} | made()
    texts[navigation.DECISIONS] = navigation.decisions(texts)
    texts[navigation.START] += "\n" + navigation.trees(texts)
    return texts


def one_title(text: str) -> str:
    """Return a page in which only the first heading is a title; where there are more, all after it go down a level."""
    parts = FENCED.split(text)              # every other part is a fenced block, in which # means something else
    if sum(len(TITLE.findall(part)) for part in parts[::2]) < 2:
        return text
    first = True
    for number in range(0, len(parts), 2):
        lines = parts[number].splitlines(keepends=True)
        for place, line in enumerate(lines):
            if HEADING.match(line):
                lines[place] = line if first else f"#{line}"
                first = False
        parts[number] = "".join(lines)
    return "".join(parts)


def fill(folder: Path) -> int:
    """Bring a folder up to date and return the number of pages; what has not changed is not touched."""
    texts = pages() | {"static/nonzero.css": (ROOT / "docsite" / "style.css").read_text(encoding="utf-8")}
    pictures_of = {path.relative_to(DOCS).as_posix(): path for path in DOCS.rglob("*") if path.suffix in (".svg", ".png")}
    for path in folder.rglob("*") if folder.exists() else ():
        if path.is_file() and path.relative_to(folder).as_posix() not in texts | pictures_of:
            path.unlink()
    for name, path in pictures_of.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, folder / name)
    for name, text in texts.items():
        place = folder / name
        if not place.exists() or place.read_text(encoding="utf-8") != text:
            write_text(place, text)
    shutil.copyfile(ROOT / "docsite" / "conf.py", folder / "conf.py")
    return len(texts) - 1

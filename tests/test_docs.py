"""Every block of Python in the pages runs, a page's blocks one after another; every link leads somewhere."""
import itertools
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "examples" / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)
FENCED = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
HEADING = re.compile(r"^(#+) ", re.MULTILINE)
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


def named(page):
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", [pytest.param(page, marks=pytest.mark.full) if page.parent.name == "decisions" else page
                                  for page in PAGES if BLOCK.search(page.read_text())], ids=named)
def test_the_python_of_a_page_runs(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "__main__"}
    for text in BLOCK.findall(page.read_text()):
        if not text.startswith(">>>"):                      # those are doctests, which other tests run
            exec(compile(text, named(page), "exec"), names)     # its assert statements are the test


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_lead_somewhere(page):
    broken = [link for link in LINK.findall(page.read_text()) if "://" not in link and not (page.parent / link).exists()]
    assert not broken, f"{named(page)} links to {', '.join(broken)}"


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_headings_go_down_one_level_at_a_time(page):
    levels = [len(marks) for marks in HEADING.findall(FENCED.sub("", page.read_text()))]
    assert levels[0] == 1 and all(below <= level + 1 for level, below in itertools.pairwise(levels))

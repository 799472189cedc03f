"""Every block of Python in the pages runs, a page's blocks one after another; every link leads somewhere."""
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "examples" / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)
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

"""Where the figures of a page lie."""

from pathlib import Path


def figures_beside(page: Path) -> Path:
    """Return the file of a page's figures: another than that of ``--json`` when both are named alike."""
    return page.with_suffix(".figures.json")

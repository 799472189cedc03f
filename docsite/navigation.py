"""Where every page stands: sections in the order of a reader's needs; a page that none of them names has its place too."""

from collections.abc import Iterable

SECTIONS = {
    "Tutorial": ("tutorial.md",),
    "How-to": ("networks.md", "answers.md", "precision.md", "storage.md", "boards/boards.md", "amaranth.md", "synth.md",
               "mac/machine.md", "adding-a-machine.md"),
    "Reference": ("commands.md", "reference/commands.md", "parameters.md", "reference/python.md", "bus.md", "image.md",
                  "scnn/format.md", "boards/link.md", "mac/latency.md", "mac/scaled.md"),
    "Explanation": ("life-of-a-weight.md", "numbers.md", "eie/pipeline.md", "scnn/pipeline.md", "mac/pipeline.md",
                    "mac/numerics.md", "mac/generations.md"),
    "Figures": ("results.md", "history.md", "eie/scale.md", "scnn/results.md", "mac/results.md", "eie/verification.md",
                "scnn/verification.md", "mac/mutants.md"),
    "Decisions": (),
}
FOLDERS = {"boards": "How-to", "outside": "How-to", "reference": "Reference", "eie": "Explanation", "mac": "Explanation",
           "scnn": "Explanation", "decisions": "Decisions"}
START = "index.md"
DECISIONS = "decisions.md"                  # made: the list of all of them


def sections(pages: Iterable[str]) -> dict[str, list[str]]:
    """Return section -> its pages, in order; a page that is not named above goes where its folder belongs, else to How-to.

    A page that is named and is not there is left out.
    """
    there = sorted(set(pages) - {START, DECISIONS})
    found = {title: [page for page in named if page in there] for title, named in SECTIONS.items()}
    placed = {page for listed in found.values() for page in listed}
    for page in there:
        if page not in placed:
            found[FOLDERS.get(page.partition("/")[0], "How-to")].append(page)
    return found


def trees(pages: Iterable[str]) -> str:
    """Return the sections as MyST writes a table of contents, for the end of the first page; decisions are one page there."""
    found = sections(pages)
    found["Decisions"] = [DECISIONS] if found["Decisions"] else []
    return "\n\n".join(
        "\n".join(["```{toctree}", ":hidden:", f":caption: {title}", "", *listed, "```"])
        for title, listed in found.items() if listed) + "\n"


def decisions(pages: Iterable[str]) -> str:
    """Return the page that lists all decisions."""
    listed = sections(pages)["Decisions"]
    title = "# What was decided, why, and what does it cost?"
    return "\n".join([title, "", "```{toctree}", ":maxdepth: 1", "", *listed, "```", ""])

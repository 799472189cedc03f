"""Writes the page of an image."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from cli.command import atomic
from cli.text import plain
from compress.eie.image import Image
from compress.page.facts import page_facts
from golden.eie.image import load

MOST_VECTORS = 8


def write(path: Path, out: Path, image: Image, facts: dict[str, Any], inputs: np.ndarray, *, told: list[str],
          arguments: list[str]) -> None:
    """Write the page of the image in ``out``, and its figures as JSON beside it.

    Parameters
    ----------
    path : Path
        The page.
    out : Path
        The image, which golden reads.
    image : Image
    facts : dict
        Figures of `compress.source`.
    inputs : numpy.ndarray
        Real input vectors; cycles are predicted on the first 8.
    told : list of str
        Sentences to be repeated.
    arguments : list of str
        The command that made the image.
    """
    shown = page_facts(image, load(out), facts, np.asarray(inputs[:MOST_VECTORS], np.float32), arguments)
    loader = FileSystemLoader(Path(__file__).parent)
    page = Environment(loader=loader, autoescape=True, undefined=StrictUndefined).get_template("page.j2")
    text = page.render(**shown, title=f"What {plain(Path(facts.get('file', facts.get('example', out.name))).name)} became",
                       told=[plain(line) for line in told])
    plainly = {key: value for key, value in shown.items() if key != "layers"} | {
        "layers": [{key: value for key, value in layer.items() if key not in ("map", "load", "causes")}
                   for layer in shown["layers"]]}
    for goal, content in (path, text), (path.with_suffix(".json"), json.dumps(plainly, indent=2) + "\n"):
        with atomic(goal) as draft:
            draft.write_text(content, encoding="utf-8")

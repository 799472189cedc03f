"""Writes the page of an image."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from cli.page import render
from cli.text import plain
from cli.write import write_text
from compress.eie.image import Image
from compress.page.beside import figures_beside
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
    text = render(Path(__file__).with_name("page.j2"), **shown, told=[plain(line) for line in told],
                  title=f"What {plain(Path(facts.get('file', facts.get('example', out.name))).name)} became")
    plainly = {key: value for key, value in shown.items() if key != "layers"} | {
        "layers": [{key: value for key, value in layer.items() if key not in ("map", "load", "causes")}
                   for layer in shown["layers"]]}
    write_text(path, text)
    write_text(figures_beside(path), json.dumps(plainly, indent=2) + "\n")

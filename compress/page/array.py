"""The page of an image for an SCNN array, from the figures of `compress.scnn.source`."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from cli.page import render
from cli.text import plain
from cli.write import write_text
from compress.page.beside import figures_beside
from compress.page.picture import bars, density_map, stack
from compress.scnn.source import Made

CAUSES = {
    "products": "#0a6", "act_tail": "#7b5", "weight_tail": "#ac8", "placeholder": "#dc9", "crossbar": "#d55",
    "weight_wait": "#58c", "act_wait": "#85b", "barrier": "#c90", "halo": "#a64", "reduction": "#468", "drain": "#444",
    "redistribution": "#999"}
"""Counters of slots, and the colours of the page."""


def figures(made: Made, arguments: list[str]) -> dict[str, Any]:
    """Return everything that the page shows, pictures apart."""
    facts = made.facts
    *layers, whole = facts["layers"]
    kept, cells, before = whole["nonzeros"], whole["cells"], whole["bits_before"]
    biases = before - 32 * cells
    code, books = facts["spec"]["weight_code_bits"], made.image.arrays.get("codebooks", np.empty(0))
    pruned, shared = min(before, 64 * kept + biases), min(code * cells, (code + 32) * kept) + 32 * books.size + biases
    sizes = {"float": before, "pruned": pruned, "pruned+trained": pruned, "shared": shared, "shared+trained": shared,
             "integer": whole["bits_after"]}
    steps = [{"name": name, "bits": bits, "ratio": before / bits, "accuracy": facts.get("accuracy", {}).get(name),
              "error": facts["error"].get(name, 0.0)} for name, bits in sizes.items() if name in ("float", *facts["error"])]
    rows, cols = facts["array"]
    return {"facts": facts, "steps": steps, "layers": layers, "cycles": whole["cycles"], "rows": rows, "cols": cols,
            "command": " ".join(arguments)}


def write(path: Path, made: Made, *, told: list[str], arguments: list[str]) -> None:
    """Write the page of an image, and its figures as JSON beside it."""
    shown = figures(made, arguments)
    drawn = [row | _pictures(made, number) for number, row in enumerate(shown["layers"])]
    text = render(Path(__file__).with_name("array.j2"), **(shown | {"layers": drawn}), causes=CAUSES,
                  told=[plain(line) for line in told], title=f"What {plain(Path(made.facts['file']).name)} became")
    write_text(path, text)
    write_text(figures_beside(path), json.dumps(shown, indent=2) + "\n")


def _pictures(made: Made, number: int) -> dict[str, Any]:
    row, layer = made.facts["layers"][number], made.whole.layers[number]
    flat = layer.weight.reshape(len(layer.weight), -1)
    work = np.array(row["work"], float)
    places = np.nonzero(flat)
    return {"map": density_map(places[0], places[1], flat.shape), "load": bars(work),
            "imbalance": float(work.max() / work.mean() - 1) if work.any() else 0.0, "picture": stack(row["slots"], CAUSES)}

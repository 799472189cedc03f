"""What compression did to a network: density, entries, bits and headroom, layer by layer."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from cli.table import lines, width
from compress.eie.assemble import IntegerLayer, work
from compress.eie.image import Image, Layer
from compress.eie.scale import Quantised
from spec.eie import EieSpec

FLOAT_BITS = 32     # width of a weight or bias before compression
COLUMNS = (("layer", "layer"), ("size", "inputs x outputs"), ("density", "density"), ("entries", "entries"),
           ("padding", "padding"), ("balance", "balance"), ("bits_before", "bits before"),
           ("bits_after", "bits after"), ("ratio", "ratio"), ("weight_ratio", "weights"),
           ("shift", "shift"), ("headroom", "headroom"))
"""Keys of a row and their headings.

``balance`` is the work of an average PE over that of the busiest, for an average input; ``ratio`` compares
all bits of a layer, ``weight_ratio`` its weights at 32 bits with its entries alone.
"""


def rows(image: Image, quantised: Quantised) -> list[dict[str, Any]]:
    """Return one row for each layer and one for the network."""
    found = [_row(layer, source, bits, image.spec) for layer, source, bits in
             zip(image.layers, quantised.layers, quantised.headroom, strict=True)]
    total: dict[str, Any] = {"layer": "all", "size": ""}
    for key in "cells", "nonzeros", "padding", "entries", "bits_before", "bits_after", "entry_bits":
        total[key] = sum(line[key] for line in found)
    total["bits_after"] += image.codebooks.size * image.spec.weight_bits
    for line in (*found, total):
        line["density"] = line["nonzeros"] / line["cells"]
        line["ratio"] = line["bits_before"] / line["bits_after"]
        line["weight_ratio"] = FLOAT_BITS * line["cells"] / line["entry_bits"] if line["entry_bits"] else None
    return [*found, total]


def _row(layer: Layer, source: IntegerLayer, headroom: float, spec: EieSpec) -> dict[str, Any]:
    outputs, inputs = source.codes.shape
    biases = outputs if layer.bias is not None else 0
    entry_bits = layer.entries.size * spec.entry_bits
    pointer_bits = (layer.pointers.shape[1] - 1) * spec.pes * spec.pointer_bits
    each = np.append(work(source), 0)[layer.rows].reshape(-1, spec.pes).sum(0)
    return {
        "layer": layer.name, "inputs": inputs, "outputs": outputs, "size": f"{inputs} x {outputs}",
        "cells": inputs * outputs, "nonzeros": layer.nonzeros, "padding": layer.padding,
        "entries": layer.entries.size, "balance": float(each.mean() / each.max()) if each.any() else 1.0,
        "bits_before": FLOAT_BITS * (inputs * outputs + biases), "entry_bits": entry_bits,
        "bits_after": entry_bits + pointer_bits + biases * spec.bias_bits,
        "shift": layer.shift, "headroom": headroom}


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Return rows as aligned text."""
    cells = [[_cell(key, row.get(key)) for key, _ in COLUMNS] for row in rows]
    return "\n".join(lines("", [heading for _, heading in COLUMNS], cells, width=width()))


def _cell(key: str, value: Any) -> str:
    if value is None:
        return ""
    formats = {"density": "{:.2%}", "balance": "{:.2f}", "ratio": "{:.1f}x", "weight_ratio": "{:.1f}x",
               "headroom": "{:.2f} bits", "layer": "{}", "size": "{}"}
    return formats.get(key, "{:,}").format(value)

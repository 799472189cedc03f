"""What compression did to a network: density, entries, bits and headroom, layer by layer."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from cli.table import lines, width
from compress.eie.assemble import IntegerLayer, work
from compress.eie.image import Image, Layer
from compress.eie.loss import Loss
from compress.eie.quantised import Quantised
from spec.eie import EieSpec

ORDER_WORDS = {"balanced": "balanced by work", "modulo": "modulo their number, as in the paper"}
FLOAT_BITS = 32     # width of a weight or bias before compression
COLUMNS = (("layer", "layer"), ("size", "inputs x outputs"), ("density", "density"), ("entries", "entries"),
           ("padding", "padding"), ("balance", "balance"), ("bits_before", "bits before"),
           ("bits_after", "bits after"), ("ratio", "ratio"), ("weight_ratio", "weights"))
"""Keys of a row and their headings.

``balance`` is the work of an average PE over that of the busiest, for an average input; ``ratio`` compares
all bits of a layer, ``weight_ratio`` its weights at 32 bits with its entries alone.
"""

SCALES = (("layer", "layer"), ("sign", "inputs"), ("used_bits", "input bits"), ("codebook", "codebook"),
          ("largest", "largest entry"), ("shift", "shift"), ("measured", "room, vectors"), ("headroom", "room, any input"),
          ("weights", "error: weights"), ("shared", "outputs, shared"), ("integer", "outputs, integer"))
"""Keys of a row and their headings, in the table of scales.

A room is in bits between the largest sum and the accumulator's end: of the vectors given, of any input whatever.
"""


def rows(image: Image, quantised: Quantised, losses: Sequence[Loss]) -> list[dict[str, Any]]:
    """Return one row for each layer and one for the network."""
    found = [_row(layer, source, image.spec) | _scales(number, quantised, loss) for number, (layer, source, loss) in
             enumerate(zip(image.layers, quantised.layers, losses, strict=True))]
    total: dict[str, Any] = {"layer": "all", "size": ""}
    for key in "cells", "nonzeros", "padding", "entries", "bits_before", "bits_after", "entry_bits":
        total[key] = sum(line[key] for line in found)
    total["bits_after"] += image.codebooks.size * image.spec.weight_bits
    for line in (*found, total):
        line["density"] = line["nonzeros"] / line["cells"]
        line["ratio"] = line["bits_before"] / line["bits_after"]
        line["weight_ratio"] = FLOAT_BITS * line["cells"] / line["entry_bits"] if line["entry_bits"] else None
    return [*found, total]


def _row(layer: Layer, source: IntegerLayer, spec: EieSpec) -> dict[str, Any]:
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
        "bits_after": entry_bits + pointer_bits + biases * spec.bias_bits}


def _scales(number: int, quantised: Quantised, loss: Loss) -> dict[str, Any]:
    layer = quantised.layers[number]
    return {
        "sign": "signed" if quantised.signed[number] else "not negative", "used_bits": quantised.used_bits[number],
        "codebook": layer.codebook, "largest": int(np.abs(quantised.codebooks[layer.codebook].astype(int)).max()),
        "shift": layer.shift, "measured": quantised.measured[number], "headroom": quantised.headroom[number],
        "weights": loss.weights, "shared": loss.shared, "integer": loss.integer}


def tables(rows: Sequence[dict[str, Any]]) -> str:
    """Return the rows of layers and network as two tables: sizes, and scales with their errors."""
    return "\n\n".join((_table(COLUMNS, rows), _table(SCALES, rows[:-1])))


def _table(columns: Sequence[tuple[str, str]], rows: Sequence[dict[str, Any]]) -> str:
    cells = [[_cell(key, row.get(key)) for key, _ in columns] for row in rows]
    return "\n".join(lines("", [heading for _, heading in columns], cells, width=width()))


def _cell(key: str, value: Any) -> str:
    if value is None:
        return ""
    formats = dict.fromkeys(("density", "weights", "shared", "integer"), "{:.2%}")
    formats |= {"balance": "{:.2f}", "ratio": "{:.1f}x", "weight_ratio": "{:.1f}x"}
    formats |= dict.fromkeys(("headroom", "measured"), "{:.2f}") | dict.fromkeys(("layer", "size", "sign"), "{}")
    return formats.get(key, "{:,}").format(value)


def sentences(facts: dict[str, Any]) -> list[str]:
    """Return the figures that are not in the tables."""
    memories = ", ".join(f"{name} {count:,}" for name, count in facts["grown"].items())
    said = [_scaled(facts), f"rows go to PEs {ORDER_WORDS[facts['order']]}"]
    said += [f"memories made as large as the network needs: {memories}"] if memories else []
    return [*said, *(_of_file(facts) if "file" in facts else _of_digits(facts))]


def _scaled(facts: dict[str, Any]) -> str:
    low, high = facts["input_range"]
    if not facts["calibrated"]:
        whose = f"{facts['vectors']} random vectors of {low:g} to {high:g}, for want of --calibrate FILE"
    else:
        whose = f"{facts['vectors']} vectors of {low:g} to {high:g}"
    how = (f"accumulators hold {facts['margin']:g} times the largest sum of these vectors in any order"
           if facts["bound"] == "data" else "accumulators hold the largest sum that any input can make, where they can")
    return f"scales chosen on {whose}; {how}"


def _of_file(facts: dict[str, Any]) -> list[str]:
    steps = ", ".join(f"{step} {100 * error:.2f} %" for step, error in facts["error"].items())
    alone = f"of whole numbers alone {100 * facts['rounding']:.2f} %"
    said = [f"rms error of the outputs against the file's network: {steps}; {alone}"]
    if "accuracy" in facts:
        those = f"the {facts['tried']} held back" if facts["training"] else f"these {facts['tried']} vectors"
        said.append(f"accuracy on {those}: " + ", ".join(
            f"{step} {100 * share:.2f} %" for step, share in facts["accuracy"].items()))
    if facts["host"]:
        said.append(f"left to the host: {', '.join(facts['host'])}; the outputs are what goes into it")
    return said + facts["training"] + [f"notice: {notice}" for notice in facts["notices"]]


def _of_digits(facts: dict[str, Any]) -> list[str]:
    images, pooled = facts["images"], facts["pooled"]
    steps = list(facts["accuracy"])
    said = [f"accuracy on {images} held-back images: " + ", ".join(
        f"{step} {100 * facts['accuracy'][step]:.2f} %" for step in steps)]
    if len(facts["folds"]) > 1:
        said.append(f"pooled over {len(facts['folds'])} folds, {pooled['images']:,} images: " + ", ".join(
            f"{step} {100 * pooled['right'][step] / pooled['images']:.2f} %" for step in steps)
            + f"; loss pruned+shared {facts['loss_points']['shared']:.2f} points, "
              f"integer {facts['loss_points']['integer']:.2f} points, "
              f"density at most {100 * pooled['density']:.2f} %")
    return said

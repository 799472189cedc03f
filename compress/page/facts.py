"""The figures of the page: accuracy and size by step, and for each layer its weights, PEs, cycles and cost."""

from typing import Any

import numpy as np

from compress.eie.encode import positions
from compress.eie.image import Image
from compress.huffman.file import compressed
from compress.page.picture import bars, density_map, stack
from golden.eie import run
from golden.eie.cycles import Counters

CAUSES = {"broadcasts": "#0a6", "stall_queue": "#d55", "stall_scan": "#999", "stall_barrier": "#c90",
          "preload": "#58c", "drain": "#85b", "writeback": "#444"}
"""Counters that say where cycles go, and the colours of the page; loading and draining may overlap others by a few cycles."""


def page_facts(image: Image, trusted: Any, facts: dict[str, Any], inputs: np.ndarray, arguments: list[str]) -> dict[str, Any]:
    """Return everything that the page shows.

    Parameters
    ----------
    image : Image
    trusted : golden.eie.image.Image
        The same image as golden reads it.
    facts : dict
        Figures of `compress.source`.
    inputs : numpy.ndarray
        Vectors on which cycles are predicted.
    arguments : list of str
        The command that made the image.
    """
    found = run(trusted, inputs)
    sums = [sum((vector[number] for vector in found.counters), Counters()) for number in range(len(image.layers))]
    total = sum(line.cycles for line in sums) / len(inputs)
    layers = [_layer(image, number, facts["layers"][number], sums[number], len(inputs), total)
              for number in range(len(image.layers))]
    return {"facts": facts, "steps": _steps(image, facts), "layers": layers, "cycles": total, "vectors": len(inputs),
            "causes": CAUSES, "pes": image.spec.pes, "command": " ".join(arguments)}


def _steps(image: Image, facts: dict[str, Any]) -> list[dict[str, Any]]:
    """Return accuracy or error, and size, after each step."""
    network = facts["network"]
    cells, kept, biases = network["cells"], network["nonzeros"], sum(layer["outputs"] for layer in facts["layers"])
    coded = 8 * len(compressed(image)[0])
    pruned, shared = 64 * kept + 32 * biases, (32 + image.spec.codebook_bits) * kept + 32 * biases
    sizes = [("float", 32 * (cells + biases)), ("pruned", pruned), ("pruned+trained", pruned), ("shared", shared),
             ("shared+trained", shared), ("integer", network["bits_after"])]
    told_of = {*facts.get("accuracy", {}), *facts.get("error", {})}
    sizes = [(name, bits) for name, bits in sizes if name in told_of or "+" not in name]
    lines = []
    for name, bits in sizes:
        told = facts.get("accuracy", {}).get(name)
        off = facts.get("error", {}).get(name, 0.0 if name == "float" else None)
        lines.append({"name": name, "bits": bits, "ratio": sizes[0][1] / bits if bits else 0.0, "accuracy": told, "error": off})
    lines.append({"name": "coded (.nzc)", "bits": coded, "ratio": sizes[0][1] / coded, "accuracy": lines[-1]["accuracy"],
                  "error": lines[-1]["error"]})
    return lines


def _layer(image: Image, number: int, row: dict[str, Any], counters: Counters, vectors: int, total: float) -> dict[str, Any]:
    layer, spec = image.layers[number], image.spec
    group, slot, code, _ = positions(layer.entries, layer.pointers, spec)
    pe, column = np.divmod(group, layer.pointers.shape[1] - 1)
    weight = code != 0
    work = np.bincount(pe[weight], minlength=spec.pes)
    parts = {name: getattr(counters, name) / vectors for name in CAUSES}
    cycles = counters.cycles / vectors
    shape = (len(layer.rows), layer.pointers.shape[1] - 1)
    return row | {
        "map": density_map((slot * spec.pes + pe)[weight], column[weight], shape),
        "load": bars(work), "imbalance": float(work.max() / work.mean() - 1) if work.any() else 0.0,
        "cycles": cycles, "share": cycles / total if total else 0.0, "causes": stack(parts, CAUSES),
        "busy": counters.useful_macs / (counters.cycles * spec.pes) if counters.cycles else 0.0}

"""What an image comes to, layer by layer: sizes, scales, and the cycles that golden's model predicts."""

from typing import Any

import numpy as np

from cli.table import lines, width
from compress.scnn.assemble import Assembly
from compress.scnn.whole import Whole
from compress.scnn.work import loads
from golden.scnn.cycles import Load, run
from golden.scnn.layer import forward
from spec.scnn import SLOT_COUNTERS
from spec.scnn.shape import BIAS_BITS, VALUE_BITS

FLOAT_BITS = 32
SIZES = (("layer", "layer"), ("kind", "kind"), ("outputs", "outputs"), ("cells", "weights"), ("density", "density"),
         ("entries", "entries"), ("placeholders", "placeholders"), ("bits_before", "bits before"), ("bits_after", "bits after"),
         ("level", "level"), ("passes", "passes"), ("cycles", "cycles"), ("share", "of all"), ("busy", "busy"))
SCALES = (("layer", "layer"), ("weight_bits", "weight bits"), ("shift", "shift"), ("headroom", "room, any input"),
          ("measured", "room, data"), ("live", "outputs not 0"), ("saturated", "saturated"), ("error", "rms error"))
"""Keys of a row and their headings. A room is in bits: between the largest sum that any input can make and the end of the
stored sums, and between that of the data and acc_bits."""


def rows(assembly: Assembly, whole: Whole, x: np.ndarray) -> list[dict[str, Any]]:
    """Return one row for each layer and one for the network; ``x`` is the input for which cycles are predicted."""
    made = loads(assembly, forward(whole.layers, x))
    counters = run(assembly.spec, made)
    found = []
    for number, (load, own) in enumerate(zip(made, counters, strict=True)):
        found.append(_row(assembly, whole, number, load) | {"work": _work(assembly, number, load),
            "cycles": own.cycles, "products": own.slots["products"], "slots": {name: own.slots[name] for name in SLOT_COUNTERS},
            "busy": own.slots["products"] / max(1, own.cycles * assembly.spec.multipliers)})
    total: dict[str, Any] = {"layer": "all", "saturated": sum(row["saturated"] for row in found)}
    for key in ("cells", "nonzeros", "entries", "placeholders", "bits_before", "bits_after", "cycles", "products"):
        total[key] = sum(row[key] for row in found)
    total["bits_after"] += 0 if assembly.codebooks is None else VALUE_BITS * assembly.codebooks.size
    total["slots"] = {name: sum(row["slots"][name] for row in found) for name in SLOT_COUNTERS}
    total["busy"] = total["products"] / max(1, total["cycles"] * assembly.spec.multipliers)
    for row in (*found, total):
        row["density"] = row["nonzeros"] / max(1, row["cells"])
        row["share"] = row["cycles"] / max(1, total["cycles"])
    return [*found, total]


def _row(assembly: Assembly, whole: Whole, number: int, load: Load) -> dict[str, Any]:
    mapping, step, spec = assembly.mappings[number], whole.lowered.steps[number], assembly.spec
    layer, found = mapping.layer, whole.measured[mapping.layer.name]
    entries, live = int(load.weights.sum()), int(load.live_weights.sum())
    biases = 0 if layer.bias is None else len(layer.bias)
    largest = int(np.abs(layer.weight.astype(np.int64)).max(initial=0))
    return {
        "layer": layer.name, "machine": "scnn", "kind": step.kind, "nodes": list(step.nodes),
        "outputs": " x ".join(map(str, step.shape)), "cells": int(layer.weight.size),
        "nonzeros": int(np.count_nonzero(layer.weight)), "entries": entries, "placeholders": entries - live,
        "bits_before": FLOAT_BITS * (layer.weight.size + biases),
        "bits_after": spec.entry_bits * (entries + load.weights.size) + BIAS_BITS * biases,
        "level": mapping.level, "groups": mapping.groups, "passes": mapping.passes, "kc": mapping.kc,
        "weight_bits": largest.bit_length() + 1, "shift": layer.shift, "product_shift": layer.product_shift,
        "headroom": whole.fitted[layer.name].headroom,
        "measured": spec.acc_bits - 1 - float(np.log2(max(1, found.largest))), "live": found.density,
        "saturated": found.saturated, "error": found.rms}


def _work(assembly: Assembly, number: int, load: Load) -> list[int]:
    """Return the products of each PE."""
    spec, level = assembly.spec, assembly.mappings[number].level
    acts = np.broadcast_to(load.live_acts.sum(axis=2), (*load.live_weights.shape[:2], spec.pes))
    sets = [spec.position(pe, level)[1] for pe in range(spec.pes)]
    return [int(total) for total in (load.live_weights[:, :, sets] * acts).sum(axis=(0, 1))]


def tables(found: list[dict[str, Any]]) -> str:
    """Return the rows as two tables: sizes and cycles, and scales with their errors."""
    parts = [[[_cell(key, row.get(key)) for key, _ in columns] for row in given]
             for columns, given in ((SIZES, found), (SCALES, found[:-1]))]
    return "\n\n".join("\n".join(lines("", [heading for _, heading in columns], cells, width=width()))
                       for columns, cells in zip((SIZES, SCALES), parts, strict=True))


def _cell(key: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    form = dict.fromkeys(("density", "share", "busy", "live"), "{:.1%}") | {"error": "{:.3%}"}
    form |= dict.fromkeys(("headroom", "measured"), "{:.2f}")
    return form.get(key, "{:,}").format(value)


def _activations(plan: dict[str, Any]) -> str:
    share = f"{plan['words']:,} of {plan['of']:,} words of each PE's memory"
    if "parts" not in plan:
        return f"activations take {share} at most, whatever the input"
    share_of_most, inputs = 100 * plan["margin"], plan["inputs"]
    room = (f"{share_of_most - 100:.0f} % more than any of {inputs} inputs needs" if share_of_most > 100 else
            f"for outputs {share_of_most:.2g} % of the most that any of {inputs} inputs needs")
    return f"activations have {share}: {room}; an input that needs more runs again in {plan['parts']} parts"


def sentences(facts: dict[str, Any]) -> list[str]:
    """Return the figures that are not in the tables."""
    rows, cols = facts["array"]
    whose = f"{facts['samples']} {'' if facts['calibrated'] else 'random '}inputs"
    said = [f"array of {rows} x {cols} PEs; every layer runs on it, one image holds them all",
            f"scales chosen on {whose}; no input whatever makes a sum wrong"]
    if facts["grown"]:
        said.append("as the network needs: " + ", ".join(f"{name} {count:,}" for name, count in facts["grown"].items()))
    said.append(_activations(facts["activations"]))
    steps = ", ".join(f"{step} {100 * error:.2f} %" for step, error in facts["error"].items())
    said.append(f"rms error of the outputs against the network in floats: {steps}; "
                f"of whole numbers alone {100 * facts['rounding']:.3f} %")
    if "accuracy" in facts:
        held = "" if facts["tried"] == facts["samples"] else " that were held back"
        said.append(f"accuracy on {facts['tried']} inputs{held}: " + ", ".join(
            f"{step} {100 * share:.2f} %" for step, share in facts["accuracy"].items()))
    if facts["host"]:
        said.append(f"left to the host: {', '.join(facts['host'])}; the outputs are what goes into it")
    dense = facts["dense"]
    if dense:
        said.append(f"dense layers run as filters as large as their planes: {', '.join(dense)}; each weight is used once, "
                    f"which an eie does faster: give them as a network of their own to compress.build --design eie")
    return said + facts["training"] + [f"notice: {notice}" for notice in facts["notices"]]

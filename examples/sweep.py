"""Which machine for this layer? Cycles from the golden model, area and clock from the fitted table, and their Pareto plot.

Run it: python examples/sweep.py --out build/example
"""

import argparse
import csv
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from compress.eie.encode import encode
from golden.eie import Layer, cycles
from spec.eie import EieSpec, ceil_log2, preset
from synth import part
from synth.estimate import estimate
from synth.pareto import front, plot

BOARD, PES, QUEUES = "ulx3s-85f", (4, 8, 16, 32, 64), (8, 16)
SIDE, DENSITY = 512, 0.1                    # of a layer: inputs and outputs, share of weights that are not 0


def sized(pes: int, queue: int) -> EieSpec:
    """Return a machine whose memories hold the layer, and little more."""
    entries = 1 << ceil_log2(int(1.2 * DENSITY * SIDE * SIDE / pes))
    return preset("ecp5", pes=pes, queue_depth=queue, entries=max(64, entries), slots=SIDE // pes, columns=SIDE)


def measure(spec: EieSpec, codes: np.ndarray, target: part.Part) -> dict[str, Any]:
    """Return what the layer takes on a machine, for an input of which no value is 0."""
    encoded, slots = encode(codes, spec), SIDE // spec.pes
    layer = Layer(entries=encoded.entries, pointers=encoded.pointers, inputs=SIDE, outputs=SIDE, in_slots=slots,
                  out_slots=slots)
    counted = cycles.layer(spec, layer, np.arange(SIDE), codebook_loaded=True)
    cost = estimate("eie", asdict(spec), target)
    return {"name": f"{spec.pes} PEs, queue {spec.queue_depth}", "pes": spec.pes, "queue": spec.queue_depth,
            "cycles": counted.cycles, "busy": round(counted.useful_macs / (spec.pes * counted.cycles), 3), "comb": cost["comb"],
            "bram": cost["bram"], "fmax_mhz": cost["fmax_mhz"], "microseconds": round(counted.cycles / cost["fmax_mhz"], 2)}


def main(folder: Path) -> None:
    """Try every machine, write a table and a plot, and name those that no other beats."""
    rng = np.random.default_rng(1)
    codes = rng.integers(1, 16, (SIDE, SIDE)) * (rng.random((SIDE, SIDE)) < DENSITY)
    target = part.target_of(BOARD, "")
    rows = [measure(sized(pes, queue), codes, target) for pes in PES for queue in QUEUES]
    best = [row for row, good in zip(rows, front([(row["comb"], row["microseconds"]) for row in rows]), strict=True) if good]
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "sweep.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    plot(rows, folder / "pareto.png", across="comb", up="microseconds",
         title=f"{SIDE} x {SIDE} weights on an EIE in {target.name}, estimated")
    for row in best:
        print(f"{row['name']}: {row['microseconds']} us, {row['comb']:,} of {target.has['comb']:,} LUT, {row['bram']} of "
              f"{target.has['bram']} block RAM, busy {row['busy']:.0%}")
    print(f"wrote {folder / 'sweep.csv'} and {folder / 'pareto.png'}")


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--out", type=Path, default=Path("build/example"))
    main(options.parse_args().out)

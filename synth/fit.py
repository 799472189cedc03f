"""Fit the table of estimates to what was measured."""

import json
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from cli.command import application, main, write_json
from spec import machines
from synth import features
from synth.estimate import TABLE
from synth.part import PARTS

MEASURED = Path(__file__).parent / "measured.json"
app = application("Fit the table of estimates to what was measured.")


def row(data: dict[str, Any]) -> dict[str, Any]:
    """Return what is kept of a result for fitting."""
    kept = {"kind": data["design"]["kind"], "part": data["part"], "spec": data["design"]["spec"],
            **{figure: data[figure] for figure in ("comb", "ff", "dsp", "bram")}}
    if "fmax_mhz" in data:
        kept["fmax_mhz"] = data["fmax_mhz"]["median"]
        kept["seeds"] = len(data["fmax_mhz"]["seeds"])
    return kept


def record(data: dict[str, Any], path: Path = MEASURED) -> None:
    """Add a result to the measurements, in place of an older one of the same machine and part."""
    if data["design"]["kind"] not in machines.MACHINES:
        raise ValueError(f"--record must be for a whole machine, not for {data['design']['name']}; leave --unit out")
    new = row(data)
    rows = json.loads(path.read_text()) if path.exists() else []
    rows = [old for old in rows if (old["kind"], old["part"], old["spec"]) != (new["kind"], new["part"], new["spec"])]
    write_json(path, sorted([*rows, new], key=lambda one: json.dumps([one["kind"], one["part"], one["spec"]])))


def fit(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the table: weights of features for the family measured most, ratios to it for the others.

    Weights are not negative, and least in squared relative error; with fewer rows than features the features
    that come last are left out.
    """
    kinds: dict[str, Any] = {}
    for kind in sorted({one["kind"] for one in rows}):
        mine = [one | {"family": PARTS[one["part"]].family} for one in rows if one["kind"] == kind]
        families = sorted({one["family"] for one in mine}, key=lambda name: (-sum(o["family"] == name for o in mine), name))
        first: dict[str, Any] = {}
        kinds[kind] = {}
        for family in families:
            own = [one for one in mine if one["family"] == family]
            entry: dict[str, Any] = {}
            for figure in ("comb", "ff"):
                if not first:
                    entry[figure] = _weights(kind, own, figure)
                else:
                    scale = median(one[figure] / _value(kind, one, first[figure]) for one in own)
                    entry[figure] = {name: round(weight * scale, 4) for name, weight in first[figure].items()}
            for figure in ("dsp", "bram"):
                counts = [(one[figure], features.of(kind, one["spec"])[figure]) for one in own]
                entry[figure] = round(median(got / want for got, want in counts if want), 4) if any(
                    want for _, want in counts) else 0
            entry["clocks"] = [{"part": one["part"], "comb": one["comb"], "fmax_mhz": one["fmax_mhz"]}
                               for one in own if "fmax_mhz" in one]
            kinds[kind][family] = entry
            first = first or entry
    return {"format": 1, "kinds": kinds}


def _value(kind: str, one: dict[str, Any], weights: dict[str, float]) -> float:
    found = features.of(kind, one["spec"])
    return max(1.0, sum(weight * found[name] for name, weight in weights.items()))


def _weights(kind: str, rows: list[dict[str, Any]], figure: str) -> dict[str, float]:
    from scipy.optimize import nnls

    names = features.fitted(kind)[: max(1, len({json.dumps(one["spec"]) for one in rows}))]
    matrix = np.array([[features.of(kind, one["spec"])[name] / one[figure] for name in names] for one in rows])
    weights, _ = nnls(matrix, np.ones(len(rows)))
    return {name: round(float(weight), 4) for name, weight in zip(names, weights, strict=True)}


@app.command()
def command() -> None:
    """Write synth/estimates.json from synth/measured.json, for example: python -m synth.fit."""
    if not MEASURED.exists():
        raise FileNotFoundError(f"{MEASURED} must exist; add rows to it with python -m synth.run --record")
    rows = json.loads(MEASURED.read_text())
    table = fit(rows)
    write_json(TABLE, table)
    for kind, families in table["kinds"].items():
        for family, entry in families.items():
            own = [one for one in rows if one["kind"] == kind and PARTS[one["part"]].family == family]
            ratios = [one["comb"] / _value(kind, one, entry["comb"]) for one in own]
            print(f"{kind} on {family}: {len(own)} measurements, LUT {min(ratios):.2f} to {max(ratios):.2f} of estimate")
    print(f"wrote {TABLE}")


if __name__ == "__main__":
    main(app)

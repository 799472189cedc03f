"""Hold measured figures to those of baseline.json: each has a direction and a tolerance."""

import json
import shlex
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.command import application, main, write_json
from cli.design import specification
from rtl import machine
from spec import machines
from synth import part as parts
from synth.result import measure
from synth.run import from_built

BASELINE = Path(__file__).parent / "baseline.json"
BETTER = ("lower", "higher")
LEAST_TOLERANCE = 0.03          # seeds of one netlist spread as far, so a clock is never held tighter
app = application("Hold measured figures to the recorded ones.")


def load(path: Path = BASELINE) -> dict[str, Any]:
    """Return the rows of the baseline by name, or say what is wrong with the file."""
    rows = json.loads(path.read_text())["rows"]
    for name, row in rows.items():
        parts.named(row["part"])
        for figure, bar in row["figures"].items():
            if bar["better"] not in BETTER:
                raise ValueError(f"{name}: better of {figure} must be {' or '.join(BETTER)}, not {bar['better']!r}")
            if figure == "fmax_mhz" and bar["tolerance"] < LEAST_TOLERANCE:
                raise ValueError(f"{name}: tolerance of {figure} must be at least {LEAST_TOLERANCE}, "
                                 f"not {bar['tolerance']}; seeds alone spread so far")
    return rows


def measured(row: dict[str, Any]) -> dict[str, float]:
    """Return the figures of a row as they are now."""
    spec = specification(machines.part(row["design"], "spec"), row["options"])
    design = from_built(machine.generate(row["design"], spec), unit=row.get("unit", ""), spec=spec)
    data = measure(design, parts.named(row["part"]), seeds=row["seeds"])
    return {figure: data[figure]["median"] if figure == "fmax_mhz" else data[figure] for figure in row["figures"]}


def regressions(row: dict[str, Any], now: dict[str, float]) -> list[str]:
    """Return a sentence for each figure that is worse than its record by more than its tolerance."""
    found = []
    for figure, bar in row["figures"].items():
        slack = bar["tolerance"] * bar["value"]
        worse = now[figure] - bar["value"] if bar["better"] == "lower" else bar["value"] - now[figure]
        if worse > slack:
            found.append(f"{figure} must be {bar['better']} than or near {bar['value']}, not {now[figure]} "
                         f"(tolerance {bar['tolerance']:.0%})")
    return found


def updated(row: dict[str, Any], now: dict[str, float]) -> dict[str, Any]:
    """Return a row with its figures as they are now."""
    return row | {"figures": {figure: bar | {"value": now[figure]} for figure, bar in row["figures"].items()}}


@app.command()
def command(
    names: Annotated[list[str] | None, typer.Argument(help="Rows to measure; all when none is named.")] = None,
    update: Annotated[bool, typer.Option(help="Record what is measured.")] = False,
    names_only: Annotated[bool, typer.Option("--list", help="Only list the rows.")] = False,
) -> None:
    """Measure the rows of synth/baseline.json and compare, for example: python -m synth.baseline pe."""
    rows = load()
    for name in names or []:
        if name not in rows:
            raise ValueError(f"row must be one of {', '.join(rows)}, not {name!r}")
    found: list[str] = []
    for name in names or rows:
        row = rows[name]
        bars = ", ".join(f"{figure} {bar['value']}" for figure, bar in row["figures"].items())
        options = " ".join(f"--{option.replace('_', '-')} {shlex.quote(str(value))}"
                           for option, value in row["options"].items())
        unit = f" --unit {row['unit']}" if "unit" in row else ""
        print(f"{name}: --design {row['design']} {options}{unit} --part {row['part']} --seeds {row['seeds']}: {bars}")
        if names_only:
            continue
        now = measured(row)
        print("  now " + ", ".join(f"{figure} {value}" for figure, value in now.items()))
        found += [f"{name}: {text}" for text in regressions(row, now)]
        if update:
            rows[name] = updated(row, now)
            write_json(BASELINE, {"format": 1, "rows": rows})
    if found and not update:
        raise ValueError("figures must not regress: " + "; ".join(found))


if __name__ == "__main__":
    main(app)

"""What a machine will take on an FPGA, from a table fitted to measurements: an answer in under a second."""

import dataclasses
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from cli import command, paths
from cli import design as designs
from spec import machines
from synth import features
from synth.part import Part

TABLE = Path(__file__).parent / "estimates.json"
FIGURES = ("comb", "ff", "dsp", "bram")


def measured(kind: str, family: str) -> bool:
    """Tell whether a machine of a kind was measured on a family of parts, so that it can be estimated there."""
    return family in _table()["kinds"].get(kind, {})


def estimate(kind: str, spec: dict[str, Any], target: Part) -> dict[str, Any]:
    """Return expected cells and clock of a machine on a part.

    ``fmax_mhz`` is that of the measured machine of the same kind that is nearest in size, on the same part or
    scaled to its family's other grades; None where no such part was measured.

    Raises
    ------
    ValueError
        If no machine of that kind was measured on the part's family.
    """
    table = _table()
    known = table["kinds"].get(kind, {}).get(target.family)
    if known is None:
        there = sorted({f"{name} on {family}" for name, families in table["kinds"].items() for family in families})
        raise ValueError(f"estimate must be of a machine and family that were measured, not {kind} on "
                         f"{target.family}; there are {', '.join(there) or 'none'}: measure with synth.run --record")
    found = features.of(kind, spec)
    answer: dict[str, Any] = {}
    for figure in ("comb", "ff"):
        answer[figure] = max(0, round(sum(weight * found[name] for name, weight in known[figure].items())))
    for figure in ("dsp", "bram"):
        answer[figure] = round(found[figure] * known[figure])
    answer["fmax_mhz"] = _clock(known["clocks"], target.name, answer["comb"])
    return answer


def beside(data: dict[str, Any], target: Part) -> dict[str, Any] | None:
    """Return the estimate for a result with the ratio of actual to estimate, or None where there is no table."""
    try:
        guess = estimate(data["design"]["kind"], data["design"]["spec"], target)
    except ValueError:
        return None
    ratio = {figure: round(data[figure] / guess[figure], 3) for figure in FIGURES if guess[figure]}
    if guess["fmax_mhz"] and "fmax_mhz" in data:
        ratio["fmax_mhz"] = round(data["fmax_mhz"]["median"] / guess["fmax_mhz"], 3)
    return {**guess, "ratio": ratio}


def _table() -> dict[str, Any]:
    if not TABLE.exists():
        raise FileNotFoundError(f"{TABLE} must exist; python -m synth.fit makes it from synth/measured.json")
    return json.loads(TABLE.read_text())


def _clock(clocks: list[dict[str, Any]], part: str, comb: int) -> float | None:
    """Return the clock of the nearest size measured on a part."""
    here = [one for one in clocks if one["part"] == part]
    if not here:
        return None
    near = min(here, key=lambda one: abs(math.log(one["comb"] / max(comb, 1))))
    return near["fmax_mhz"]


def run(design: str, spec: Any, *,
        board: Annotated[str, typer.Option(help="Board, such as ulx3s-85f or icebreaker.")] = "",
        part: Annotated[str, typer.Option(help="Chip, such as lfe5u-85f-6 (the default).")] = "",
        image: Annotated[Path | None, typer.Option(help="Image whose cycles to count.")] = None,
        inputs: Annotated[Path | None, typer.Option("--input", help="Its inputs, .npy; the first one is taken.")] = None,
        json_: Annotated[Path | None, typer.Option("--json", help="Where to write the estimate.")] = None) -> None:
    """Estimate cells, clock class and cycles of a machine, without synthesis.

    For example: python -m synth.estimate --pes 64 --preset ecp5 --board ulx3s-85f
    """
    from synth import part as parts

    if not image:
        command.refuse(["inputs"], "--image")
    named = image and Path(str(image).replace("{pes}", str(getattr(spec, "pes", ""))))
    paths.check(inputs={"--image": named, "--input": inputs}, outputs={"--json": json_})
    target = parts.target_of(board, part)
    data = estimate(design, dataclasses.asdict(spec), target)
    for figure, has in target.has.items():
        share = f"{data[figure] / has:6.1%} of {has:,}" if has else "the part has none"
        print(f"{figure:5} {data[figure]:8,}  {share}")
    if data["fmax_mhz"]:
        print(f"fmax  {data['fmax_mhz']:8.0f}  MHz, as the measured machine nearest in size")
    if image:
        from synth.cycles import count

        data["cycles"] = count(design, image, inputs, spec)
        print(f"cycles {data['cycles']:,}" + (f", {data['cycles'] / data['fmax_mhz']:,.1f} us at that clock"
                                             if data["fmax_mhz"] else ""))
    if json_:
        command.write_report(json_, {"design": design, "spec": dataclasses.asdict(spec), "part": target.name, **data})


def application(arguments: Sequence[str] | None = None) -> typer.Typer:
    """Return the application for the machine that the command line names."""
    return designs.application(run, "Estimate what a machine takes on an FPGA.", machines, arguments)


if __name__ == "__main__":
    command.main(application)

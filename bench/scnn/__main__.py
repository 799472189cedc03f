"""SCNN's comparison by our model of time: networks, speed-ups, causes, energy, density sweep, beside the paper's figures."""

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from bench.scnn import figures, study
from bench.scnn.networks import NETWORKS
from cli import command, paths
from cli.table import show
from files.document import read_json

SAME_MACHINE = "preset", "port", "lanes", "codes", "input_groups"

app = command.application(__doc__ or "")


@app.command()
def main(
    networks: Annotated[str, typer.Option(help="Networks, by their names and commas.")] = ",".join(NETWORKS),
    preset: Annotated[str, typer.Option(help="default or paper; paper has 8 x 8 planes only.")] = "default",
    port: Annotated[int | None, typer.Option(min=64, max=4096, help="Bits of weights per cycle; or the preset's.")] = None,
    lanes: Annotated[int | None, typer.Option(min=1, max=64, help="Weight lanes; else the preset's own.")] = None,
    codes: Annotated[bool, typer.Option("--codes", help="Weights are 4-bit codes.")] = False,
    input_groups: Annotated[int, typer.Option(help="Most input-channel groups: 1, 2 or 4.")] = 1,
    sweep: Annotated[bool, typer.Option("--sweep", help="GoogLeNet at densities 0.1 to 1.0 too.")] = False,
    plots: Annotated[Path | None, typer.Option(help="Folder for plots.")] = None,
    json: Annotated[Path | None, typer.Option(help="Write everything to a file, layer by layer, cause by cause; networks "
                                                                   "that are not run stay as they are.")] = None,
) -> None:
    """Say how fast 8 x 8 PEs are on networks with random masks of known densities.

    Cycles are without stops by the crossbar; "stopped" is their share of the issue cycles in a sample of one PE.

    Example: python -m bench.scnn --networks VGG-16,AlexNet --json scnn.json
    """
    start = time.monotonic()
    paths.check(inputs={}, outputs={"--json": json}, folders={"--plots": plots})
    names = study.named(networks)
    spec = study.specification(preset, port=port, codes=codes, lanes=lanes, groups=input_groups)
    found: dict[str, Any] = {}
    for name in names:
        found[name] = study.network(name, spec, levels=[0] if preset == "paper" else None)
        own = found[name]
        show(f"{name}: {own['cycles']:,} cycles", ("layer", "level", "groups", "passes", "kc", "cycles", "speed", "use",
                                                   "stopped", "lost most to"),
             [_row(row, spec.multipliers) for row in own["layers"]])
        print()
    show("Networks", ("network", "cycles", "over dense MACs", "limit", "over dense array", "paper", "use", "energy DCNN",
                      "DCNN-opt"),
         [(name, f"{own['cycles']:,}", f"{own['speedup_over_dense_macs']:.2f}", f"{own['limit']:.2f}",
           f"{own['speedup_over_dense_array']:.2f}", study.PAPER.get(name, "-"), f"{own['use']:.3f}",
           *(f"{value:.2f}" for value in own["energy_of_dense_over_ours"].values())) for name, own in found.items()])
    data: dict[str, Any] = {"preset": preset, "port": port, "lanes": lanes, "codes": codes, "input_groups": input_groups,
                            "networks": found}
    if sweep:
        points = list(study.sweep(spec, [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]))
        data |= {"sweep": points, "crossing": study.crossing(points),
                 "crossing_over_dense_macs": study.crossing(points, "speedup_over_dense_macs")}
        show("GoogLeNet by density", ("density", "over dense array", "over dense MACs"),
             [(point["density"], f"{point['speedup_over_dense_array']:.2f}", f"{point['speedup_over_dense_macs']:.2f}")
              for point in points])
        print(f"as fast as the dense array at density {_density(data['crossing'])}, as dense multiplications alone at "
              f"{_density(data['crossing_over_dense_macs'])}; the paper says about 0.85")
    if plots is not None:
        plots.mkdir(parents=True, exist_ok=True)
        for name, own in found.items():
            print(f"wrote {figures.causes(own['layers'], plots / f'scnn_{name.lower()}.svg')}")
        if sweep:
            print(f"wrote {figures.sweep(data['sweep'], plots / 'scnn_sweep.svg')}")
    data["seconds"] = time.monotonic() - start
    if json is not None:
        command.write_report(json, joined(json, data))
        print(f"wrote {json}")


def joined(path: Path, data: dict[str, Any]) -> dict[str, Any]:
    """Return a report with what a file of the same machine has of networks, and of a sweep, that were not run."""
    old: dict[str, Any] = read_json(path, "--json") if path.exists() else {}
    if any(old.get(key) != data[key] for key in SAME_MACHINE):
        return data
    order = {name: number for number, name in enumerate(NETWORKS)}
    networks = old["networks"] | data["networks"]
    return old | data | {"networks": {name: networks[name] for name in sorted(networks, key=lambda name: order.get(name, 99))}}


def _density(found: float | None) -> str:
    return "none of these" if found is None else f"{found:.2f}"


def _row(row: dict[str, Any], multipliers: int) -> tuple[Any, ...]:
    slots = row["cycles"] * multipliers
    most = max((cause for cause in row["slots"] if cause != "products"), key=lambda cause: row["slots"][cause])
    return (row["layer"], row["level"], row["groups"], row["passes"], row["kc"], f"{row['cycles']:,}",
            f"{row['macs'] / multipliers / row['cycles']:.2f}", f"{row['slots']['products'] / slots:.3f}",
            f"{row['stopped']:.4f}",
            f"{most} {row['slots'][most] / slots:.3f}")


if __name__ == "__main__":
    command.main(app)

"""EIE's design studies: presets, PEs, queues, index bits, words, energy; from the model, with hardware runs beside it."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from bench.eie import energy, run
from bench.eie.deep import benched, generated
from bench.eie.model import point
from cli import command, paths
from golden.eie.patterns import TABLE, Benchmark
from sim.session import prepare
from spec.eie import EieSpec, preset, ring

SEED, SEEDS = 1, (1, 2, 3)
PES = (1, 2, 4, 8, 16, 32, 64, 128, 256)
RINGS = (2, 4, 8, 16, 32, 64, 128, 256)
DEPTHS = (8, 16, 32, 64, 128, 256)
INDEX_BITS = (3, 4, 5, 6, 7, 8)
WORD_BITS = (32, 64, 128, 256, 512)
SCALED = ("Alex-7", "NT-We")
PADDED = ("Alex-7", "VGG-7", "NT-Wd")
KINDS = {"paper": {"order_name": "modulo", "batch_slots": 0}, "default": {"order_name": "balanced"}}

REDUCED = {"VGG-7": Benchmark(inputs=256, outputs=256, weight_density=0.04, activation_density=0.375),
           "NT-We": Benchmark(inputs=256, outputs=38, weight_density=0.1, activation_density=1.0)}
"""Layers of the table at a sixteenth of their sides, for hardware runs on 4 PEs: as many rows per PE as the whole on 64."""

app = command.application(__doc__ or "")


def _model(name: str, kind: str, *, seed: int = SEED, **changes: Any) -> dict[str, Any]:
    options = dict(KINDS[kind])
    order = str(options.pop("order_name"))
    spec = preset(kind, **{**options, **changes})
    said = point(name, spec, seed=seed, order_name=order)
    spent = energy.estimate(spec, asdict(said.counters), said.reads)
    return {"preset": kind, "source": "model", "seed": seed, **said.as_data(), "energy_uj": spent}


def presets() -> list[dict[str, Any]]:
    """Every layer on both presets, seeds 1 to 3; on the paper's in one pass and in its batches of 4096 inputs."""
    return [_model(name, kind, seed=seed, **change) | change
            for name in TABLE for kind, changes in (("paper", ({"batch_slots": 0}, {"batch_slots": 64})), ("default", ({},)))
            for seed in SEEDS for change in changes]


def scaling() -> list[dict[str, Any]]:
    """Speed-up and load balance over the number of PEs (Fig. 11, 13)."""
    return [_model(name, kind, pes=pes) for name in SCALED for kind in KINDS for pes in PES]


def queue() -> list[dict[str, Any]]:
    """Efficiency over the depth of the queue (Fig. 8): the paper's ring sizes, and our depths."""
    rows = [_model(name, "paper", queue_depth=ring(size)) | {"ring": size} for name in TABLE for size in RINGS]
    return rows + [_model(name, "default", queue_depth=depth) | {"queue_depth": depth} for name in TABLE for depth in DEPTHS]


def index() -> list[dict[str, Any]]:
    """Padding, storage and cycles over the bits of a run; padding over the number of PEs (Fig. 12)."""
    rows = [_model(name, kind, index_bits=bits) | {"index_bits": bits, "bits": 4 + bits}
            for name in PADDED for kind in KINDS for bits in INDEX_BITS]
    return rows + [_model(name, "paper", pes=pes) | {"index_bits": 4, "bits": 8} for name in PADDED for pes in PES]


def width() -> list[dict[str, Any]]:
    """Reads of the matrix memory, and what they cost, over the width of a word (Fig. 9)."""
    rows = []
    for name in TABLE:
        for bits in WORD_BITS:
            row = _model(name, "paper", word_bits=bits)
            rows.append(row | {"word_bits": bits, "read_uj": row["reads"] * energy.access(energy.MATRIX_BYTES, bits) * 1e-6})
    return rows


def anchors() -> list[dict[str, Any]]:
    """Hardware runs of changed machines beside the model: 4 PEs, a sixteenth of a layer's sides."""
    changed = [{"queue_depth": 8}, {"queue_depth": 256}, {"index_bits": 3}, {"index_bits": 8}, {"word_bits": 32},
               {"word_bits": 512}]
    rows = []
    for kind in KINDS:
        options = dict(KINDS[kind])
        order = str(options.pop("order_name"))
        for change in changed:
            spec = preset(kind, **{**options, "pes": 4, "entries": 4096, "columns": 512, "slots": 64, **change})
            for name, layer in REDUCED.items():
                rows.append({"preset": kind, "change": change} | hardware(name, spec, order, layer))
    return rows


def hardware(name: str, spec: EieSpec, order: str, layer: Benchmark | None = None) -> dict[str, Any]:
    """Return a hardware run as plain data, with what differed from the model."""
    prepare(generated(spec))
    row = run.simulate(name=name, spec=spec, seed=SEED, order=order, layer=layer)
    return {"source": "RTL under Verilator", "pes": spec.pes, **row.as_data()}


def rtl_scaling(sizes: str) -> list[dict[str, Any]]:
    """Hardware runs of the scaled layers at some numbers of PEs, memories as deep as each needs."""
    rows = []
    if not all(size.isdecimal() for size in sizes.split(",")):
        raise ValueError(f"--rtl must be numbers of PEs with commas between, not {sizes!r}; write 4,16")
    for pes in map(int, sizes.split(",")):
        spec = benched("default", pes=pes, entries=min(1 << 20, 131072 * 64 // pes // 4), columns=4096,
                       slots=max(16, 4096 // pes))
        rows += [{"preset": "default"} | hardware(name, spec, "balanced") for name in SCALED]
    return rows


STUDIES: dict[str, Callable[[], list[dict[str, Any]]]] = {
    "presets": presets, "scaling": scaling, "queue": queue, "index": index, "width": width, "anchors": anchors}


@app.command()
def main(
    names: Annotated[list[str] | None, typer.Argument(help="presets, scaling, queue, index, width, anchors.")] = None,
    rtl: Annotated[str | None, typer.Option(help="Numbers of PEs, by commas, to run as RTL for the study of scaling.")] = None,
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder of the results.")] = Path("bench/results"),
) -> None:
    """Run studies and write a JSON file for each.

    Example: python -m bench.eie.study scaling queue
    """
    paths.check(folders={"--out": out})
    for name in names or []:
        if name not in STUDIES:
            raise ValueError(f"study must be one of {', '.join(STUDIES)}, not {name!r}")
    if rtl:
        _write(out, "scaling_rtl", lambda: rtl_scaling(rtl))
    for name in names or ([] if rtl else [name for name in STUDIES if name != "anchors"]):
        _write(out, name, STUDIES[name])


def _write(out: Path, name: str, study: Callable[[], list[dict[str, Any]]]) -> None:
    with command.progress(f"study of {name}"):
        rows = study()
    path = out / f"eie_{name}.json"
    command.write_report(path, {"study": name, "seed": SEED, "default": asdict(preset("default")), "rows": rows})
    print(f"{len(rows)} rows of {name}: wrote {path}")


if __name__ == "__main__":
    command.main(app)

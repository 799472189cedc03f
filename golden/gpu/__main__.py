"""Run matrices through the GPU's own tensor cores and compare them with golden, bit by bit."""
import sys
import time
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from cli import command, paths
from cli.table import show
from golden.gpu import probe, report, sparse, structured, tile
from golden.gpu.device import GENERATIONS, Device, cubin
from golden.gpu.instruction import COLUMNS, INSTRUCTIONS
from golden.mac import recording
from golden.mac import sparse as thinned

HELP = """Compare golden with the tensor cores of this machine's GPU, bit by bit, by their own instructions.

Records the results, writes a report, and takes a minute or two. Needs an NVIDIA GPU and CuPy (pip install "cupy-cuda12x[ctk]",
or cupy-cuda13x for a driver of CUDA 13 and a GPU later than Volta).
Exit 1 where a result differs, 2 where there is no GPU.

Example: python -m golden.gpu --out build/gpu
"""

app = command.application(HELP)


@app.command(help=HELP)
def main(
    tiles: Annotated[int, typer.Option(min=1, help="Random tiles an instruction.")] = 2000,
    seed: Annotated[int, typer.Option(help="Seed of the operands.")] = 1,
    only: Annotated[str, typer.Option(help="Only instructions whose name holds this text.")] = "",
    out: Annotated[Path, typer.Option("-o", "--out",
                                      help="Folder for report.md, and for recordings of the results.")] = Path("build/gpu"),
    assemble: Annotated[Path | None, typer.Option(
        "--cubin", help="Only assemble the kernels into this folder, for nvdisasm; needs no GPU.", show_default=False)] = None,
    json: Annotated[Path | None, typer.Option(help="Write what was found.", show_default=False)] = None,
) -> None:
    """Do it for every instruction that the GPU has and golden has numerics for."""
    paths.check(outputs={"--json": json}, folders={"--out": out, "--cubin": assemble})
    if assemble:
        command.refuse(["tiles", "seed", "out", "json"], "no --cubin")
        for path in _assemble(assemble, only):
            print(f"wrote {path}")
        return
    began, device = time.monotonic(), Device()
    print(f"{device.name}, compute capability {device.capability}, driver CUDA {device.driver}, "
          f"runtime CUDA {device.runtime}; golden: {device.arch}")
    chosen = [i for i in INSTRUCTIONS if device.takes(i) and only in i.name]
    if not chosen:
        raise ValueError(f"only must be part of an instruction's name, not {only!r}; this GPU has "
                         f"{', '.join(i.name for i in INSTRUCTIONS if device.takes(i))}")
    found: dict = {"gpu": device.name, "capability": device.capability, "driver": device.driver,
                   "runtime": device.runtime, "arch": device.arch, "seed": seed, "tiles": tiles, "instructions": [],
                   "recorded": []}
    with command.progress("comparing instructions", len(chosen)) as bar:
        for instruction in chosen:
            found["instructions"].append(compare(device, instruction, tiles, seed, out, found["recorded"]))
            bar.advance()
    found["probes"] = probe.ask(device)
    _show(found["instructions"], ("instruction", "rule", "results", "match", "first"))
    found["chains"] = probe.chains(device, lambda i: tile.draw(i, min(tiles, 100), np.random.default_rng(seed)))
    _show(found["chains"], ("long", "short", "results", "same", "golden_same"))
    with command.progress("comparing sparse products"):
        found["sparse"] = sparse.compare(device)
    _show(found["sparse"], ("layer", "results", "match", "largest", "saturated"))
    _show(found["probes"], ("question", "instruction", "golden", "gpu", "same", "otherwise"))
    found["seconds"] = round(time.monotonic() - began)
    with command.atomic(out / "report.md") as draft:
        draft.write_text(report.page(found), encoding="utf-8")
    print(f"wrote {out / 'report.md'} and {len(found['recorded'])} recordings beside it")
    print(report.verdict(found))
    if json:
        command.write_report(json, found)
        print(f"wrote {json}")
    if any(row["match"] < row["results"] for row in found["instructions"] + found["sparse"]):
        sys.exit(1)


def compare(device, instruction, tiles: int, seed: int, folder: Path | None, written: list[str]) -> dict:
    """Run random tiles through one instruction; return the counts and the first difference."""
    draw = structured.draw if instruction.sparse else tile.draw
    operands = draw(instruction, tiles, np.random.default_rng(seed))
    got, want = tile.run(device, instruction, *operands), tile.golden(instruction, device.arch, *operands)
    wrong = np.argwhere(got != want)
    row = {"instruction": instruction.name, "rule": device.arch, "results": got.size,
           "match": got.size - len(wrong), "first": ""}
    if len(wrong):
        at = tuple(int(n) for n in wrong[0])
        row["first"] = f"tile, row, column {at}: GPU {got[at]:x}, golden {want[at]:x}"
    if folder and not instruction.join:
        written.append(str(_record(device, instruction, operands, got, folder)))
    return row


def _assemble(folder: Path, only: str) -> list[Path]:
    """Write the machine code of each kernel for the lowest and the highest capability that golden knows."""
    written = []
    for instruction in (i for i in INSTRUCTIONS if only in i.name):
        fits = [capability for capability in GENERATIONS if instruction.runs_on(capability)]
        for capability in sorted({min(fits), max(fits)}):
            path = folder / f"{instruction.name}.sm_{capability}.cubin"
            with command.atomic(path) as draft:
                draft.write_bytes(cubin(instruction, capability))
            written.append(path)
    return written


def _record(device, instruction, operands, d, folder: Path) -> Path:
    """Write the diagonal results of the tiles, whose operands were made to be hard.

    Of a sparse instruction the kept elements and those that they meet are written, as a dense product.
    """
    (a, b, c, *codes), n = operands, np.arange(COLUMNS)
    for part in codes:
        b = np.take_along_axis(b, thinned.index(instruction.fmt, part[:, n]), axis=-1)
    model = next((word for word in device.name.replace("-", " ").split() if word in recording.ARCHS), "gpu")
    family = instruction.family.replace(".", "_") + ("_satfinite" if instruction.satfinite else "")
    path = folder / f"{model.lower()}_{instruction.fmt}_{instruction.acc}_{family}_k{instruction.terms}.npz"
    recording.save(path, recording.Recording(
        a=a[:, n].reshape(-1, a.shape[-1]), b=b.reshape(-1, b.shape[-1]),
        c=c[:, n, n].reshape(-1), d=d[:, n, n].reshape(-1), gpu=device.name, instruction=instruction.name,
        ab_format=instruction.fmt, cd_format=instruction.acc))
    return path


def _show(rows: list[dict], columns) -> None:
    show("", columns, [["" if row[name] is None else row[name] for name in columns] for row in rows])


if __name__ == "__main__":
    command.main(app)

"""Multiply two matrices on the generated Verilog of a MAC machine, and check every value against golden."""
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from cli import command, paths
from cli.table import show
from cli.write import undone_if_ended
from compress.mac import Result, inputs, load, run_actions
from compress.mac.actions import multiply
from files.array import read_array
from golden.mac import load as golden_load
from golden.mac import matmul, padding, to_bits, to_values
from golden.mac import run as golden_run
from rtl.mac import generate
from sim import simulator
from sim.mac.trace import draw, watch_product
from sim.session import Talk, hold
from sim.trace import Trace
from spec.mac import MacSpec

Sized = tuple[tuple[int, int, int], str]        # padded size of a product, format
Done = tuple[Result, Trace | None]
KEEP = '`verilator_config\nno_inline -module "mac_dot"\n'
"""Verilator compiles the dot unit once, not once an output."""


def run(
        image: Annotated[Path, typer.Argument(help="Image, from python -m compress.build --design mac.", show_default=False)],
        *,
        input: Annotated[Path, typer.Option(help="Matrix A, .npy of numbers, M x K.", show_default=False)],
        sim: Annotated[str | None, typer.Option(help="verilator or icarus; unasked, Verilator where it can run.")] = None,
        outputs: Annotated[Path, typer.Option(help="File for D, .npy.")] = Path("build/run/mac/d.npy"),
        json: Annotated[Path | None, typer.Option(help="Write the figures to a file.")] = None,
        report: Annotated[Path | None, typer.Option(help="Write a page, .html, of what the machine did, over time.")] = None,
) -> None:
    """Multiply a matrix by an image's B, and add its C, on the Verilog of its machine; every value is compared with golden.

    Example: python -m sim.run tile.npz --input a.npy

    Numbers are rounded to the operand format, nearest even. Exit code 1 means that a value was not the golden model's.
    """
    paths.check(inputs={"image": image, "--input": input}, outputs={"--outputs": outputs, "--json": json, "--report": report})
    paths.ends("--report", report, ".html")
    sim = simulator.pick(sim)
    loaded, trusted = load(image), golden_load(image)
    values = read_array(input, "input")
    (left, *more), _ = inputs(loaded, values)
    if more:
        raise ValueError(f"input must be one matrix, not an array of shape {values.shape}; cut it into several files")
    want = golden_run(trusted, values).outputs
    with command.progress(f"{sim}: {left.shape} by {loaded.b.shape}, building and running"):
        product = None if report is None else (_padded(loaded.spec, left, want, loaded.fmt), loaded.fmt)
        done = talk(loaded.spec, partial(run_actions, loaded, left), sim=sim, folder=_files(outputs), product=product)
    _tell(loaded.spec, loaded.fmt, left.shape, want, done, sim=sim, out=outputs, json=json, report=report, image=str(image))


def operands(
        spec: MacSpec,
        a: Annotated[Path, typer.Argument(help="Matrix A, .npy of numbers, M x K.")],
        b: Annotated[Path, typer.Argument(help="Matrix B, .npy of numbers, K x N.")],
        *,
        c: Annotated[Path | None, typer.Option(help="Matrix C, .npy, M x N; zeros if not given.")] = None,
        fmt: Annotated[str | None, typer.Option(help="Operand format; the first of --formats if not given.")] = None,
        sim: Annotated[str | None, typer.Option(help="verilator or icarus; unasked, Verilator where it can run.")] = None,
        outputs: Annotated[Path, typer.Option(help="File for D, .npy.")] = Path("build/run/mac/d.npy"),
        json: Annotated[Path | None, typer.Option(help="Write the figures to a file.")] = None,
        report: Annotated[Path | None, typer.Option(help="Write a page, .html, of what the machine did, over time.")] = None,
) -> None:
    """Compute D = A*B + C on the Verilog of a MAC machine in a simulator; every value is compared with golden.

    Example: python -m sim.run --design mac a.npy b.npy --arch volta --tiles 2

    Numbers are rounded to the operand format, nearest even; sizes are padded with zeros to whole tiles, as shown. Exit code 1
    means that a value was not the golden model's.
    """
    paths.check(inputs={"A": a, "B": b, "--c": c}, outputs={"--outputs": outputs, "--json": json, "--report": report})
    paths.ends("--report", report, ".html")
    sim = simulator.pick(sim)
    fmt = spec.formats[0] if fmt is None else fmt
    spec.code(fmt)
    left, right = _matrix(a, "A", fmt, spec), _matrix(b, "B", fmt, spec)
    addend = None if c is None else _matrix(c, "C", spec.acc_of(fmt), spec)
    want = matmul(spec, left, right, addend, fmt=fmt)           # refuses shapes that do not fit
    with command.progress(f"{sim}: {left.shape} by {right.shape}, building and running"):
        product = None if report is None else (_padded(spec, left, want, fmt), fmt)
        done = talk(spec, partial(multiply, spec, left, right, addend, fmt), sim=sim, folder=_files(outputs), product=product)
    _tell(spec, fmt, left.shape, want, done, sim=sim, out=outputs, json=json, report=report)


def talk(spec: MacSpec, actions: Talk, *, sim: str | None = None, folder: Path, product: Sized | None = None) -> Done:
    """Hold one talk with the Verilog of a build, whose log is left in ``folder``.

    Return its result and, with the size of the product it makes, the trace of what the machine did.
    """
    machine = generate(spec)
    watch = None if product is None else watch_product(machine, spec, *product)
    with undone_if_ended(folder):
        folder.mkdir(parents=True, exist_ok=True)
        log = (folder / "simulator.log").absolute()
        log.unlink(missing_ok=True)
        result = hold(machine, [actions], sim=sim, folder=folder, log=log, control=[KEEP], watch=watch)[0].value
    return result, None if watch is None else watch.take(folder).joined()


def _padded(spec: MacSpec, left: np.ndarray, want: np.ndarray, fmt: str) -> tuple[int, int, int]:
    return padding(spec, left.shape[0], left.shape[1], want.shape[1], fmt)


def _files(out: Path) -> Path:
    return out.parent / f"{out.stem}_files"


def _tell(spec: MacSpec, fmt: str, shape: tuple[int, int], want: np.ndarray, done: Done, *, sim: str, out: Path,
          json: Path | None, report: Path | None, **facts: Any) -> None:
    """Write D, the figures and the page, print them, and leave with exit code 1 if a value differs."""
    result, trace = done
    got, counters, (rows, columns) = result.outputs, result.counters, want.shape
    full = padding(spec, rows, shape[1], columns, fmt)
    wrong = np.argwhere(got != want)
    with command.atomic(out) as draft, draft.open("wb") as file:
        np.save(file, to_values(spec.acc_of(fmt), got, frac=spec.lns_frac))
    figures = {"design": "mac", "simulator": sim, "fmt": fmt, "acc": spec.acc_of(fmt), "shape": [rows, shape[1], columns],
               "padded": list(full), "multiplications": rows * shape[1] * columns, **counters, "values": int(want.size),
               "different": len(wrong), "out": str(out), **facts}
    show(f"D = A*B + C, {spec.arch} {fmt} -> {spec.acc_of(fmt)}, {spec.tiles} tiles, in {sim}", ("quantity", "value"),
         [("M x K x N", f"{rows} x {shape[1]} x {columns}"), ("padded to", " x ".join(map(str, full))),
          *((name, f"{value:,}") for name, value in counters.items()),
          ("values compared with golden", want.size), ("different", len(wrong)), ("D", out)])
    if json is not None:
        command.write_report(json, figures)
    if report is not None and trace is not None:
        draw(report, trace, spec, figures)
        print(f"wrote {report}: a page for a browser")
    if len(wrong):
        i, j = wrong[0]
        print(f"first difference at {i}, {j}: machine {got[i, j]:#x}, golden {want[i, j]:#x}")
        raise typer.Exit(1)


def _matrix(path: Path, what: str, fmt: str, spec: MacSpec) -> Any:
    """Return the patterns of a matrix in a file."""
    values = read_array(path, what)
    if values.ndim != 2 or not values.size:
        raise ValueError(f"{what} must be a matrix, not an array of shape {values.shape}; reshape it")
    try:
        return to_bits(fmt, values, frac=spec.lns_frac)
    except (TypeError, ValueError, OverflowError) as error:
        raise type(error)(f"{what}: {error}") from error

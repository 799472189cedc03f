"""Multiply two matrices on the generated Verilog of a MAC machine, and check every value against golden."""
import inspect
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from cli import command, paths
from cli.table import show
from files.array import read_array
from golden.mac import matmul, padding, to_bits, to_values
from rtl.mac import generate
from rtl.mac.options import make_spec
from sim import simulator
from sim.launch import launch
from sim.mac.spec_env import text_of
from spec.mac import MacSpec

KEEP = '`verilator_config\nno_inline -module "mac_dot"\n'
"""Verilator compiles the dot unit once, not once an output."""


def multiply(spec: MacSpec, a, b, c, fmt: str, *, sim: str | None = None, folder: Path) -> tuple[Any, dict[str, int]]:
    """Return D = A*B + C, as patterns, from the Verilog of a build, and its hardware counters.

    Parameters
    ----------
    spec : MacSpec
    a, b, c : arrays of patterns
        ``c`` may be None: zeros.
    fmt : str
        Operand format.
    sim : str, optional
        Simulator.
    folder : Path
        Where the run leaves its files.
    """
    built = generate(spec)
    job, done = (folder / name for name in ("job.npz", "done.npz"))
    folder.mkdir(parents=True, exist_ok=True)
    done.unlink(missing_ok=True)
    np.savez(job, a=a, b=b, **({} if c is None else {"c": c}))
    launch(sources=[built.verilog, KEEP], top=built.name, module="sim.mac.bench_run", at_least=1, sim=sim,
           folder=folder.absolute(), log=(folder / "simulator.log").absolute(),
           env={"MAC_SPEC": text_of(spec), "MAC_JOB": job.absolute(), "MAC_DONE": done.absolute(), "MAC_FMT": fmt})
    with np.load(done) as found:
        return found["d"], {name: int(found[name]) for name in found.files if name != "d"}


def _run(
        a: Annotated[Path, typer.Argument(help="Matrix A, .npy of numbers, M x K.")],
        b: Annotated[Path, typer.Argument(help="Matrix B, .npy of numbers, K x N.")],
        *,
        c: Annotated[Path | None, typer.Option(help="Matrix C, .npy, M x N; zeros if not given.")] = None,
        fmt: Annotated[str | None, typer.Option(help="Operand format; the first of --formats if not given.")] = None,
        sim: Annotated[str | None, typer.Option(help="verilator or icarus; unasked, Verilator where it can run.")] = None,
        out: Annotated[Path, typer.Option(help="File for D, .npy.")] = Path("build/run/mac/d.npy"),
        json: Annotated[Path | None, typer.Option(help="Write the figures to a file.")] = None,
        **options: Any) -> None:
    """Compute D = A*B + C on the Verilog of a MAC machine in a simulator; every value is compared with golden.

    Example: python -m sim.run --design mac a.npy b.npy --arch volta --tiles 2

    Numbers are rounded to the operand format, nearest even; sizes are padded with zeros to whole tiles, as shown. Exit code 1
    means that a value was not golden's.
    """
    paths.check(inputs={"A": a, "B": b, "--c": c}, outputs={"--out": out, "--json": json})
    spec, sim = make_spec(**options), simulator.pick(sim)
    fmt = spec.formats[0] if fmt is None else fmt
    spec.code(fmt)
    left, right = _matrix(a, "A", fmt, spec), _matrix(b, "B", fmt, spec)
    addend = None if c is None else _matrix(c, "C", spec.acc_of(fmt), spec)
    want = matmul(spec, left, right, addend, fmt=fmt)           # refuses shapes that do not fit
    (rows, length), columns = left.shape, right.shape[1]
    full = padding(spec, rows, length, columns, fmt)
    with command.progress(f"{sim}: {rows} x {length} by {length} x {columns}, building and running"):
        got, counters = multiply(spec, left, right, addend, fmt, sim=sim, folder=out.parent / f"{out.stem}_files")
    wrong = np.argwhere(got != want)
    with command.atomic(out) as draft, draft.open("wb") as file:
        np.save(file, to_values(spec.acc_of(fmt), got, frac=spec.lns_frac))
    figures = {"design": "mac", "simulator": sim, "fmt": fmt, "acc": spec.acc_of(fmt), "shape": [rows, length, columns],
               "padded": list(full), "multiplications": rows * length * columns, **counters, "values": int(want.size),
               "different": len(wrong), "out": str(out)}
    show(f"D = A*B + C, {spec.arch} {fmt} -> {spec.acc_of(fmt)}, {spec.tiles} tiles, in {sim}", ("quantity", "value"),
         [("M x K x N", f"{rows} x {length} x {columns}"), ("padded to", " x ".join(map(str, full))),
          *((name, f"{value:,}") for name, value in counters.items()),
          ("values compared with golden", want.size), ("different", len(wrong)), ("D", out)])
    if json is not None:
        command.write_json(json, figures)
    if len(wrong):
        i, j = wrong[0]
        print(f"first difference at {i}, {j}: machine {got[i, j]:#x}, golden {want[i, j]:#x}")
        raise typer.Exit(1)


def run(**arguments: Any) -> None:
    """Take the arguments of `_run` with the options of a build; `sim.run` reads the signature."""
    _run(**arguments)


run.__doc__ = _run.__doc__
run.__signature__ = inspect.Signature([         # type: ignore[attr-defined]
    *(part for part in inspect.signature(_run).parameters.values() if part.kind is not inspect.Parameter.VAR_KEYWORD),
    *(part.replace(kind=inspect.Parameter.KEYWORD_ONLY) for part in inspect.signature(make_spec).parameters.values())])


def _matrix(path: Path, what: str, fmt: str, spec: MacSpec) -> Any:
    """Return the patterns of a matrix in a file."""
    values = read_array(path, what)
    if values.ndim != 2 or not values.size:
        raise ValueError(f"{what} must be a matrix, not an array of shape {values.shape}; reshape it")
    try:
        return to_bits(fmt, values, frac=spec.lns_frac)
    except (TypeError, ValueError, OverflowError) as error:
        raise type(error)(f"{what}: {error}") from error

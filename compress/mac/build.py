"""Build an image for a MAC machine: `python -m compress.build --design mac b.npy -o tile.npz`."""

from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from cli import command, paths
from compress.mac.image import Image, save
from files.array import read_array
from golden.mac import to_bits
from spec.mac import MacSpec


def run(
    spec: MacSpec,
    b: Annotated[Path, typer.Argument(help="Matrix B, .npy of numbers, K x N.", show_default=False)],
    *,
    out: Annotated[Path, typer.Option("-o", "--out", help="The image to write.", show_default=False)],
    c: Annotated[Path | None, typer.Option(help="C, .npy: one row, added to all rows of A*B, or M x N; zeros if none.")] = None,
    fmt: Annotated[str | None, typer.Option(help="Format of A and B; the first of --formats if not given.")] = None,
    json: Annotated[Path | None, typer.Option(help="Write the figures to this file.")] = None,
) -> None:
    """Round B, and C where there is one, to a build's formats, and write them as an image; A is the input of a run.

    For example: python -m compress.build --design mac b.npy --fmt fp16 -o tile.npz
    """
    paths.check(inputs={"B": b, "--c": c}, outputs={"--out": out, "--json": json})
    fmt = spec.formats[0] if fmt is None else fmt
    spec.code(fmt)
    image = Image(spec=spec, fmt=fmt, b=_patterns(b, "B", fmt, spec),
                  c=None if c is None else _patterns(c, "C", spec.acc_of(fmt), spec))
    save(image, out)
    rows, columns = image.b.shape
    figures = {"design": "mac", "fmt": fmt, "acc": spec.acc_of(fmt), "inputs": rows, "outputs": columns,
               "rows_c": 0 if image.c is None else len(image.c), "bytes": out.stat().st_size}
    print(f"wrote {out}: B of {rows} x {columns} in {fmt}, C in {spec.acc_of(fmt)}, {figures['bytes']:,} bytes")
    if json:
        command.write_report(json, figures)
        print(f"wrote {json}")


def _patterns(path: Path, what: str, fmt: str, spec: MacSpec) -> Any:
    """Return the patterns of a matrix in a file; a vector is a matrix of one row."""
    values = np.atleast_2d(read_array(path, what))
    if values.ndim != 2 or not values.size:
        raise ValueError(f"{what} must be a matrix, not an array of shape {values.shape}; reshape it")
    try:
        return np.asarray(to_bits(fmt, values, frac=spec.lns_frac)).astype(np.uint32)
    except (TypeError, ValueError, OverflowError) as error:
        raise type(error)(f"{what}: {error}") from error

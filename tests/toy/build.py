"""compress.toy.build: the options and the work of compress.build."""
from pathlib import Path
from typing import Annotated

import typer

from tests.toy.compress import Image, save


def run(spec, *, out: Annotated[Path, typer.Option("-o", "--out", help="The image to write.")],
        addend: Annotated[int, typer.Option(help="What is added.")] = 1) -> None:
    """Write an image that adds a number."""
    save(Image(spec, addend), out)
    print(f"wrote {out}")

"""Build the documentation site.

Example: python -m docsite
"""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from cli import command, paths
from docsite import stage

app = command.application("Build the documentation site.")


@app.command()
def run(
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder of the site.")] = Path("build") / "site",
    work: Annotated[Path, typer.Option(help="Folder of what is kept for the next build.")] = Path("build") / "site-work",
) -> None:
    """Build the documentation site from docs/, the code and the hardware; needs no network.

    Example: python -m docsite

    A broken link, a picture that is not there, or a public name without explanation is an error.
    """
    paths.check(folders={"--out": out, "--work": work})
    start = time.monotonic()
    with command.progress("reading the code, building the machines, drawing"):
        pages = stage.fill(work / "source")
    with command.progress("writing the site"):
        said = sphinx(work / "source", work / "trees", out)
    if said:
        raise ValueError(f"the site must be built without a warning, not with {len(said)}: {'; '.join(said[:10])}")
    print(f"{out / 'index.html'}: {pages} pages in {time.monotonic() - start:.1f} s, no warning")


def sphinx(source: Path, trees: Path, out: Path) -> list[str]:
    """Run Sphinx and return its warnings, each one line; with any, the next build reads every page again.

    Sphinx warns of a page when it reads it, and would say nothing the next time of a page that has not changed.
    """
    places = [str(path.absolute()) for path in (trees, source, out)]
    call = [sys.executable, "-m", "sphinx", "-q", "--no-color", "-b", "html", "-d", *places]
    done = subprocess.run(call, cwd=stage.ROOT, capture_output=True, text=True, check=False)
    lines = [line.replace(f"{places[1]}{os.sep}", "") for line in done.stderr.splitlines() if line.strip()]
    said = lines or ([f"Sphinx ended with {done.returncode}"] if done.returncode else [])
    if said:
        shutil.rmtree(trees, ignore_errors=True)
    return said


def main() -> None:
    """Run the command."""
    command.main(app)


if __name__ == "__main__":
    main()

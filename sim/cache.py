"""Built simulations kept by what they were built from, so that the same text is never built twice."""
import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

SEAL = "seal.json"                          # names of a folder's files and their hashes, written last


def home() -> Path:
    """Return the cache's folder: ``NONZERO_CACHE``, or ``build/.cache`` of this checkout."""
    chosen = os.environ.get("NONZERO_CACHE")
    return Path(chosen).absolute() if chosen else Path(__file__).parents[1] / "build" / ".cache"


def key(*parts: str) -> str:
    """Return a name for a list of texts that no other list has."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


def fetch(name: str, build: Callable[[Path], list[Path]]) -> Path:
    """Return the folder kept under ``name``, built first where it is missing or damaged.

    Parameters
    ----------
    name : str
        From ``key``.
    build : callable
        Works in the empty folder it is given and returns the files in it that are worth keeping.

    Two processes that want the same name build it once; the other waits.
    """
    goal = home() / "sim" / name
    goal.parent.mkdir(parents=True, exist_ok=True)
    with _locked(goal.with_suffix(".lock")):
        if not intact(goal):
            shutil.rmtree(goal, ignore_errors=True)
            with tempfile.TemporaryDirectory(dir=goal.parent, prefix="work-") as work:
                kept = Path(work) / "kept"
                files = build(Path(work))
                kept.mkdir()
                for path in files:
                    path.rename(kept / path.name)
                (kept / SEAL).write_text(json.dumps(_hashes(kept)))
                kept.rename(goal)
    return goal


def intact(folder: Path) -> bool:
    """Tell whether a kept folder is all there, byte for byte; anything odd means no."""
    try:
        return json.loads((folder / SEAL).read_text()) == _hashes(folder)
    except (OSError, ValueError):
        return False


def _hashes(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(folder.iterdir()) if path.name != SEAL}


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield

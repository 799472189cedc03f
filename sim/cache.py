"""Built simulations kept by what they were built from, so that the same text is never built twice."""
import contextlib
import fcntl
import functools
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

WORK = "work-"
SEAL = "seal.json"                          # names of a folder's files and their hashes, written last


def home() -> Path:
    """Return the cache's folder: ``NONZERO_CACHE``, or ``build/.cache`` of this checkout; installed, the user's cache."""
    chosen = os.environ.get("NONZERO_CACHE")
    if chosen:
        return Path(chosen).absolute()
    root = Path(__file__).parents[1]
    if (root / "pyproject.toml").exists():
        return root / "build" / ".cache"
    if kept := os.environ.get("XDG_CACHE_HOME"):
        return Path(kept) / "nonzero"
    try:
        return Path.home() / ".cache" / "nonzero"
    except RuntimeError:
        raise OSError("the home folder must be known, and HOME is not set; set NONZERO_CACHE to a folder that can be written"
                      ) from None


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
    try:
        goal.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OSError(f"the cache must be a folder that can be written, not {str(goal.parent)!r} ({error.strerror}); "
                      f"set NONZERO_CACHE to another") from error
    _clean(goal.parent)
    with _locked(goal.with_suffix(".lock")):
        if not intact(goal):
            shutil.rmtree(goal, ignore_errors=True)
            with tempfile.TemporaryDirectory(dir=goal.parent, prefix=f"{WORK}{name}-") as work:
                kept = Path(work) / "kept"
                files = build(Path(work))
                kept.mkdir()
                for path in files:
                    path.rename(kept / path.name)
                (kept / SEAL).write_text(json.dumps(_hashes(kept)))
                kept.rename(goal)
    return goal


@functools.cache
def _clean(folder: Path) -> None:
    """Remove, once a process, the work folders of processes that were killed: those whose lock nobody holds."""
    for work in folder.glob(f"{WORK}*"):
        name = work.name.removeprefix(WORK).rpartition("-")[0]
        with contextlib.suppress(OSError), _locked(folder / f"{name}.lock", wait=False):
            shutil.rmtree(work)


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
def _locked(path: Path, *, wait: bool = True) -> Iterator[None]:
    """Hold a lock; without ``wait``, fail with BlockingIOError where another holds it."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield

"""What a command reads and writes, checked before its work begins: hours of work must not end in a path that was wrong."""

import os
import stat
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

Given = Path | str | None | Sequence[Path | str]
"""A path, several, or None for an option that was not given."""

LONGEST = 255                               # bytes of a file's name


def check(*, inputs: Mapping[str, Given] | None = None, outputs: Mapping[str, Given] | None = None,
          folders: Mapping[str, Given] | None = None) -> None:
    """Refuse, in one line, files that cannot be read, files and folders that cannot be written, and one file for two ends.

    Parameters
    ----------
    inputs : mapping of str to paths
        Files that are read, by the name of the option or argument.
    outputs : mapping of str to paths
        Files that will be written; those that are there are replaced.
    folders : mapping of str to paths
        Folders in which files will be written; those that are there keep what is in them.
    """
    ends: list[tuple[str, Path]] = []
    for name, path in _each(inputs):
        _readable(name, path)
        ends.append((name, path))
    for name, path in _each(outputs):
        _writable(name, path, folder=False)
        for other, place in ends:
            _apart(name, path, other, place)
        ends.append((name, path))
    for name, path in _each(folders):
        _writable(name, path, folder=True)
        for other, place in _each(outputs):
            _apart(other, place, name, path)


def ends(name: str, path: Path | None, *allowed: str) -> None:
    """Refuse a path to write, if one is given, whose ending is not one of those by which other programs know the kind."""
    if path is not None and path.suffix not in allowed:
        raise ValueError(f"{name} must end in {' or '.join(allowed)}, not {path.suffix or 'neither'!r}; name it so")


def writable_folder(name: str, path: Path | str, advice: str) -> None:
    """Refuse a folder that cannot be made or written in."""
    try:
        _probe(Path(path))
    except OSError as error:
        raise OSError(f"{name} must be a folder that can be written, not {str(path)!r} ({error.strerror}); {advice}") from error


def _each(given: Mapping[str, Given] | None) -> Iterator[tuple[str, Path]]:
    for name, paths in (given or {}).items():
        for path in [paths] if isinstance(paths, (str, Path)) else paths or ():
            yield name, Path(path)


def _readable(name: str, path: Path) -> None:
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise FileNotFoundError(f"{name} must be a file that is there, not {str(path)!r} ({reason}); name another") from error
    if not stat.S_ISREG(mode):
        raise ValueError(f"{name} must be a file, not {str(path)!r}, which is {_kind(mode)}; name a file")
    with path.open("rb"):
        pass


def _writable(name: str, path: Path, *, folder: bool) -> None:
    kind = "folder" if folder else "file"
    if any(len(os.fsencode(part)) > LONGEST for part in path.parts):
        raise ValueError(f"{name} must have names of at most {LONGEST} bytes, not {str(path)!r:.40}...; name another {kind}")
    try:
        mode = path.stat().st_mode if path.exists() else None
        if mode is None or folder and stat.S_ISDIR(mode):
            _probe(path if folder else path.parent)
        elif folder or not stat.S_ISREG(mode):
            raise ValueError(f"{name} must be a {kind}, not {str(path)!r}, which is {_kind(mode)}; name another")
        else:
            _probe(Path(os.path.realpath(path)).parent)
    except OSError as error:
        raise OSError(f"{name} must be a {kind} that can be written, not {str(path)!r} ({error.strerror}); "
                      f"name another") from error


def _probe(folder: Path) -> None:
    """Write a file without a name in a folder, or in the nearest above it that is there."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    with tempfile.TemporaryFile(dir=folder):
        pass


def _apart(name: str, path: Path, other: str, place: Path) -> None:
    """Refuse an output that is the file at the other end, or a folder above it."""
    mine, theirs = Path(os.path.realpath(path)), Path(os.path.realpath(place))
    same = mine == theirs or path.exists() and place.exists() and path.samefile(place)
    if same or mine in theirs.parents:
        raise ValueError(f"{name} must be another file than {other}, not {str(path)!r}{' for both' if same else ''}; "
                         f"name another")


def _kind(mode: int) -> str:
    for test, kind in ((stat.S_ISDIR, "a folder"), (stat.S_ISFIFO, "a pipe"), (stat.S_ISREG, "a file")):
        if test(mode):
            return kind
    return "a device or a socket"

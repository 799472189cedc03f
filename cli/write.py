"""Files that are whole or absent: a draft beside the file takes its place when all of it is written."""

import contextlib
import hashlib
import itertools
import json
import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cli.signals import Ended
from cli.versions import versions

DRAFT = ".nonzero-"
HOST = hashlib.sha256(socket.gethostname().encode()).hexdigest()[:8]    # processes are numbered by machine
_NUMBERS = itertools.count()


@contextlib.contextmanager
def atomic(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a free path beside ``path``; what was written there takes its place if all went well.

    Readers see the old file or the new one, never a half. The yielded path keeps the suffix, and its
    folder is made if missing. A folder may be made there too, if ``path`` does not exist yet or is empty.
    What a process left there that was killed is removed.
    """
    goal = Path(os.path.realpath(path))         # a link stays, and what it leads to is written
    goal.parent.mkdir(parents=True, exist_ok=True)
    _clean(goal.parent)
    draft = goal.with_name(f"{DRAFT}{HOST}-{os.getpid()}-{next(_NUMBERS)}{goal.suffix[-32:]}")
    try:
        yield draft
        draft.replace(goal)
    finally:
        _remove(draft)


@contextlib.contextmanager
def undone_if_ended(folder: str | os.PathLike[str]) -> Iterator[None]:
    """Remove what is made in a folder, and the folder where it was not there, if the process is ended from outside."""
    place = Path(folder).absolute()
    absent = next((path for path in (*reversed(place.parents), place) if not path.exists()), None)
    before = set() if absent else set(place.iterdir())
    try:
        yield
    except (KeyboardInterrupt, Ended):
        made = {absent} if absent else set(place.iterdir()) - before
        for path in made:
            with contextlib.suppress(OSError):
                _remove(path)
        raise


def _clean(folder: Path) -> None:
    """Remove the drafts of processes of this machine that are no more."""
    for draft in folder.glob(f"{DRAFT}{HOST}-*"):
        owner = draft.name.removeprefix(f"{DRAFT}{HOST}-").partition("-")[0]
        if owner.isdecimal() and not alive(int(owner)):
            with contextlib.suppress(OSError):      # another process does the same
                _remove(draft)


def alive(process: int) -> bool:
    """Tell whether a process of this machine runs."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        pass
    return True


def _remove(draft: Path) -> None:
    if draft.is_dir():
        shutil.rmtree(draft)
    else:
        draft.unlink(missing_ok=True)


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write a text file, whole or not at all; what has no UTF-8, as a file's name may have, is written as an escape."""
    with atomic(path) as draft:
        draft.write_text(text, encoding="utf-8", errors="backslashreplace", newline="\n")


def write_json(path: str | os.PathLike[str], data: Any) -> None:
    """Write data as indented JSON, whole or not at all; NaN and infinities are refused."""
    write_text(path, json.dumps(data, indent=2, allow_nan=False) + "\n")


def write_report(path: str | os.PathLike[str], data: dict[str, Any]) -> None:
    """Write what a command reports as JSON, with the versions of all tools under ``tools``.

    Where the report has its own ``tools``, which say more of some of them, these are kept.
    """
    write_json(path, data | {"tools": versions() | data.get("tools", {})})

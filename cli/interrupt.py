"""Ctrl-C before a command's work begins: while its modules are imported there is nothing to undo and nothing to say."""

import os
import signal
import sys
import threading
from types import FrameType

LEFT = 130


def leave_at_once(package: str) -> None:
    """Let Ctrl-C end the process with exit code 130, without a trace, if ``python -m`` runs a module of this package.

    Every package with commands asks for it when it is imported; `obey` ends it. Where the package is imported by somebody's
    program, nothing changes.
    """
    given = sys.orig_argv[sys.orig_argv.index("-m") + 1:] if "-m" in sys.orig_argv else []
    if given[:1] and given[0].partition(".")[0] == package:
        begin()


def begin() -> None:
    """Let Ctrl-C end the process at once, unless somebody has chosen otherwise."""
    ours = threading.current_thread() is threading.main_thread()
    if ours and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _leave)


def obey() -> None:
    """Let Ctrl-C be a KeyboardInterrupt again: work begins, which is to be undone."""
    if signal.getsignal(signal.SIGINT) is _leave:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _leave(number: int, frame: FrameType | None) -> None:
    os._exit(LEFT)

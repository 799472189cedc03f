"""An end that is asked for from outside unwinds like an error does, so that drafts and work folders are removed."""

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType

ENDS = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))


class Ended(BaseException):
    """The process was asked to end by a signal: like KeyboardInterrupt no error, and no SystemExit, which tools raise too."""

    def __init__(self, number: int):
        super().__init__(number)
        self.code = 128 + number


@contextlib.contextmanager
def ending() -> Iterator[None]:
    """Raise Ended on SIGTERM and SIGHUP; Ctrl-C is a KeyboardInterrupt already."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, _leave) for number in ENDS if signal.getsignal(number) is signal.SIG_DFL}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _leave(number: int, _: FrameType | None) -> None:
    raise Ended(number)

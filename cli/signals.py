"""An end that is asked for from outside unwinds like an error does, so that drafts and work folders are removed."""

import contextlib
import os
import signal
import threading
import warnings
from collections.abc import Iterator
from types import FrameType

AGAIN_SECONDS = 0.01
"""When a signal is tried again that came where an exception is lost."""

ENDS = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))


class Ended(BaseException):
    """The process was asked to end by a signal: like KeyboardInterrupt no error, and no SystemExit, which tools raise too."""

    def __init__(self, number: int):
        super().__init__(number)
        self.code = 128 + number


@contextlib.contextmanager
def ending() -> Iterator[None]:
    """Raise Ended on SIGTERM and SIGHUP, and KeyboardInterrupt on Ctrl-C.

    While an object's ``__del__`` runs, whose exceptions Python drops, the signal waits. No warning is given from
    then on: those of what is half made mean nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, _leave) for number in (*ENDS, signal.SIGINT)
              if signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _leave(number: int, frame: FrameType | None) -> None:
    while frame is not None:
        if frame.f_code.co_name == "__del__":
            later = threading.Timer(AGAIN_SECONDS, os.kill, (os.getpid(), number))
            later.daemon = True
            later.start()
            return
        frame = frame.f_back
    warnings.simplefilter("ignore")
    raise KeyboardInterrupt if number == signal.SIGINT else Ended(number)

"""A child process that heeds signals, whatever its parent was told to ignore."""
import signal


def heed():
    """Have a child heed signals that this process may have been started to ignore, in the background or by nohup."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)

"""Text from elsewhere, made safe to print: a name cannot move the cursor, and every character can be encoded."""

import contextlib
from collections.abc import Iterator
from typing import Any

from cli.fault import Fault


def plain(text: object) -> str:
    """Return a text with everything that is not printable, half surrogate pairs among it, as a Python escape."""
    return "".join(char if char.isprintable() else _escape(char) for char in str(text))


def share(count: int, size: int) -> str:
    """Return a share, which is not 0, in per cent."""
    found = 100 * count / size
    return f"{found:.1f} %" if found >= 0.1 else "less than 0.1 %"


def _escape(char: str) -> str:
    return char.encode("unicode_escape", "surrogatepass").decode("ascii")


@contextlib.contextmanager
def _taking() -> Iterator[None]:
    """Name standard output where it takes no more, a full disk's; a reader that went away is left to the command."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise Fault(f"standard output must take what is printed: {error.strerror or error}; "
                    f"what was made before is whole") from error


class Printable:
    """A stream of text whose every line is printable: see `plain`."""

    def __init__(self, stream: Any):
        self._stream = stream

    def write(self, text: str) -> int:
        """Write a text and return its length, as a stream does."""
        with _taking():
            self._stream.write(text if text.isprintable() else "\n".join(map(plain, text.split("\n"))))
        return len(text)

    def flush(self) -> None:
        """Write what is kept, as a stream does."""
        with _taking():
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

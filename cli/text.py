"""Text from elsewhere, made safe to print: a name cannot move the cursor, and every character can be encoded."""

from typing import Any


def plain(text: object) -> str:
    """Return a text with everything that is not printable, half surrogate pairs among it, as a Python escape."""
    return "".join(char if char.isprintable() else _escape(char) for char in str(text))


def _escape(char: str) -> str:
    return char.encode("unicode_escape", "surrogatepass").decode("ascii")


class Printable:
    """A stream of text whose every line is printable: see `plain`."""

    def __init__(self, stream: Any):
        self._stream = stream

    def write(self, text: str) -> int:
        """Write a text and return its length, as a stream does."""
        self._stream.write(text if text.isprintable() else "\n".join(map(plain, text.split("\n"))))
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

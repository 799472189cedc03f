"""Text from elsewhere, made safe to print: a name cannot move the cursor, and every character can be encoded."""


def plain(text: object) -> str:
    """Return a text with everything that is not printable, half surrogate pairs among it, as a Python escape."""
    return "".join(char if char.isprintable() else _escape(char) for char in str(text))


def _escape(char: str) -> str:
    return char.encode("unicode_escape", "surrogatepass").decode("ascii")

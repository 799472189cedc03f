"""One thing that was looked for, and what came of it."""

from dataclasses import dataclass

STATES = ("ok", "missing", "other", "absent")


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A thing that was looked for.

    Parameters
    ----------
    thing : str
        Its name.
    state : str
        ``ok``; ``missing`` where work of ours needs it and it is not there; ``other`` where it works and is not what was
        tested; ``absent`` where it is not there and only an extra needs it.
    found : str
        What is there: version and place.
    use : str
        What it is used for.
    remedy : str
        The command, or the sentence, that brings it.
    """

    thing: str
    state: str
    found: str = ""
    use: str = ""
    remedy: str = ""

    def __post_init__(self) -> None:
        if self.state not in STATES:
            raise ValueError(f"state must be one of {', '.join(STATES)}, not {self.state!r}")

"""The file of all points: read with care, written whole, in the order of the commits' dates."""

from datetime import datetime
from pathlib import Path
from typing import Any

from bench.history.figures import FIGURES
from cli.command import write_json
from files.document import read_json

FILE = Path(__file__).parents[1] / "results" / "history.json"
FORMAT = 1
KEYS = {"commit": str, "date": str, "subject": str, "figures": dict, "tools": dict}
TIMES = ("yardsticks", "tests")             # of a point that has them: name -> seconds


def load(path: Path) -> list[dict[str, Any]]:
    """Return the points of a file, the oldest first; one line says what is wrong with another file."""
    data = read_json(path, "the history")
    if data.get("format") != FORMAT or not isinstance(data.get("points"), list):
        raise ValueError(f"the history must be a file of bench.history of format {FORMAT}, and {str(path)!r} is not; "
                         f"name another")
    for point in data["points"]:
        if not isinstance(point, dict) or any(not isinstance(point.get(key), kind) for key, kind in KEYS.items()):
            raise ValueError(f"each point of the history must have {', '.join(KEYS)}, and one in {str(path)!r} has not; "
                             f"record it again")
        if unknown := sorted(set(point["figures"]) - set(FIGURES)):
            raise ValueError(f"figures of the history must be of {', '.join(FIGURES)}, not {unknown[0]!r}; take it out")
        if any(_unlike(value) for value in point["figures"].values()):
            raise ValueError(f"figures of the history must be numbers above 0, and one of {point['commit'][:9]} is not; "
                             f"record it again")
        for key in TIMES:
            if not isinstance(held := point.get(key, {}), dict) or any(map(_unlike, held.values())):
                raise ValueError(f"{key} of the history must be seconds by name, and those of {point['commit'][:9]} are not; "
                                 f"record it again")
    return data["points"]


def _unlike(value: Any) -> bool:
    """Tell whether a value is no number above 0."""
    return type(value) not in (int, float) or not value > 0


def save(path: Path, points: list[dict[str, Any]]) -> None:
    """Write the points of a file; the later of two of one commit stays."""
    last = {point["commit"]: point for point in points}
    write_json(path, {"format": FORMAT, "points": sorted(last.values(), key=lambda one: datetime.fromisoformat(one["date"]))})

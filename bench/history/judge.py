"""Which commit made a figure worse than its tolerance allows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.history.figures import FIGURES

Point = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Regression:
    """A figure that became worse than allowed: at a commit, against the best value of an earlier one."""

    figure: str
    value: float
    best: float
    commit: str
    since: str
    share: float
    detail: str = ""

    def __str__(self) -> str:
        """Return the regression as a sentence."""
        one = FIGURES[self.figure]
        return (f"{self.figure} is {self.share:.1%} worse since {self.commit[:9]}: {self.value:,} {one.unit}, and "
                f"{self.best:,} at {self.since[:9]}; {one.tolerance:.0%} is allowed{self.detail}")


def regressions(points: Sequence[Point]) -> Iterator[Regression]:
    """Yield each regression that the latest points still have, by figure.

    A figure is compared with the best value of the points before it, so that many small steps are noticed too. The commit
    named is the first of those that are worse without a break up to the latest. Where a point accepts a figure, under
    ``accepted`` with a reason, the comparison begins anew with it. Times are compared by their ratio to a yardstick of the
    machine that took them, where both points have one.
    """
    for name, figure in FIGURES.items():
        best: Point | None = None
        found: Regression | None = None
        for point in points:
            if name not in point["figures"]:
                continue
            if best is None or name in point.get("accepted", {}):
                best, found = point, None
                continue
            share = figure.worse(*_comparable(name, point, best))
            if share <= figure.tolerance:
                found = None
            elif found is None:
                found = Regression(figure=name, value=point["figures"][name], best=best["figures"][name], share=share,
                                   commit=point["commit"], since=best["commit"], detail=_grown(name, point, best))
            if share < 0:
                best = point
        if found:
            yield found


def _comparable(name: str, point: Point, best: Point) -> tuple[float, float]:
    """Return a figure of two points; times of machines that were timed themselves are scaled to the speed of one."""
    sticks = [one.get("yardsticks", {}).get(name) for one in (point, best)]
    scale = sticks[1] / sticks[0] if all(sticks) else 1.0
    return point["figures"][name] * scale, best["figures"][name]


def _grown(name: str, point: Point, best: Point) -> str:
    """Return which folder's tests grew most, where both points say what each took."""
    now, before = point.get("tests", {}), best.get("tests", {})
    if name != "test_seconds" or not now or not before:
        return ""
    folder = max(now, key=lambda one: now[one] - before.get(one, 0))
    return f"; most of it in {folder}: {now[folder]:,} s, and {before.get(folder, 0):,} before"
